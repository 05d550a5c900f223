/** The researcher that asks a language model: for settings, and where it may, for changes of code. */

import type { Ask, Proposal } from '../../io/llm/index.ts';
import { applyEdits, checkChange, EditError, openSyntax, type Repository } from '../../io/workspace/index.ts';
import { applicable, canonical, feasible } from '../../methods/space/index.ts';
import type { Point, Space, Value } from '../../methods/space/space.ts';
import type { ModelConfig } from '../../study/config.ts';
import { UserError } from '../../study/error.ts';
import type { CodeRef, EventBody, Tried } from '../../study/events/index.ts';
import { keyOf, type State } from '../../study/state.ts';
import type { TrialRecord } from '../../study/memory/index.ts';
import { type Assignment, assignmentOf } from './assignment.ts';
import { diffIn } from './diff.ts';
import { inRange, spaceOf } from './numeric.ts';
import { type Past, pastOf } from './past.ts';
import { questionOf, type Source } from './prompt.ts';
import type { Near, Nearness } from './nearness.ts';
import type { Post, Researcher } from './researcher.ts';

/** What it works with. */
export interface ModelParts {
  readonly config: ModelConfig;
  readonly ask: Ask;
  readonly repository: Repository;
  /** Questions of one request at most, and what the tokens of all of them cost. */
  readonly questions: number;
  readonly cost: (tokens: {
    readonly input: number;
    readonly output: number;
  }) => Extract<EventBody, { type: 'expense.settled' }>['charge'];
  /** What other studies of the project have tried. */
  readonly elsewhere: readonly TrialRecord[];
  /** Finds what is near in meaning, where the study has a model for that; and what so many of its tokens cost. */
  readonly near?: NearParts;
  /** Words of the user; read anew for each question. */
  readonly guidance: () => string | undefined;
}

/** What finds records by meaning. */
export interface NearParts {
  readonly find: Nearness;
  readonly cost: (tokens: number) => number;
}

/** Files that are told to a model, and characters of all of them. */
const MOST_SOURCES = 20;
const MOST_CHARACTERS = 200_000;

/** Share of a question that may be about the past, and trials whose words say what it is about. */
const MEMORY_SHARE = 0.3;
const WORDS_OF = 5;

/** What of an answer can be run, or why it cannot. */
type Runnable =
  | { readonly point: Point; readonly code?: CodeRef; readonly edited: boolean }
  | { readonly complaint: string };

/**
 * Proposes what a model answers. An answer that cannot be run (of another form, outside the ranges, an edit that fits
 * nowhere, a protected file, something tried before) is told back to it, three times at most; then the request is
 * refused, and the numeric researcher has long taken the slot. The expense of the request is settled before its answer.
 */
export function modelResearcher(parts: ModelParts): Researcher & { close(): void } {
  const stop = new AbortController();
  return {
    asksAtOnce: 1,
    propose(state, ask, post) {
      const expense = state.askedModel[ask] ?? 0;
      const tokens = { input: 0, output: 0 };
      let embedded = 0;
      const work = async (): Promise<EventBody> => {
        const { repository } = parts;
        const { parent, from, words: assignment } = assignmentOf(state, ask, diffIn(repository));
        const idea = state.ideas.find((one) => one.ask === ask);
        const space = spaceOf(state.config);
        const sources = parts.config.changes === 'knobs' ? [] : sourcesOf(state, from.code, repository);
        const past = pastOf(state, parent, ask, parts.elsewhere);
        const words = [idea?.text ?? '', ...state.trials.slice(-WORDS_OF).map((trial) => trial.hypothesis)].join('\n');
        const near = await nearTo(words, past, parts.near, state, post, stop.signal);
        embedded = near.tokens;
        const told = past.tell(words, Math.floor(MEMORY_SHARE * parts.config.maxInput), near.hits);
        const doubted = new Map<string, Tried>();
        let complaint: string | undefined;
        for (let question = 0; question < parts.questions; question++) {
          const guidance = parts.guidance();
          const asked = questionOf({
            state,
            parent,
            sources,
            told,
            from,
            assignment,
            most: parts.config.maxInput,
            ...(guidance === undefined ? {} : { guidance }),
            ...(idea === undefined ? {} : { idea: idea.text }),
            ...(complaint === undefined ? {} : { complaint }),
          });
          const answer = await parts.ask(asked, stop.signal);
          tokens.input += answer.tokens.input;
          tokens.output += answer.tokens.output;
          if (!answer.ok) {
            if (!answer.malformed) return refusal(ask, answer.failed);
            complaint = answer.failed;
            continue;
          }
          const made = await runnable(answer.proposal, state, from, space, parts, `ask-${ask}-${question}`);
          const second = 'complaint' in made ? undefined : secondThought(made, answer.proposal, past, doubted);
          if (second !== undefined) {
            complaint = second;
            continue;
          }
          if ('complaint' in made) {
            complaint = made.complaint;
            continue;
          }
          const { hypothesis, mechanism } = answer.proposal;
          const cites = [...new Set(answer.proposal.cites)].filter((id) => state.trials[id - 1] !== undefined);
          const whose = idea?.by === undefined ? {} : { by: idea.by };
          const why = [hypothesis.trim(), mechanism.trim()].filter((text) => text !== '').join(' — ');
          return {
            type: 'trial.proposed',
            trial: 0,
            ask,
            researcher: 'model',
            hypothesis: why,
            parent: parent.id,
            ...whose,
            ...(cites.length === 0 ? {} : { cites }),
            ...(state.asking[ask] === undefined ? {} : { model: state.asking[ask] }),
            point: made.point,
            ...(made.code === undefined ? {} : { code: made.code }),
            ...insistedOn(made, doubted),
          };
        }
        return refusal(
          ask,
          `${parts.questions} answers could not be run, the last because ${complaint ?? 'of nothing'}`,
        );
      };
      void work()
        .catch((error: unknown) => refusal(ask, error instanceof Error ? error.message : String(error)))
        .then((event) => {
          if (expense > 0) post(settled(expense, parts, tokens, embedded));
          post(event);
        });
    },
    close: () => stop.abort(),
  };
}

/**
 * What memory has to say against settings that could be run; told once: who answers the same again insists, and is let,
 * unless it is expected to crash. Changes of code are new by their files.
 */
function secondThought(
  made: Exclude<Runnable, { readonly complaint: string }>,
  { hypothesis }: Proposal,
  past: Past,
  doubted: Map<string, Tried>,
): string | undefined {
  if (made.edited) return undefined;
  const doubt = past.doubt(made.point, hypothesis);
  const name = canonical(made.point);
  if (doubt === undefined || (doubted.has(name) && !doubt.blocks)) return undefined;
  doubted.set(name, { why: doubt.why, records: doubt.records });
  return doubt.blocks
    ? doubt.why
    : `${doubt.why}. Propose something else, or the same again with the reason why it is worth a run.`;
}

/** What memory said of settings that a model wants run all the same. */
function insistedOn(
  { point, edited }: Exclude<Runnable, { readonly complaint: string }>,
  doubted: ReadonlyMap<string, Tried>,
): { readonly tried?: Tried } {
  const tried = edited ? undefined : doubted.get(canonical(point));
  return tried === undefined ? {} : { tried };
}

function refusal(ask: number, text: string): EventBody {
  return { type: 'proposal.refused', ask, text, exhausted: false };
}

/** Code that may be changed, as a model is to see it. */
function sourcesOf(state: State, code: CodeRef | undefined, repository: Repository): Source[] {
  const base = repository.base();
  const tree = code?.commit ?? base.commit;
  const sources: Source[] = [];
  let characters = 0;
  for (const file of repository.files(tree)) {
    if (sources.length >= MOST_SOURCES || !mayChange(file, state)) continue;
    const bytes = repository.read(tree, file)!;
    if (bytes.includes(0)) continue;
    const text = bytes.toString('utf8');
    if (characters + text.length > MOST_CHARACTERS) continue;
    characters += text.length;
    sources.push({ file, text });
  }
  // The script itself first: what does not fit is cut from the end.
  const script = state.config.command.find((word) => sources.some(({ file }) => file === word));
  return sources.toSorted((a, b) => Number(b.file === script) - Number(a.file === script));
}

/** Records near in meaning; a model for that which cannot be had is told once, and recall goes on without. */
export async function nearTo(
  words: string,
  past: Past,
  near: NearParts | undefined,
  state: State,
  post: Post,
  signal: AbortSignal,
): Promise<Pick<Near, 'hits' | 'tokens'>> {
  if (near === undefined) return { hits: [], tokens: 0 };
  const { hits, tokens, failed } = await near.find(words, past.records, signal);
  if (failed !== undefined && !signal.aborted && !state.warnings.some(({ code }) => code === 'embedding')) {
    const text = `what is remembered is found by words alone: the embedding model says: ${failed}`;
    post({ type: 'warning.raised', code: 'embedding', text });
  }
  return { hits, tokens };
}

/** What a request came to: the tokens of the model, and those that were embedded for it. */
export function settled(
  expense: number,
  { cost, near }: Pick<ModelParts, 'cost' | 'near'>,
  { input, output }: { readonly input: number; readonly output: number },
  embedded: number,
): EventBody {
  const charge = cost({ input, output });
  return {
    type: 'expense.settled',
    expense,
    charge: { ...charge, money: charge.money + (near?.cost(embedded) ?? 0) },
    tokens: { input: input + embedded, output },
  };
}

/** Programs, and what configures them; not data, logs or documents. */
function mayChange(file: string, state: State): boolean {
  const { editable } = state.config.code ?? {};
  return (
    editable !== undefined ||
    /\.(py|pyi|js|mjs|cjs|ts|mts|sh|c|cc|cpp|cu|h|hpp|rs|go|jl|R|lua|rb|java|ya?ml|toml|cfg|ini)$/.test(file)
  );
}

async function runnable(
  proposal: Proposal,
  state: State,
  from: Assignment['from'],
  space: Space,
  parts: ModelParts,
  name: string,
): Promise<Runnable> {
  const chosen: Record<string, Value> = {};
  for (const { name: knob, value } of proposal.knobs) {
    const param = space.params.find((one) => one.name === knob);
    if (param === undefined)
      return {
        complaint: `there is no setting "${knob}"; there are ${space.params.map((one) => one.name).join(', ')}`,
      };
    const inside = inRange(param, value);
    if (inside === undefined) return { complaint: `${knob} cannot be ${String(value)}: it is outside its range` };
    chosen[knob] = inside;
  }
  const point = applicable(space, { ...from.point, ...chosen });
  if (!feasible(space, point))
    return { complaint: `these settings violate a constraint: ${state.config.constraints.join('; ')}` };
  const code = await codeOf(proposal, state, from, parts, name);
  if (code !== undefined && 'complaint' in code) return code;
  const ref = code ?? from.code;
  const twin = state.seen[keyOf(point, ref)];
  if (twin === from.id) return { complaint: 'it changes nothing' };
  if (twin !== undefined) {
    const { verdict, why } = state.trials[twin - 1]!;
    return { complaint: `that is trial ${twin}, tried before: ${verdict ?? 'running'}, ${why ?? ''}` };
  }
  return { point, ...(ref === undefined ? {} : { code: ref }), edited: code !== undefined };
}

async function codeOf(
  { edits, hypothesis }: Proposal,
  state: State,
  { code }: Assignment['from'],
  { config, repository }: ModelParts,
  name: string,
): Promise<CodeRef | { readonly complaint: string } | undefined> {
  if (edits.length === 0) return undefined;
  if (config.changes === 'knobs') return { complaint: 'only settings may be changed, no code' };
  const base = repository.base();
  const from = code?.commit ?? base.commit;
  try {
    const syntax = await openSyntax(edits.map(({ file }) => file));
    const made = applyEdits(edits, (file) => repository.read(from, file)?.toString('utf8'), syntax);
    const kept = repository.edit(from, made, hypothesis, name);
    checkChange(repository, from, kept.commit, state.config.code ?? {}, true);
    return { ...kept, files: repository.changed(base.commit, kept.commit).map(({ path }) => path) };
  } catch (error) {
    if (error instanceof EditError || error instanceof UserError) return { complaint: error.message };
    throw error;
  }
}

/** Several models side by side: each is asked what was asked of it by its name. */
export function severalResearchers(models: ReadonlyMap<string, Researcher>): Researcher {
  const [first] = models.values();
  return {
    asksAtOnce: 1,
    propose(state, ask, post) {
      (models.get(state.asking[ask] ?? '') ?? first!).propose(state, ask, post);
    },
  };
}

/** Numeric and model side by side: each is asked what it is asked for. */
export function mixedResearcher(numeric: Researcher, model: Researcher): Researcher {
  return {
    asksAtOnce: numeric.asksAtOnce,
    propose(state, ask, post) {
      (state.askedModel[ask] === undefined ? numeric : model).propose(state, ask, post);
    },
  };
}

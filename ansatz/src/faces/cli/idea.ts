/** `ansatz try` and `ansatz bet`: a person's own ideas, and their word on the lines of enquiry. */

import { readFileSync } from 'node:fs';
import { checkChange } from '../../io/workspace/index.ts';
import { chooseStudy, held, postRequest, readStudy, repositoryOf, type StudyFolder } from '../../lab/studies.ts';
import { describe, inRange, spaceOf } from '../../lab/researcher/index.ts';
import { checkBet, checkPerson, steer } from '../../lab/steering.ts';
import type { Propose } from '../mcp/server.ts';
import { leaderOf } from '../../study/belief.ts';
import { applicable, feasible } from '../../methods/space/index.ts';
import type { Param, Value } from '../../methods/space/space.ts';
import { closest, UserError } from '../../study/error.ts';
import type { CodeRef, EventBody } from '../../study/events/index.ts';
import type { State, Trial } from '../../study/state.ts';

export interface TryOptions {
  readonly study?: string;
  readonly why?: string;
  readonly by?: string;
  readonly bet?: string;
  /** A unified diff; `-` = standard input. */
  readonly patch?: string;
  /** The diff itself. */
  readonly patchText?: string;
  /** `train.py=candidate.py`: the file on the left becomes what the one on the right holds. */
  readonly file?: readonly string[];
}

/**
 * Queue a trial with these settings (`lr=0.1 layers=4`) and this change of code; what is not named stays as in the best
 * trial so far.
 */
export function tryIdea(settings: readonly string[], options: TryOptions): void {
  const { event, said, folder } = proposalOf(process.cwd(), settings, options, 'person');
  postRequest(folder, event);
  process.stdout.write(`study "${folder.name}": ${said}\n`);
}

/** The event of such a trial, checked, and what will come of it in words. Posts nothing. */
export function proposalOf(
  from: string,
  settings: readonly string[],
  options: TryOptions,
  researcher: 'person' | 'agent',
): { readonly event: EventBody; readonly said: string; readonly folder: StudyFolder } {
  const folder = chooseStudy(from, options.study);
  const { state, lease } = readStudy(folder);
  const space = spaceOf(state.config);
  const parent = leaderOf(state);
  const chosen = Object.fromEntries(settings.map((text) => settingOf(text, space.params)));
  const point = applicable(space, { ...parent.point, ...chosen });
  if (!feasible(space, point)) {
    throw new UserError('infeasible', 'these settings violate a constraint', {
      where: settings.join(' '),
      why: state.config.constraints.join('; '),
      fix: 'change one of the values',
    });
  }
  checkBet(state, options.bet);
  checkPerson(state, options.by);
  const code = codeOf(state, folder, parent, options, settings.length === 0);
  const moved = describe(parent.point, point);
  const changed =
    code === undefined
      ? moved
      : [...(moved === 'no change' ? [] : [moved]), `changes ${code.edited.join(', ')}`].join(', ');
  const event: EventBody = {
    type: 'trial.proposed',
    trial: 0,
    ask: 0,
    researcher,
    hypothesis: options.why === undefined ? changed : `${options.why} (${changed})`,
    point,
    parent: parent.id,
    bet: options.bet ?? 'ideas',
    ...(options.by === undefined ? {} : { by: options.by }),
    ...(code === undefined ? {} : { code: code.ref }),
  };
  const when = held(lease) ? 'the lab at work takes it in' : `${nextRun(state)} takes it in`;
  return { event, said: `${changed}, from trial ${parent.id}; ${when}`, folder };
}

/** Checks of an agent's proposals in the project that `from` is in. */
export function proposer(from: string): (study: string | undefined) => Propose {
  return (study) =>
    ({ settings, patch, why, bet }) => {
      const words = Object.entries(settings).map(([name, value]) => `${name}=${String(value)}`);
      const options = {
        why,
        ...(study === undefined ? {} : { study }),
        ...(patch === undefined ? {} : { patchText: patch }),
        ...(bet === undefined ? {} : { bet }),
      };
      return proposalOf(from, words, options, 'agent');
    };
}

/** Queue an idea in words, for the language model to make a change of. */
export function noteIdea(text: string, options: { readonly study?: string; readonly by?: string }): void {
  const folder = chooseStudy(process.cwd(), options.study);
  const { state, lease } = readStudy(folder);
  postRequest(folder, steer(state, { do: 'idea', text, by: options.by }).event);
  const when = held(lease) ? 'the model is asked next' : `the model is asked when ${nextRun(state)} goes on`;
  process.stdout.write(`study "${folder.name}": ${when}\n`);
}

/** The changed code as the study keeps it, checked; undefined when only settings change. */
function codeOf(
  state: State,
  folder: StudyFolder,
  parent: Trial,
  { patch, patchText, file = [] }: TryOptions,
  alone: boolean,
): { readonly ref: CodeRef; readonly edited: readonly string[] } | undefined {
  const diff = patchText ?? (patch === undefined ? undefined : textOf(patch));
  if (diff === undefined && file.length === 0) return undefined;
  const repository = repositoryOf(folder, state.config.folder);
  const base = repository.base();
  const from = parent.code?.commit ?? base.commit;
  const name = `idea-${Date.now()}-${process.pid}`;
  let code = diff === undefined ? undefined : repository.patch(from, diff, 'a patch', name);
  if (file.length > 0) {
    const edits = new Map(
      file.map((pair) => {
        const at = pair.indexOf('=');
        if (at > 0) return [pair.slice(0, at), textOf(pair.slice(at + 1))] as const;
        throw new UserError('bad-setting', `"${pair}" does not say which file becomes what`, {
          fix: 'ansatz try --file train.py=candidate.py',
        });
      }),
    );
    code = repository.edit(code?.commit ?? from, edits, 'a person’s files', name);
  }
  const edited = checkChange(repository, from, code!.commit, state.config.code ?? {}, alone);
  const files = repository.changed(base.commit, code!.commit).map(({ path }) => path);
  return { ref: { ...code!, files }, edited };
}

function textOf(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch {
    throw new UserError('no-file', `${file} cannot be read`, { fix: 'ansatz try --patch change.diff' });
  }
}

/** Close a bet, open it again (then no review closes it), or promise it a share. */
export function steerBet(
  what: string,
  name: string,
  options: { readonly study?: string; readonly floor?: string; readonly cap?: string },
): void {
  const folder = chooseStudy(process.cwd(), options.study);
  const { state, lease } = readStudy(folder);
  if (what !== 'open' && what !== 'close') {
    throw new UserError('usage', `bets can be opened and closed, not "${what}"${closest(what, ['open', 'close'])}`, {
      fix: `ansatz bet close ${name}`,
    });
  }
  const { event, said } = steer(state, {
    do: 'bet',
    bet: name,
    open: what === 'open',
    floor: shareOption(options.floor, '--floor'),
    cap: shareOption(options.cap, '--cap'),
  });
  postRequest(folder, event);
  const when = held(lease) ? 'now' : `when ${nextRun(state)} goes on`;
  process.stdout.write(`study "${folder.name}": ${said}, ${when}\n`);
}

/** The command that takes up what is in the inbox; a study that has ended needs a larger budget for it. */
function nextRun(state: State): string {
  if (state.ended === undefined) return 'the next ansatz run';
  return `ansatz run --runs ${state.ledger.spent.runs + 10}`;
}

function settingOf(text: string, params: readonly Param[]): [string, Value] {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  const param = params.find((one) => one.name === name);
  if (at < 0 || param === undefined) {
    const names = params.map((one) => one.name);
    throw new UserError(
      'bad-setting',
      at < 0 ? `"${text}" sets nothing` : `"${name}" is not a knob${closest(name, names)}`,
      {
        fix: `ansatz try ${names[0] ?? 'lr'}=…   # knobs: ${names.join(', ')}`,
      },
    );
  }
  const raw = text.slice(at + 1);
  const value = raw.trim() === '' ? undefined : inRange(param, raw);
  if (value !== undefined) return [name, value];
  const range = param.kind === 'choice' ? param.choices.map(String).join(', ') : `${param.low} to ${param.high}`;
  throw new UserError('bad-setting', `${name} cannot be "${raw}"`, {
    why:
      param.kind === 'choice'
        ? `its choices are ${range}`
        : `it is ${param.kind === 'int' ? 'a whole number ' : ''}from ${range}`,
    fix: 'choose a value inside, or widen the range in ansatz.yaml for a new study',
  });
}

function shareOption(given: string | undefined, flag: string): number | undefined {
  if (given === undefined) return undefined;
  const share = given.endsWith('%') ? Number(given.slice(0, -1)) / 100 : Number(given);
  if (share >= 0 && share <= 1) return share;
  throw new UserError('bad-share', `"${given}" is no share`, { where: flag, fix: `${flag} 20%` });
}

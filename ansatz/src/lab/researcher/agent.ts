/** The researcher that sends a coding agent: it edits a copy of the code, and what has changed is the proposal. */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { copyTree } from '../../io/knobs/index.ts';
import type { Errands } from '../../io/llm/index.ts';
import { checkChange, type Repository } from '../../io/workspace/index.ts';
import type { ModelConfig } from '../../study/config.ts';
import { UserError } from '../../study/error.ts';
import type { EventBody } from '../../study/events/index.ts';
import { keyOf } from '../../study/state.ts';
import type { TrialRecord } from '../../study/memory/index.ts';
import { assignmentOf } from './assignment.ts';
import { diffIn } from './diff.ts';
import { type ModelParts, nearTo, settled } from './model.ts';
import { pastOf } from './past.ts';
import { questionOf } from './prompt.ts';
import type { Researcher } from './researcher.ts';

/** What it works with. */
export interface AgentParts {
  readonly config: ModelConfig;
  readonly errands: Errands;
  readonly repository: Repository;
  /** Folder for the copies that agents work in; each goes with its errand. */
  readonly folder: string;
  readonly tools: { readonly command: string; readonly args: readonly string[] };
  readonly elsewhere: readonly TrialRecord[];
  readonly guidance: () => string | undefined;
  readonly cost: ModelParts['cost'];
  readonly near?: ModelParts['near'];
}

/** Share of the brief that may be about the past, and characters of what an agent says that become its hypothesis. */
const MEMORY_SHARE = 0.5;
const MOST_WORDS = 400;

/** One errand for each request, in a fresh copy of the code that is believed best. An errand that changes nothing, or what it may not, is refused. */
export function agentResearcher(parts: AgentParts): Researcher & { close(): void } {
  const stop = new AbortController();
  return {
    asksAtOnce: 1,
    propose(state, ask, post) {
      const expense = state.askedModel[ask] ?? 0;
      let tokens = { input: 0, output: 0 };
      let embedded = 0;
      const refused = (text: string): EventBody => ({ type: 'proposal.refused', ask, text, exhausted: false });
      const tree = join(parts.folder, String(ask));
      const work = async (): Promise<EventBody> => {
        const { repository, config } = parts;
        const base = repository.base();
        const { parent, from: departure, words: assignment } = assignmentOf(state, ask, diffIn(repository));
        const from = departure.code?.commit ?? base.commit;
        rmSync(tree, { recursive: true, force: true });
        mkdirSync(parts.folder, { recursive: true });
        copyTree(state.config.folder, tree, { patched: repository.changed(base.commit, from).map(({ path }) => path) });
        repository.lay(from, tree);
        const idea = state.ideas.find((one) => one.ask === ask);
        const guidance = parts.guidance();
        const past = pastOf(state, parent, ask, parts.elsewhere);
        const about = idea?.text ?? parent.hypothesis;
        const near = await nearTo(about, past, parts.near, state, post, stop.signal);
        embedded = near.tokens;
        const { rules, context, task } = questionOf({
          state,
          parent,
          sources: [],
          from: departure,
          assignment,
          told: past.tell(about, Math.floor(MEMORY_SHARE * config.maxInput), near.hits),
          most: config.maxInput,
          ...(guidance === undefined ? {} : { guidance }),
          ...(idea === undefined ? {} : { idea: idea.text }),
        });
        const how =
          'Change the code in this folder, in one way, and stop. Run nothing: the lab does. Do not set seeds, and do not touch how results are computed or printed. Say last, in one sentence, what you expect to help and why.';
        const brief = [rules.replace('You may change settings only.', how), context, task].join('\n\n');
        const answer = await parts.errands({ tree, brief, tools: parts.tools }, stop.signal);
        tokens = answer.tokens;
        if (!answer.ok) return refused(answer.failed);
        const edits = repository.changesIn(tree, from);
        if (edits.size === 0) return refused('the agent changed nothing');
        const words =
          answer.said
            .split('\n')
            .findLast((line) => line.trim() !== '')
            ?.slice(-MOST_WORDS) ?? 'a change of an agent';
        const kept = repository.edit(from, edits, words, `ask-${ask}`);
        try {
          checkChange(repository, from, kept.commit, state.config.code ?? {}, true);
        } catch (error) {
          if (error instanceof UserError) return refused(error.message);
          throw error;
        }
        const code = { ...kept, files: repository.changed(base.commit, kept.commit).map(({ path }) => path) };
        const twin = state.seen[keyOf(departure.point, code)];
        if (twin !== undefined) return refused(`that is trial ${twin}, tried before`);
        const whose = idea?.by === undefined ? {} : { by: idea.by };
        return {
          type: 'trial.proposed',
          trial: 0,
          ask,
          researcher: 'agent',
          hypothesis: words,
          point: departure.point,
          parent: parent.id,
          ...(state.asking[ask] === undefined ? {} : { model: state.asking[ask] }),
          ...whose,
          code,
        };
      };
      void work()
        .catch((error: unknown) => refused(error instanceof Error ? error.message : String(error)))
        .then((event) => {
          rmSync(tree, { recursive: true, force: true });
          if (expense > 0) post(settled(expense, parts, tokens, embedded));
          post(event);
        });
    },
    close: () => stop.abort(),
  };
}

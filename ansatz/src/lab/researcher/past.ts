/** The past as a model meets it: what it is told of it, and what it is asked before it repeats it. Pure. */

import { rng } from '../../methods/math/rng.ts';
import type { Point } from '../../methods/space/space.ts';
import {
  contextOf,
  distanceOver,
  endingsOf,
  fitCrash,
  type Hit,
  lessonsOf,
  memoryOf,
  noiseRadius,
  pointOf,
  recall,
  recordsOf,
  triedBefore,
  type TrialRecord,
} from '../../study/memory/index.ts';
import { noiseOf } from '../../study/noise.ts';
import type { State, Trial } from '../../study/state.ts';

/** What is remembered when a request is answered. */
export interface Past {
  /** All that is remembered, in the order that documents are numbered in. */
  readonly records: readonly TrialRecord[];
  /** Records and lessons nearest to the words and to the settings, within so many tokens; `near` are near in meaning. */
  tell(words: string, tokens: number, near?: readonly Hit[]): string;
  /** Why a point needs a second thought; undefined when nothing speaks against it. What blocks is not to be insisted on. */
  doubt(point: Point, hypothesis: string): Doubt | undefined;
}

/** What speaks against a point, and the records it rests on. */
export interface Doubt {
  readonly why: string;
  readonly blocks: boolean;
  readonly records: readonly string[];
}

/** Label of the draws, so that they are nobody else's. */
const DRAWS = 0x9a57;

/** The past of a study, with that of others, as one who departs from `parent` finds it. */
export function pastOf(state: State, parent: Trial, ask: number, elsewhere: readonly TrialRecord[]): Past {
  const own = recordsOf(state);
  const records = [...elsewhere, ...own];
  const memory = memoryOf(records);
  const context = contextOf(state, parent);
  const { sd, df } = noiseOf(state);
  const noise = df > 0 ? sd : undefined;
  const distance = distanceOver(state.config.knobs);
  const random = rng(state.config.seedNumber, DRAWS, ask);
  return {
    records,
    tell(words, tokens, near = []) {
      const knobs = state.config.knobs.map((knob) => knob.name);
      const more = near.length === 0 ? {} : { signal: () => near };
      const options = { lessons: lessonsOf(records, noise), ...more };
      return recall(memory, { text: words, knobs, context }, tokens, options).text;
    },
    doubt(point, hypothesis) {
      const seen = own.flatMap((record) => {
        const { loss } = record.outcome;
        return loss === undefined ? [] : [{ point: pointOf(record), loss }];
      });
      const crash = fitCrash(endingsOf(records), random);
      const answer = triedBefore(
        memory,
        { point, context, hypothesis },
        {
          distance,
          radius: noiseRadius(seen, distance, noise),
          random,
          ...(crash === undefined ? {} : { crash }),
        },
      );
      if (answer.decision === 'allow') return undefined;
      return { why: answer.why, blocks: answer.decision !== 'warn', records: answer.records.map(({ id }) => id) };
    },
  };
}

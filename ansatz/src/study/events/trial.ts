/** Events about trials: proposed, repeated, judged. */

import type { Point } from '../../methods/space/space.ts';

/** What was concluded about a trial. */
export type Verdict = 'keep' | 'discard' | 'inconclusive' | 'crash';

export type TrialEvent =
  /** The lab wants a proposal; `ask` numbers the requests from 1. */
  | { readonly type: 'proposal.asked'; readonly ask: number }
  | {
      readonly type: 'trial.proposed';
      readonly trial: number;
      /** The request it answers; 0 for a trial nobody asked for (a person's idea). */
      readonly ask: number;
      readonly researcher: string;
      readonly hypothesis: string;
      readonly point: Point;
      /** The trial it departs from: the incumbent of that moment. */
      readonly parent: number;
    }
  /** No trial came of a request. `exhausted` says that none ever will. */
  | { readonly type: 'proposal.refused'; readonly ask: number; readonly text: string; readonly exhausted: boolean }
  /** The trial gets `more` further runs. */
  | { readonly type: 'trial.repeated'; readonly trial: number; readonly more: number; readonly why: string }
  | {
      readonly type: 'trial.judged';
      readonly trial: number;
      readonly verdict: Verdict;
      readonly why: string;
      /** Difference to the incumbent, positive is better; absent without a result. */
      readonly effect?: number;
      /** Half width of its 95 % interval. */
      readonly margin?: number;
      /** P(better than the incumbent). */
      readonly better?: number;
    };

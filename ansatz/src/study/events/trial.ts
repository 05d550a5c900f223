/** Events about trials: proposed, repeated, judged. */

import type { Point } from '../../methods/space/space.ts';

/** Code that differs from the script as it is, kept as a commit inside the study. */
export interface CodeRef {
  readonly commit: string;
  /** Equal for equal files. */
  readonly tree: string;
  /** Paths that differ from the script as it is. */
  readonly files: readonly string[];
}

/** What memory said of a proposal when it was made, where it is run all the same. */
export interface Tried {
  /** `next to it tried 7×, mean 0.9911`. */
  readonly why: string;
  /** Records that it rests on, the newest of them: see memory. */
  readonly records: readonly string[];
  /** Predicted probability of a failure, where that is why. */
  readonly crash?: number;
  /** It is run to see whether the prediction is right. */
  readonly tested?: true;
}

/** What was concluded about a trial. */
export type Verdict = 'keep' | 'discard' | 'inconclusive' | 'crash';

/**
 * What a model was asked to do: change the best, begin anew from the script as it is, repair code that failed, put two
 * trials together, take a part of one out, or reach the same with less.
 */
export type Operator = 'improve' | 'draft' | 'debug' | 'combine' | 'ablate' | 'simplify';

export type TrialEvent =
  /** An idea in words, for a researcher that can make a change of it. */
  | { readonly type: 'idea.noted'; readonly text: string; readonly by?: string }
  /** The lab wants a proposal; `ask` numbers the requests from 1. */
  | {
      readonly type: 'proposal.asked';
      readonly ask: number;
      readonly bet?: string;
      /** Who is asked; the numeric researcher when absent. */
      readonly researcher?: 'model';
      /** Number (from 0) of the idea that it is to make a change of. */
      readonly idea?: number;
      /** Number of the expense that its calls are paid from. */
      readonly expense?: number;
      /** What is to be done, and with which trials. */
      readonly operator?: Operator;
      readonly of?: readonly number[];
      /** Which model is asked, where there are several. */
      readonly model?: string;
    }
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
      /** Its code; that of its parent when absent, which is the script as it is when that has none. */
      readonly code?: CodeRef;
      /** The line of enquiry it belongs to; that of its request when absent. */
      readonly bet?: string;
      /** The person whose idea it is. */
      readonly by?: string;
      /** It goes before what is queued, for somebody who waits, and may take so many device-seconds until its verdict. */
      readonly first?: true;
      readonly most?: number;
      /** Whoever asked for it finds it again by this. */
      readonly request?: string;
      /** What memory has to say against it. */
      readonly tried?: Tried;
      /** What was done, with which trials besides the one it departs from, and those it says to build on. */
      readonly operator?: Operator;
      readonly of?: readonly number[];
      readonly cites?: readonly number[];
      /** The model it comes from. */
      readonly model?: string;
    }
  /** No trial came of a request. `exhausted` says that none ever will. */
  | { readonly type: 'proposal.refused'; readonly ask: number; readonly text: string; readonly exhausted: boolean }
  /** The trial gets `more` further runs. */
  | {
      readonly type: 'trial.repeated';
      readonly trial: number;
      readonly more: number;
      readonly why: string;
      /** `replicate` = after the search, to report a result nobody selected; `asked` = a person wants to know. */
      readonly purpose?: 'replicate' | 'asked';
      /** The chance of a false keep this trial is allowed, with its first fresh runs. */
      readonly level?: number;
      /** With the first of all levels: how many trials the error rate is divided among. */
      readonly planned?: number;
      /** What was looked at, and not enough, before these runs were asked for. */
      readonly look?: {
        readonly trial: number;
        readonly against: number;
        readonly information: number;
        readonly boundary: number;
      };
    }
  /** What a person has to say of a trial: for other people, no rule looks at it. */
  | {
      readonly type: 'trial.noted';
      readonly trial: number;
      readonly text?: string;
      readonly tags?: readonly string[];
      readonly by?: string;
    }
  /** The incumbent gives other results than before: only its last `keep` results count from here on. */
  | { readonly type: 'trial.drifted'; readonly trial: number; readonly keep: number; readonly why: string }
  /**
   * What run `run` of a kept trial left behind is judged on held-out data, once, on `slot`. What comes of it is for people:
   * no rule, researcher or memory may look at it.
   */
  | {
      readonly type: 'heldout.asked';
      readonly trial: number;
      readonly run: number;
      readonly slot: number;
      readonly limitSeconds: number;
      /** The expense that pays for it. */
      readonly expense: number;
    }
  /** It has said `value`, in the metric's own unit, or nothing, for the reason in `text`. */
  | { readonly type: 'heldout.read'; readonly trial: number; readonly value?: number; readonly text?: string }
  | {
      readonly type: 'trial.judged';
      readonly trial: number;
      readonly verdict: Verdict;
      readonly why: string;
      /** Difference to the incumbent, positive is better; absent without a result. */
      readonly effect?: number;
      /** Half width of its 95 % interval: a confidence sequence where fresh runs were made, valid at every look. */
      readonly margin?: number;
      /** P(better than the incumbent). */
      readonly better?: number;
      /** `effect` shrunk by what effects in this study are like. */
      readonly shrunk?: number;
      /** Anytime-valid p-value of "not better", before any correction. */
      readonly p?: number;
      /** The budget ended before it could be told: with more of it there is another verdict. */
      readonly unsettled?: true;
    };

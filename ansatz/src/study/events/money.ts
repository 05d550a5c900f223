/** Events about what is spent besides runs, and about the lines of enquiry it is spent on. */

import type { Amount } from './run.ts';

export type MoneyEvent =
  /** Something that is no run is about to cost: a call of a language model. Its worst case is held. */
  | {
      readonly type: 'expense.held';
      /** Numbers the expenses from 1. */
      readonly expense: number;
      readonly what: string;
      readonly hold: Amount;
      readonly bet?: string;
      readonly by?: string;
    }
  | {
      readonly type: 'expense.settled';
      readonly expense: number;
      readonly charge: Amount;
      readonly tokens?: { readonly input: number; readonly output: number };
    }
  /** All bets were looked at: the chance of each to still pay, and those that get nothing more. */
  | {
      readonly type: 'bets.reviewed';
      readonly chances: readonly { readonly name: string; readonly chance: number }[];
      readonly closed: readonly string[];
    }
  /** A person closes a bet, opens it again, or promises it a share. */
  | {
      readonly type: 'bet.steered';
      readonly bet: string;
      readonly open: boolean;
      readonly floor?: number;
      readonly cap?: number;
    }
  /** A milestone has come. */
  | { readonly type: 'milestone.reached'; readonly name: string; readonly met: boolean; readonly text: string };

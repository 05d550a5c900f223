/** When the language model is asked, and what that may cost. Pure. */

import { modelsOf } from '../study/arms.ts';
import type { EmbedConfig, ModelConfig } from '../study/config.ts';
import type { Amount, EventBody } from '../study/events/index.ts';
import { affords, free } from '../study/ledger.ts';
import { MOST_FAILURES } from '../study/ideas.ts';
import { reserveOf } from '../study/outlook.ts';
import type { State } from '../study/state.ts';
import { chooseModel } from './arms.ts';
import { chooseBet, openBets } from './bets.ts';
import { brokenTrial, nextTask } from './operators.ts';

/** Questions of one request: the first, and three for an answer that cannot be run. */
export const MOST_QUESTIONS = 4;
/** Seconds until the model is asked again after answers that led to nothing: doubled each time, at most an hour. */
const PATIENCE = 10;
const MOST_PATIENCE = 3600;
/** Answers in a row that may lead to nothing before a study that waits for nobody else ends. */
const MOST_PATIENT = 5;

/** What a request to a model costs at most, with what is embedded to find what it is told. */
export function worstCase({ price, maxInput, maxOutput }: ModelConfig, embed?: EmbedConfig): Amount {
  const each = (maxInput * price.input + maxOutput * price.output) / 1e6;
  const money = MOST_QUESTIONS * each + (embed === undefined ? 0 : embedCost(embed, embed.maxTokens));
  return { runs: 0, deviceSeconds: 0, money };
}

/** What it costs to embed so many tokens. */
export function embedCost({ price }: EmbedConfig, tokens: number): number {
  return (tokens * price) / 1e6;
}

/** What tokens cost. */
export function tokenCost({ price }: ModelConfig, tokens: { readonly input: number; readonly output: number }): Amount {
  return { runs: 0, deviceSeconds: 0, money: (tokens.input * price.input + tokens.output * price.output) / 1e6 };
}

/** The moment (ms since 1970) from which the model may be asked; −Infinity when nothing has failed. */
export function patientUntil(state: State): number {
  const { failed, at } = state.model;
  return failed === 0 ? -Infinity : at + 1000 * Math.min(MOST_PATIENCE, PATIENCE * 2 ** (failed - 1));
}

/** Whether a model is still to be heard of, where nobody else has anything to propose: not when it keeps failing. */
export function modelToCome(state: State): boolean {
  return (
    state.closing === undefined &&
    state.model.failed < MOST_PATIENT &&
    modelsOf(state.config).some((model) => payable(state, model))
  );
}

/** Whether a request, and a run for what comes of it, can be paid. */
function payable(state: State, model: ModelConfig): boolean {
  const reserve = reserveOf(state);
  const hold = worstCase(model, state.config.memory?.embed);
  if (free(state.ledger, 'runs') - reserve.runs < 1 + state.queue.length) return false;
  return affords(state.ledger, { ...hold, money: hold.money + reserve.money });
}

/**
 * Ask the model for a proposal when its share of the proposals is not reached. One request at a time, beside those to
 * the numeric researcher: no slot waits for a model.
 */
export function askModel(state: State): EventBody[] {
  const models = modelsOf(state.config);
  const first = models[0];
  if (first === undefined || state.phase !== 'running' || state.closing !== undefined) return [];
  if (state.incumbent === undefined || Object.keys(state.askedModel).length > 0) return [];
  // A person's idea waits for nobody's share.
  const idea = state.ideas.findIndex((one) => one.trial === undefined && one.failed < MOST_FAILURES);
  // Nor does a repair; and where nobody else has anything to propose, all is the model's.
  const early =
    !state.exhausted &&
    (state.trials.length - 1 < first.after ||
      state.model.asked - state.model.repairs >= first.share * (state.asks + 1));
  const coders = models.filter(({ changes }) => changes !== 'knobs');
  const broken = idea < 0 && brokenTrial(state, coders[0]) !== undefined;
  if (early && idea < 0 && !broken) return [];
  if (state.now < patientUntil(state)) return [];
  const ask = state.asks + 1;
  const able = (broken ? coders : models).filter((one) => payable(state, one));
  if (able.length === 0) return [];
  const model = chooseModel(state, able, ask);
  const hold = worstCase(model, state.config.memory?.embed);
  const mine = idea < 0 ? nextTask(state, model) : { idea };
  const which = state.config.models === undefined ? {} : { model: model.model };
  const bet = openBets(state) === undefined ? undefined : chooseBet(state, ask);
  const whose = bet === undefined ? {} : { bet };
  const expense = state.expenseCount + 1;
  return [
    { type: 'expense.held', expense, what: model.model, hold, ...whose },
    { type: 'proposal.asked', ask, ...whose, researcher: 'model', expense, ...which, ...mine },
  ];
}

/** `ansatz scale fit --law sigmoid`: the accuracy of a task over a loss. */

import type { Columns } from '../../io/table/index.ts';
import { normalQuantile } from '../../methods/math/index.ts';
import { fitSigmoid, type Sigmoid, sigmoidRange } from '../../methods/scaling/index.ts';
import { UserError } from '../../study/error.ts';
import type { LawPicture } from '../report/figures/scaling.ts';
import { type ScaleFit, timed } from './scale-fit.ts';
import { num } from './text.ts';

/** What was asked for beside the fit. */
export interface SigmoidWish {
  /** Chance of a guess; undefined takes 0, with a warning. */
  readonly floor: number | undefined;
  readonly items: number | undefined;
  readonly level: number;
  readonly forecastLevel: number;
  readonly at: number | undefined;
}

export interface SigmoidFit extends ScaleFit {
  readonly level: number;
  readonly floor: number;
  readonly saturated: boolean;
  /** Scores that stand clear of chance. */
  readonly informative: number;
  readonly forecast: { readonly x: number; readonly y: number; readonly low: number; readonly high: number } | null;
}

const LEAST = 5;

/** Scores as shares of 1: per cent are divided by 100, and said so. */
export function shares(
  scores: readonly number[],
  name: string,
): { readonly score: number[]; readonly guess: string[] } {
  const percent = scores.some((value) => value > 1);
  return percent
    ? { score: scores.map((value) => value / 100), guess: [`${name}: per cent, for some are above 1`] }
    : { score: [...scores], guess: [] };
}

/** Fit a table. Throws a UserError when it has too few models. */
export function fitSigmoidTable(table: Columns<'x' | 'y'>, wish: SigmoidWish, file: string): SigmoidFit {
  const { x } = table.values;
  const { score, guess } = shares(table.values.y, 'y');
  if (new Set(x).size < LEAST) {
    throw new UserError('too-few', `${new Set(x).size} models of different loss are too few for this curve`, {
      where: file,
      why: `it has three parameters and needs at least ${LEAST} models`,
      fix: 'add checkpoints or sizes',
    });
  }
  const floor = wish.floor ?? 0;
  const scores = { x, score, ...(wish.items === undefined ? {} : { items: wish.items }) };
  const { result, seconds } = timed(() => {
    const fit = fitSigmoid(scores, floor, wish.level);
    const at = wish.at;
    if (at === undefined) return { fit, forecast: null };
    const [low, high] = sigmoidRange(fit, at, normalQuantile((1 + wish.forecastLevel) / 2));
    return { fit, forecast: { x: at, y: fit.at(at), low, high } };
  });
  const { fit, forecast } = result;
  const [best, least] = [Math.max(...score), Math.min(...x)];
  const warnings: string[] = [];
  if (wish.floor === undefined)
    warnings.push('the floor is taken to be 0: --floor 0.25 for a question with four choices');
  if (wish.items === undefined)
    warnings.push('--items is not given: the noise of a score is unknown, and is read off the scatter about the curve');
  if (fit.informative < LEAST)
    warnings.push(
      `only ${fit.informative} of ${score.length} scores stand clear of chance (${num(floor)}): the others say nothing`,
    );
  if (!fit.identified.ceiling)
    warnings.push('not identified: ceiling: it is taken to be 1; the scores do not say where they end');
  const others = (['k', 'x0'] as const).filter((name) => !fit.identified[name]);
  if (others.length > 0)
    warnings.push(`not identified: ${others.join(', ')}: the scores fit as well with quite other values`);
  if (fit.saturated)
    warnings.push(
      `saturated: the ceiling ${num(fit.params.ceiling, 3)} is within two standard errors of the best score: more compute hardly helps`,
    );
  if (guess.length > 0 && best < 0.1)
    warnings.push('y is above 1 and below 10: per cent would be very little; are loss and accuracy exchanged?');
  if (score[x.indexOf(least)]! < Math.max(score[x.indexOf(Math.max(...x))]!, floor))
    warnings.push('the score falls with a lower loss: is x a loss, and y an accuracy?');
  if (forecast !== null && forecast.x < least) {
    const beyond = least - forecast.x;
    const span = Math.max(...x) - least;
    if (beyond > 0.5 * span)
      warnings.push(`window: the forecast lies ${num(beyond / span, 2)} of the range of x beyond the best model`);
  }
  if (new Set(x.map((v, i) => `${v} ${score[i]}`)).size < x.length)
    warnings.push('duplicated rows: a model that counts twice makes intervals too narrow');
  return {
    pictures: [pictureOf(x, score, fit, forecast, wish.forecastLevel)],
    law: 'sigmoid',
    n: x.length,
    objective: fit.objective,
    params: { ...fit.params },
    se: null,
    intervals: fit.intervals,
    identified: fit.identified,
    warnings,
    seconds,
    level: wish.level,
    floor,
    saturated: fit.saturated,
    informative: fit.informative,
    forecast,
    guesses: [...table.guesses, ...guess],
    summary: [
      `  ${num(floor)} + (${fit.identified.ceiling ? num(fit.params.ceiling, 3) : 1} − ${num(floor)}) / (1 + e^(k (x − x0))); best score ${num(best, 3)}`,
      ...(forecast === null
        ? []
        : [
            `  at ${num(forecast.x)}: ${num(forecast.y, 3)}  [${num(forecast.low, 3)}, ${num(forecast.high, 3)}], the error of the curve alone`,
          ]),
    ],
  };
}

/** Scores over loss with the curve and the interval of it. */
function pictureOf(
  x: readonly number[],
  score: readonly number[],
  fit: Sigmoid,
  forecast: SigmoidFit['forecast'],
  level: number,
): LawPicture {
  const [from, to] = [Math.min(...x, forecast?.x ?? Infinity), Math.max(...x)];
  const grid = Array.from({ length: 80 }, (_, i) => from + ((to - from) * i) / 79);
  const z = normalQuantile((1 + level) / 2);
  const ends = grid.map((at) => {
    const [low, high] = sigmoidRange(fit, at, z);
    return { x: at, low, high };
  });
  return {
    kind: 'law',
    share: true,
    title: 'Accuracy over loss',
    xName: 'loss',
    yName: 'accuracy',
    name: 'sigmoid',
    points: x.map((at, i) => ({ x: at, y: score[i]! })),
    curve: grid.map((at) => ({ x: at, y: fit.at(at) })),
    bands: [{ level, ends }],
    ...(forecast === null ? {} : { forecast }),
  };
}

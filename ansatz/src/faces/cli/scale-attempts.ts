/** `ansatz scale fit` with laws of many attempts at a problem: pass@k, majority vote, best of n. */

import { type Columns, columnsIn, labelsIn, noColumn, type Role, type Sheet, truthsIn } from '../../io/table/index.ts';
import { mean, quantile, rng } from '../../methods/math/index.ts';
import {
  type AnswerCounts,
  type BetaFit,
  bestOfK,
  betaObjective,
  coverage,
  fitBeta,
  majorityLimit,
  passAtK,
  type Scored,
  voteOf,
} from '../../methods/scaling/index.ts';
import { UserError } from '../../study/error.ts';
import type { Asked } from '../../io/table/index.ts';
import type { LawPicture } from '../report/figures/scaling.ts';
import { type ScaleFit, timed } from './scale-fit.ts';
import { num } from './text.ts';

/** What was asked for beside the fit. */
export interface AttemptsWish {
  readonly ks: readonly number[] | undefined;
  readonly draws: number;
  readonly level: number;
  readonly seed: number;
}

/** A share of problems solved at k attempts. */
export interface AtK {
  readonly k: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** `counted` without bias from the attempts made, or `beta`: beyond them, by the law. */
  readonly from: 'counted' | 'beta';
}

export interface AttemptsFit extends ScaleFit {
  readonly level: number;
  readonly problems: number;
  /** Attempts of the problem with fewest. */
  readonly attempts: number;
  readonly at: readonly AtK[];
  /** Where voting ends; null for the other laws. */
  readonly limit: number | null;
}

const DRAWS = 1000;
const VOTES = 200;
const FEW = 20;
const PROBLEM: Role = {
  name: 'the problem',
  option: '--problem',
  known: /^(?:problem|task|question|item|prompt)(?:_?(?:id|name))?$/,
};
const ANSWER: Role = {
  name: 'the answer given',
  option: '--answer',
  known: /^(?:answer|prediction|pred|output|extracted_answer)$/,
};
const COUNT: Role = {
  name: 'how often the answer came',
  option: '--n',
  known: /^(?:count|times|votes|freq(?:uency)?)$/,
};
const RIGHT: Role = {
  name: 'whether the answer is right',
  option: '--correct',
  known: /^(?:right|correct|is_?correct|passed|solved|label)$/,
};
const SCORE: Role = {
  name: 'the score of the answer',
  option: '--y',
  known: /^(?:score|reward|value|logprob|rm_score)$/,
};
const TRIED: Role = {
  name: 'the number of attempts',
  option: '--n',
  known: /^(?:n|n_?samples|num_?samples|samples|attempts|total|n_?attempts)$/,
};
const SOLVED: Role = {
  name: 'the number of right attempts',
  option: '--c',
  known: /^(?:c|correct|n_?correct|num_?correct|passed|solved|successes)$/,
};

/** pass@k from attempts and right ones per problem. */
export function fitPassTable(sheet: Sheet, asked: Asked, wish: AttemptsWish): AttemptsFit {
  const whole = (v: number): boolean => Number.isInteger(v) && v >= 0;
  const table: Columns<'n' | 'c'> = columnsIn(sheet, {
    n: { role: TRIED, asked: asked.n, allowed: (v) => whole(v) && v > 0, words: 'a whole number above zero' },
    c: { role: SOLVED, asked: asked.c, allowed: whole, words: 'a whole number' },
  });
  const problems = table.values.n.map((n, i) => ({ n, c: table.values.c[i]! }));
  const wrong = problems.findIndex(({ n, c }) => c > n);
  if (wrong >= 0) {
    throw new UserError('bad-cell', `${problems[wrong]!.c} of ${problems[wrong]!.n} attempts were right`, {
      where: `${sheet.file}:${table.rows[wrong]}`,
      why: 'more right attempts than attempts; are the two columns exchanged?',
      fix: '--n attempts --c correct',
    });
  }
  const { fewest, ks } = start(
    sheet.file,
    problems.map(({ n }) => n),
    wish,
    10,
  );
  const { result, seconds } = timed(() => {
    const beta = fitBeta(problems);
    const random = rng(wish.seed, 0x9a55);
    const counted = ks.filter((k) => k <= fewest);
    const chances = counted.map((k) => problems.map(({ n, c }) => passAtK(n, c, k)));
    const [means, betas]: [number[][], BetaFit[]] = [counted.map(() => []), []];
    for (let draw = 0; draw < (wish.draws || DRAWS); draw++) {
      const drawn = problems.map(() => random.int(problems.length));
      chances.forEach((values, j) => means[j]!.push(mean(drawn.map((i) => values[i]!))));
      // A fit takes a hundred times as long as a mean: a tenth of the draws do for two parameters.
      if (draw % 10 === 0) {
        const again = fitBeta(drawn.map((i) => problems[i]!));
        if (again !== undefined) betas.push(again);
      }
    }
    return { beta, counted, chances, means, betas };
  });
  const { beta, counted, chances, means, betas } = result;
  const ends = (values: readonly number[]): [number, number] => [
    quantile(values, (1 - wish.level) / 2),
    quantile(values, (1 + wish.level) / 2),
  ];
  const at = ks.flatMap((k): AtK[] => {
    const j = counted.indexOf(k);
    if (j >= 0) {
      const [low, high] = ends(means[j]!);
      return [{ k, value: mean(chances[j]!), low, high, from: 'counted' }];
    }
    if (beta === undefined) return [];
    const [low, high] = ends(betas.map((one) => coverage(one, k)));
    return [{ k, value: coverage(beta, k), low, high, from: 'beta' }];
  });
  const warnings = common(problems.length, fewest);
  const intervals = beta === undefined ? null : { a: ends(betas.map(({ a }) => a)), b: ends(betas.map(({ b }) => b)) };
  const known = (name: 'a' | 'b'): boolean => intervals !== null && intervals[name][1] / intervals[name][0] < 10;
  if (beta === undefined) {
    const none = problems.every(({ c }) => c === 0);
    warnings.push(
      `not identified: ${none ? 'no attempt was right' : 'every attempt was right'}: there is nothing to extrapolate from`,
    );
  } else {
    const unknown = (['a', 'b'] as const).filter((name) => !known(name));
    if (unknown.length > 0)
      warnings.push(`not identified: ${unknown.join(', ')}: the interval spans more than a factor of ten`);
    const last = at.findLast(({ from }) => from === 'counted');
    const told = last === undefined ? NaN : coverage(beta, last.k);
    if (last !== undefined && (told < last.low || told > last.high))
      warnings.push(
        `misfit: the law says ${num(told, 3)} for pass@${last.k}, counted is ${num(last.value, 3)}: do not extrapolate with it`,
      );
    const far = at.at(-1);
    if (far !== undefined && far.k > 100 * fewest)
      warnings.push(`window: pass@${far.k} is ${num(far.k / fewest, 2)} times beyond the attempts made`);
    if (problems.filter(({ c }) => c === 0).length > 0.9 * problems.length)
      warnings.push('nine in ten problems were never solved: the law rests on the rest');
  }
  return {
    pictures: [pictureOf('pass@k', at, wish.level)],
    law: 'passk',
    n: problems.length,
    objective: beta === undefined ? 0 : betaObjective(problems, beta),
    params: beta === undefined ? {} : { a: beta.a, b: beta.b },
    se: null,
    intervals,
    identified: beta === undefined ? {} : { a: known('a'), b: known('b') },
    warnings,
    seconds,
    level: wish.level,
    problems: problems.length,
    attempts: fewest,
    at,
    limit: null,
    guesses: table.guesses,
    summary: at.map((one) => line(`pass@${one.k}`, one)),
  };
}

/** Majority vote: a row per answer (with its count) or per attempt; best of n: a row per attempt with its score. */
export function fitChosenTable(
  law: 'majority' | 'bestofn',
  sheet: Sheet,
  asked: Asked & { readonly problem?: string; readonly answer?: string; readonly correct?: string },
  wish: AttemptsWish,
): AttemptsFit {
  const problem = labelsIn(sheet, PROBLEM, asked.problem);
  if (problem === undefined) throw noColumn(sheet, PROBLEM);
  const right = truthsIn(sheet, RIGHT, asked.correct);
  const guesses: string[] = [];
  const rows = new Map<string, number[]>();
  problem.forEach((name, i) => rows.set(name, [...(rows.get(name) ?? []), i]));
  const groups = [...rows.values()];
  let valueAt: (group: number, k: number) => number;
  let sizes: number[];
  let limit: number | null = null;
  const random = rng(wish.seed, 0x707e);
  if (law === 'bestofn') {
    const { values } = columnsIn(sheet, { score: { role: SCORE, asked: asked.y } });
    if (values.score.length < sheet.rows.length) {
      throw new UserError('bad-cell', 'some attempts have no score', {
        where: sheet.file,
        why: 'each attempt needs one',
        fix: 'leave these rows out',
      });
    }
    const attempts = groups.map((group): Scored[] => group.map((i) => ({ score: values.score[i]!, right: right[i]! })));
    sizes = attempts.map((list) => list.length);
    valueAt = (group, k) => bestOfK(attempts[group]!, k);
  } else {
    const answer = labelsIn(sheet, ANSWER, asked.answer);
    if (answer === undefined) throw noColumn(sheet, ANSWER);
    const { values, has } = columnsIn(sheet, {
      count: {
        role: COUNT,
        asked: asked.n,
        optional: true,
        allowed: (v) => Number.isInteger(v) && v >= 0,
        words: 'a whole number',
      },
    });
    if (!has.count) guesses.push('count: 1 a row, for no column of counts was found');
    let merged = 0;
    const voted = groups.map((group): AnswerCounts => {
      const counts = new Map<string, number>();
      const good = new Set<string>();
      for (const i of group) {
        // Right answers written in several ways are one answer.
        const name = right[i]! ? '\u0000right' : answer[i]!;
        if (right[i]!) good.add(answer[i]!);
        counts.set(name, (counts.get(name) ?? 0) + (has.count ? values.count[i]! : 1));
      }
      merged += Math.max(0, good.size - 1);
      const at = [...counts.keys()].indexOf('\u0000right');
      return { counts: [...counts.values()], right: at < 0 ? undefined : at };
    });
    if (merged > 0) guesses.push(`${merged} right answers written differently are counted as one with another`);
    sizes = voted.map(({ counts }) => counts.reduce((a, b) => a + b, 0));
    valueAt = (group, k) => voteOf(voted[group]!, k, VOTES, random);
    limit = majorityLimit(voted);
  }
  const { fewest, ks } = start(sheet.file, sizes, wish, 1);
  const beyond = ks.filter((k) => k > fewest);
  const { result: at, seconds } = timed(() =>
    ks
      .filter((k) => k <= fewest)
      .map((k): AtK => {
        const values = groups.map((_, group) => valueAt(group, k));
        const again = rng(wish.seed, k);
        const means = Array.from({ length: wish.draws || DRAWS }, () =>
          mean(values.map(() => values[again.int(values.length)]!)),
        );
        return {
          k,
          value: mean(values),
          low: quantile(means, (1 - wish.level) / 2),
          high: quantile(means, (1 + wish.level) / 2),
          from: 'counted',
        };
      }),
  );
  const warnings = common(groups.length, fewest);
  if (beyond.length > 0)
    warnings.push(
      `not identified: ${beyond.join(', ')} attempts: there are ${fewest} of some problem, and nothing is extrapolated`,
    );
  const peak = at.reduce((best, one) => (one.value > best.value ? one : best), at[0]!);
  if (law === 'bestofn' && at.at(-1)!.value < peak.value - 0.01)
    warnings.push(`past its best at ${peak.k}: with more attempts the score is cheated more often than it helps`);
  const word = law === 'majority' ? 'vote of' : 'best of';
  return {
    pictures: [pictureOf(law === 'majority' ? 'accuracy of the vote' : 'accuracy of the best', at, wish.level)],
    law,
    n: groups.length,
    objective: 0,
    params: limit === null ? {} : { limit },
    se: null,
    intervals: null,
    identified: limit === null ? {} : { limit: fewest >= FEW },
    warnings,
    seconds,
    level: wish.level,
    problems: groups.length,
    attempts: fewest,
    at,
    limit,
    guesses,
    summary: [
      ...at.map((one) => line(`${word} ${one.k}`, one)),
      ...(limit === null
        ? []
        : [`  with ever more votes ${num(limit, 3)}: the share of problems whose most frequent answer is right`]),
    ],
  };
}

/** Refuses tables of no use, and settles which k are told: powers of ten, and `beyond` times further than was tried. */
function start(
  file: string,
  sizes: readonly number[],
  wish: AttemptsWish,
  beyond: number,
): { fewest: number; ks: readonly number[] } {
  if (sizes.length < 2) {
    throw new UserError('too-few', `${sizes.length} ${sizes.length === 1 ? 'problem is' : 'problems are'} too few`, {
      where: file,
      why: 'the interval is over problems: one says nothing about the next',
      fix: 'a row per problem',
    });
  }
  const fewest = Math.min(...sizes);
  if (wish.ks !== undefined) return { fewest, ks: wish.ks };
  const ks: number[] = [];
  for (let k = 1; k <= fewest * beyond; k *= 10) ks.push(k);
  if (!ks.includes(fewest)) ks.push(fewest);
  return { fewest, ks: ks.sort((a, b) => a - b) };
}

function common(problems: number, fewest: number): string[] {
  const warnings: string[] = [];
  if (problems < FEW) warnings.push(`window: ${problems} problems: the intervals are themselves uncertain`);
  if (fewest < 10) warnings.push(`window: only ${fewest} ${fewest === 1 ? 'attempt' : 'attempts'} at some problem`);
  return warnings;
}

function line(name: string, { value, low, high, from }: AtK): string {
  return `  ${name.padEnd(10)} ${num(value, 3)}  [${num(low, 3)}, ${num(high, 3)}]${from === 'beta' ? '  beyond the attempts made, by Beta(a, b)' : ''}`;
}

function pictureOf(yName: string, at: readonly AtK[], level: number): LawPicture {
  return {
    kind: 'law',
    share: true,
    title: `${yName} over attempts`,
    xName: 'attempts k',
    yName,
    name: at.some(({ from }) => from === 'beta') ? 'by Beta(a, b)' : 'counted',
    points: at.filter(({ from }) => from === 'counted').map(({ k, value }) => ({ x: k, y: value })),
    curve: at.map(({ k, value }) => ({ x: k, y: value })),
    bands: [{ level, ends: at.map(({ k, low, high }) => ({ x: k, low, high })) }],
  };
}

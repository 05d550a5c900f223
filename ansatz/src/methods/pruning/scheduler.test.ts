import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { canonical, feasible, type Point, toSpace } from '../space/index.ts';
import {
  bracketOf,
  freezeThaw,
  halving,
  hyperband,
  newPoint,
  type Report,
  type Scheduler,
  type Situation,
  type Training,
} from './index.ts';
import { agreement } from './freeze/belief.ts';

/** A new scheduler is one line here. */
const SCHEDULERS: readonly (readonly [string, Scheduler])[] = [
  ['halving', halving],
  ['hyperband', hyperband],
  ['freeze-thaw', freezeThaw],
];

const space = toSpace(
  [
    { name: 'lr', type: 'float', low: 1e-4, high: 1, log: true },
    { name: 'layers', type: 'int', low: 1, high: 6 },
    { name: 'opt', type: 'cat', choices: ['sgd', 'adam'] },
    { name: 'momentum', type: 'float', low: 0, high: 0.99, when: { name: 'opt', in: ['sgd'] } },
  ],
  ['layers * lr <= 3'],
);
const LONGEST = 40;

/** A curve that falls to a level set by the point; slow where the rate is small, so that ranks change on the way. */
function loss(point: Point, step: number): number {
  const rate = Math.log10(Number(point['lr']));
  const level = (rate + 2) ** 2 + (point['opt'] === 'sgd' ? 0.3 : 0) + 0.05 * Number(point['layers']);
  return level + 3 * Math.exp((-step / LONGEST) * (6 + 2 * rate));
}

interface Played {
  readonly trainings: { point: Point; status: 'running' | 'paused' | 'over'; step: number }[];
  readonly reports: Report[];
  readonly log: string[];
  readonly spent: number;
}

/** A search with `workers` slots and steps for `budget` full trainings. */
function play(scheduler: Scheduler, budget: number, seed: number, canPause = true, workers = 2): Played {
  const trainings: Played['trainings'] = [];
  const reports: Report[] = [];
  const log: string[] = [];
  const rungs = scheduler.rungs(LONGEST);
  let spent = 0;
  let asked = 0;
  const situation = (): Situation => ({ space, longest: LONGEST, trainings, reports, canPause });
  const running: number[] = [];
  while (spent < budget * LONGEST) {
    while (running.length < workers) {
      const random = rng(seed, asked++);
      const again = canPause ? scheduler.resume(situation(), random) : undefined;
      if (again !== undefined) {
        expect(trainings[again]!.status).toBe('paused');
        trainings[again]!.status = 'running';
        running.push(again);
        log.push(`resume ${again}`);
        continue;
      }
      const point = newPoint(situation(), random);
      expect(feasible(space, point)).toBe(true);
      trainings.push({ point, status: 'running', step: 0 });
      running.push(trainings.length - 1);
      log.push(canonical(point));
    }
    const id = running.shift()!;
    const training = trainings[id]!;
    const next = rungs.find((rung) => rung > training.step)!;
    spent += next - training.step;
    training.step = next;
    reports.push({ trial: id, step: next, loss: loss(training.point, next) });
    if (next === LONGEST) {
      training.status = 'over';
      continue;
    }
    const answer = scheduler.atRung(situation(), id, rng(seed, 1e6 + asked++));
    if (!canPause) expect(answer).not.toBe('pause');
    log.push(`${id} ${answer}`);
    training.status = answer === 'continue' ? 'running' : answer === 'pause' ? 'paused' : 'over';
    if (answer === 'continue') running.push(id);
  }
  return { trainings, reports, log, spent };
}

describe.each(SCHEDULERS)('the %s scheduler', (name, scheduler) => {
  test('rungs ascend and end at the end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (longest) => {
        const rungs = scheduler.rungs(longest);
        expect(rungs.at(-1)).toBe(longest);
        rungs.forEach((rung, i) => expect(rung).toBeGreaterThan(i === 0 ? 0 : rungs[i - 1]!));
        expect(rungs.length).toBeLessThan(30);
      }),
    );
  });

  test('same seed, same search', () => {
    expect(play(scheduler, 4, 3).log).toEqual(play(scheduler, 4, 3).log);
  });

  test('finishes trainings, and starts more than it finishes', () => {
    const { trainings } = play(scheduler, 10, 1);
    const full = trainings.filter((training) => training.step === LONGEST).length;
    expect(full).toBeGreaterThan(0);
    expect(trainings.length).toBeGreaterThan(2 * full);
  });

  test('copes with nothing, with constant losses, and with a space of one point', () => {
    const empty: Situation = { space, longest: LONGEST, trainings: [], reports: [] };
    expect(scheduler.resume(empty, rng(1))).toBeUndefined();
    for (const params of [space, toSpace([]), toSpace([{ name: 'x', fixed: 3 }])]) {
      const point = newPoint({ ...empty, space: params }, rng(2));
      const trainings: Training[] = Array.from({ length: 14 }, () => ({ point, status: 'paused', step: 2 }));
      const reports = trainings.map((_, trial) => ({ trial, step: 2, loss: 7 }));
      const flat: Situation = { space: params, longest: LONGEST, trainings, reports };
      const again = scheduler.resume(flat, rng(3));
      if (again !== undefined) expect(trainings[again]!.status).toBe('paused');
      expect(['continue', 'pause', 'stop']).toContain(scheduler.atRung(flat, 5, rng(4)));
      expect(feasible(params, newPoint(flat, rng(5)))).toBe(true);
    }
  });

  test('a better training is not kept waiting behind a worse one at the same rung', () => {
    const step = scheduler.rungs(LONGEST)[0]!;
    const points = Array.from({ length: 16 }, (_, i) =>
      newPoint({ space, longest: LONGEST, trainings: [], reports: [] }, rng(i)),
    );
    // One that Hyperband compares at this rung too.
    const best = points.findIndex((_, i) => i > 8 && bracketOf(i, LONGEST) === 0);
    // The same place in space: only the curves differ.
    const trainings: Training[] = points.map(() => ({ point: points[0]!, status: 'paused', step }));
    const reports = trainings.map((_, trial) => ({ trial, step, loss: trial === best ? 0 : 5 + trial }));
    const resumed = Array.from({ length: 30 }, (_, i) =>
      scheduler.resume({ space, longest: LONGEST, trainings, reports }, rng(i)),
    );
    expect(resumed.filter((one) => one !== undefined && one !== best)).toEqual([]);
    if (name !== 'freeze-thaw') expect(resumed).toContain(best);
  });
});

test('hyperband deals trainings to brackets in its own proportions', () => {
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < 1430; i++) counts[bracketOf(i, 81)]!++;
  // 81, 34, 15, 8, 5 of 143, as in the paper's table for R = 81.
  [81, 34, 15, 8, 5].forEach((share, i) => expect(Math.abs(counts[i]! - 10 * share)).toBeLessThan(12));
  expect(bracketOf(5, 1)).toBe(0);
});

test('freeze-thaw reaches in ten trainings what chance does not', () => {
  const regret = (played: Played): number => Math.min(...played.reports.map((report) => report.loss));
  const random = rng(77);
  const chance = Array.from({ length: 10 }, () =>
    newPoint({ space, longest: LONGEST, trainings: [], reports: [] }, random),
  );
  const byChance = Math.min(...chance.map((point) => loss(point, LONGEST)));
  const ours = [1, 2, 3].map((seed) => regret(play(freezeThaw, 10, seed))).sort((a, b) => a - b)[1]!;
  expect(ours).toBeLessThan(Math.min(byChance, 0.45));
});

test('without pauses freeze-thaw continues or stops, and still finishes some', () => {
  const { trainings } = play(freezeThaw, 10, 2, false);
  expect(trainings.some((training) => training.step === LONGEST)).toBe(true);
  expect(trainings.filter((training) => training.step < LONGEST).length).toBeGreaterThan(3);
});

test('without pauses freeze-thaw stops what is behind from the first rungs on, but nothing before an eighteenth', () => {
  const { trainings } = play(freezeThaw, 4, 3, false);
  // Steps of four full trainings: were the first ones (five parameters, six to look at) all run to their end, none would be left.
  expect(trainings.length).toBeGreaterThan(10);
  const stopped = trainings.filter((training) => training.status === 'over' && training.step < LONGEST);
  expect(stopped.length).toBeGreaterThan(5);
  for (const { step } of stopped) expect(step).toBeGreaterThanOrEqual(Math.round(LONGEST / 18));
});

/** Eight points, all begun and paused at the third rung but the first `ended`, which went to their end as `end` says. */
function allBegun(ended: number, end: (trial: number) => number): Situation {
  const arms = toSpace([{ name: 'arm', type: 'cat', choices: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] }]);
  const rungs = freezeThaw.rungs(LONGEST);
  const trainings = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((arm, i): Training => {
    return i < ended
      ? { point: { arm }, status: 'over', step: LONGEST }
      : { point: { arm }, status: 'paused', step: rungs[2]! };
  });
  const reports = trainings.flatMap(({ step }, trial) =>
    rungs
      .filter((rung) => rung <= step)
      .map((rung) => ({ trial, step: rung, loss: rung < LONGEST ? trial : end(trial) })),
  );
  return { space: arms, longest: LONGEST, trainings, reports };
}

test('late in a known budget without pauses the better half of those at a rung goes on, not a quota', () => {
  const [step] = freezeThaw.rungs(LONGEST).filter((rung) => rung >= LONGEST / 18) as [number];
  const point = { lr: 0.01, layers: 1, opt: 'adam' };
  const trainings: Training[] = Array.from({ length: 10 }, () => ({ point, status: 'running', step }));
  const reports: Report[] = trainings.map((_, trial) => ({ trial, step, loss: trial }));
  const kept = (budgetSteps: number): number => {
    const situation: Situation = { space, longest: LONGEST, trainings, reports, canPause: false, budgetSteps };
    return trainings.filter((_, i) => freezeThaw.atRung(situation, i, rng(0)) === 'continue').length;
  };
  expect(kept(10 * step)).toBe(5);
  expect(kept(100 * step)).toBeLessThan(5);
});

test('once every point has been begun, freeze-thaw goes on with those there are', () => {
  const situation = allBegun(3, (trial) => trial);
  for (let i = 0; i < 20; i++) {
    const again = freezeThaw.resume(situation, rng(i));
    expect(again).toBeGreaterThanOrEqual(3);
    expect(situation.trainings[again!]!.status).toBe('paused');
  }
});

test('early ranks agree with ends, or they do not', () => {
  expect(agreement(allBegun(1, () => 0).reports, LONGEST)).toBe(0.9);
  // Four trainings that went to their end count as much as what is imagined.
  expect(agreement(allBegun(4, (trial) => trial).reports, LONGEST)).toBeCloseTo(0.95);
  expect(agreement(allBegun(4, (trial) => -trial).reports, LONGEST)).toBeCloseTo(0.45);
  expect(agreement(allBegun(4, () => 1).reports, LONGEST)).toBe(0.9);
});

test('the memo changes nothing: another copy of the same situation gets the same answer', () => {
  const { trainings, reports } = play(freezeThaw, 5, 6);
  const again = toSpace(
    [
      { name: 'lr', type: 'float', low: 1e-4, high: 1, log: true },
      { name: 'layers', type: 'int', low: 1, high: 6 },
      { name: 'opt', type: 'cat', choices: ['sgd', 'adam'] },
      { name: 'momentum', type: 'float', low: 0, high: 0.99, when: { name: 'opt', in: ['sgd'] } },
    ],
    ['layers * lr <= 3'],
  );
  const one: Situation = { space, longest: LONGEST, trainings, reports };
  const copy: Situation = {
    space: again,
    longest: LONGEST,
    trainings: structuredClone(trainings),
    reports: structuredClone(reports),
  };
  for (let i = 0; i < 5; i++) {
    expect(freezeThaw.resume(copy, rng(i))).toEqual(freezeThaw.resume(one, rng(i)));
    expect(newPoint(copy, rng(i))).toEqual(newPoint(one, rng(i)));
  }
});

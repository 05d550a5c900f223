import { expect, test } from 'vitest';
import type { SimulatedScript } from '../io/executor/simulated.ts';
import { rng } from '../methods/math/rng.ts';
import type { Fidelity, StudyConfig } from '../study/config.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import { fidelityForecast, fidelityOf } from '../study/scales.ts';
import { reduce } from '../study/reduce.ts';
import { runOf, type State, trialOf } from '../study/state.ts';
import { simulated } from './lab.fixture.ts';

const flag = (name: string) => ({ by: 'flag', flag: `--${name}`, style: 'space' }) as const;

const fidelity: Fidelity = {
  knob: 'steps',
  via: flag('steps'),
  levels: [500, 1000, 2000],
  base: 1000,
  target: 20_000,
  along: [],
  floor: 0.05,
  cap: 0.3,
};

/** Two recipes whose laws cross at about 3,000 steps, and one that is hopeless. */
const LAWS: Readonly<Record<string, readonly [number, number]>> = {
  plain: [20, 0.4],
  quick: [6, 0.25],
  poor: [40, 0.4],
};
const lossAt = (mix: string, steps: number): number => 1.5 + LAWS[mix]![0] * steps ** -LAWS[mix]![1];

const script: SimulatedScript = (point, seed) => {
  const steps = Number(point['steps'] ?? 1000);
  const luck = rng(seed, steps, String(point['mix']).length).normal();
  return { seconds: steps / 10, curve: [3, lossAt(String(point['mix']), steps) * (1 + 0.002 * luck)] };
};

function configOf(changes: Partial<StudyConfig> = {}): StudyConfig {
  const mix = {
    name: 'mix',
    kind: 'choice',
    choices: ['plain', 'quick', 'poor'],
    default: 'plain',
    via: flag('mix'),
  } as const;
  return simpleConfig({ knobs: [mix], budget: { runs: 60 }, fidelity, ...changes });
}

test('a win at the level of trials that is lost at the target is recognised, in most studies', async () => {
  let [kept, told, likelier, covered] = [0, 0, 0, 0];
  const seeds = 12;
  for (let seed = 1; seed <= seeds; seed++) {
    const { state } = await simulated(configOf({ seedNumber: 100 * seed }), { script });
    const won = trialOf(state, state.incumbent!).point['mix'] === 'quick';
    kept += Number(won);
    const found = fidelityForecast(state);
    if (typeof found === 'string' || !won) continue;
    likelier += Number(found.contenders[0]!.trials[0] === 1 && found.survives < 0.5);
    told += Number(state.warnings.some(({ code }) => code === `crossing ${state.incumbent}`));
    const truth = lossAt('plain', fidelity.target);
    const plain = found.contenders.find(({ trials }) => trials[0] === 1)!;
    covered += Number(plain.low < truth && truth < plain.high);
  }
  expect(kept).toBeGreaterThanOrEqual(seeds - 1);
  expect(likelier).toBeGreaterThanOrEqual(seeds - 2);
  expect(told).toBeGreaterThanOrEqual(seeds - 2);
  expect(covered).toBeGreaterThanOrEqual(seeds - 4);
});

test('runs at other levels are evidence of no verdict, and cost what the bet may', async () => {
  const { state, events } = await simulated(configOf(), { script });
  const climbs = state.runs.filter((run) => run.level !== undefined);
  expect(new Set(climbs.map((run) => run.level))).toEqual(new Set([500, 2000]));
  const mine = new Set(climbs.map(({ id }) => id));
  for (const trial of state.trials) expect(trial.runs.some((id) => mine.has(id))).toBe(false);
  // The noise, the usual length and the values of trials are those of the one level.
  expect(state.pace.longest).toBe(100);
  expect(trialOf(state, 1).values.every((value) => Math.abs(value - lossAt('plain', 1000)) < 0.05)).toBe(true);
  const spent = state.accounts['bet:scale']!.spent;
  expect(spent.runs).toBe(climbs.length);
  expect(spent.deviceSeconds).toBeCloseTo(
    climbs.reduce((sum, run) => sum + (run.charge?.deviceSeconds ?? 0), 0),
    6,
  );
  // While there was something else to run it kept to its share, but for the run that crosses it.
  const exhausted = events.findIndex((event) => event.type === 'proposal.refused' && event.exhausted);
  const before = new Set(
    events.slice(0, exhausted).flatMap((event) => (event.type === 'run.started' ? [event.run] : [])),
  );
  const cost = (some: typeof state.runs): number => some.reduce((sum, run) => sum + run.charge!.deviceSeconds, 0);
  const all = state.runs.filter(({ id }) => before.has(id));
  expect(cost(all.filter(({ level }) => level !== undefined)) - 200).toBeLessThanOrEqual(fidelity.cap * cost(all));
});

test('cut at every event it resumes to an end within its budget, with its books in order', async () => {
  const config = configOf({ budget: { runs: 25, deviceSeconds: 3000 }, run: { ...configOf().run, limitSeconds: 250 } });
  const { state: whole, events } = await simulated(config, { script });
  expect(events.reduce<State | undefined>(reduce, undefined)).toEqual(whole);
  expect(whole.runs.some(({ level }) => level !== undefined)).toBe(true);
  for (let cut = 2; cut < events.length; cut += 3) {
    const { state } = await simulated(config, { script, before: events.slice(1, cut) });
    expect(state.phase, `cut after ${cut}`).toBe('ended');
    expect(state.ledger.spent.runs).toBeLessThanOrEqual(25);
    expect(state.ledger.spent.deviceSeconds).toBeLessThanOrEqual(3000);
    expect(state.ledger.held.deviceSeconds).toBe(0);
    expect(state.accounts['bet:scale']?.held.deviceSeconds ?? 0).toBe(0);
    for (const run of state.runs) expect(run.value === undefined || run.value > 1.5).toBe(true);
  }
});

test('a study without knobs is a ladder: it runs each level, says why, and ends', async () => {
  const { state } = await simulated(configOf({ knobs: [], budget: { runs: 30 } }), {
    script: (point, seed) => script({ ...point, mix: 'plain' }, seed),
  });
  const view = fidelityOf(state)!;
  expect(state.ended?.reason).toBe('exhausted');
  expect(view.climbs.slice(0, 2).map(({ level }) => level)).toEqual([500, 2000]);
  expect(view.climbs.every(({ why }) => why !== '')).toBe(true);
  const truth = lossAt('plain', fidelity.target);
  expect(view.forecast!.contenders[0]!.low).toBeLessThan(truth);
  expect(view.forecast!.contenders[0]!.high).toBeGreaterThan(truth);
  expect(view.forecast!.tenfold).toBeGreaterThan(0);
  for (const { points } of view.forecast!.contenders)
    for (const { run, scale, loss } of points) {
      expect(runOf(state, run).value).toBe(loss);
      expect(runOf(state, run).level ?? fidelity.base).toBe(scale);
    }
});

test('a level at which runs fail is given up, and the study goes on', async () => {
  const { state } = await simulated(configOf({ budget: { runs: 25 } }), {
    script: (point, seed) => ({ ...script(point, seed), crash: point['steps'] === 2000 }),
  });
  const failed = state.runs.filter((run) => run.level === 2000);
  expect(failed.every(({ status }) => status === 'failed')).toBe(true);
  for (const trial of state.trials)
    expect((trial.climbs ?? []).filter((id) => runOf(state, id).level === 2000).length).toBeLessThanOrEqual(2);
  expect(state.verdicts.crash).toBe(0);
  expect(fidelityOf(state)!.waits).toContain('no run at steps 2000');
});

test('an objective that has come to its ceiling is told, one that has not is not', async () => {
  const told = async (changes: Partial<StudyConfig>, floor: number, reducible: number): Promise<string[]> => {
    const { state } = await simulated(configOf(changes), {
      script: (point, seed) => {
        const run = script(point, seed);
        const loss = floor + reducible * (run.curve[1]! - 1.5);
        return { ...run, curve: [3, changes.objective?.direction === 'maximize' ? 1 - loss : loss] };
      },
    });
    return state.warnings.filter(({ code }) => code === 'saturated').map(({ text }) => text);
  };
  const levels = [250, 500, 1000, 2000, 4000];
  const wide = { ...fidelity, levels, cap: 0.6 };
  expect(await told({ fidelity: wide }, 1.5, 1)).toEqual([]);
  const { fidelity: _, ...none } = configOf();
  const share = { metric: 'acc', direction: 'maximize', value: 'last', examples: 1000 } as const;
  expect(await told({ ...none, fidelity: undefined, objective: share }, 0.001, 0.002)).toEqual([
    expect.stringContaining('of the best there can be, 1'),
  ]);
  expect(await told({ ...none, fidelity: undefined, objective: share }, 0.2, 0.002)).toEqual([]);
});

test('a metric that no law fits is not run at other levels, and says why', async () => {
  const { state } = await simulated(configOf({ budget: { runs: 20 } }), {
    script: (point, seed) => ({ ...script(point, seed), curve: [-1, -script(point, seed).curve[1]!] }),
  });
  expect(state.runs.filter((run) => run.level !== undefined)).toEqual([]);
  expect(fidelityOf(state)!.waits).toContain('losses must be above zero');
});

test('accuracies in per cent are forecast by what they lack', async () => {
  const { state } = await simulated(configOf({ objective: { metric: 'acc', direction: 'maximize', value: 'last' } }), {
    script: (point, seed) => ({ ...script(point, seed), curve: [1, 100 - 10 * script(point, seed).curve[1]!] }),
  });
  const view = fidelityOf(state)!;
  expect(view.forecast!.loss).toBe('100 − metric');
  expect(trialOf(state, state.incumbent!).point).toEqual({ mix: 'quick' });
  expect(view.forecast!.contenders[0]!.trials).toEqual([1]);
});

test('the bet of the scale can be closed, and its share changed', async () => {
  const { state } = await simulated(configOf(), {
    script,
    say: (event) =>
      event.type === 'run.ended' && event.run === 1 ? [{ type: 'bet.steered', bet: 'scale', open: false }] : [],
  });
  expect(state.runs.filter((run) => run.level !== undefined).length).toBeLessThanOrEqual(1);
});

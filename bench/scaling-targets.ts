/** Simulated studies with a fidelity: what is lost at the target by taking what won at the level of trials, or what is forecast to win. */

import type { SimulatedScript } from '../ansatz/src/io/executor/simulated.ts';
import { simulated } from '../ansatz/src/lab/lab.fixture.ts';
import { mean, rng } from '../ansatz/src/methods/math/index.ts';
import type { Point } from '../ansatz/src/methods/space/space.ts';
import type { Fidelity, Knob, StudyConfig } from '../ansatz/src/study/config.ts';
import { simpleConfig } from '../ansatz/src/study/config.fixture.ts';
import { fidelityOf } from '../ansatz/src/study/scales.ts';
import { trialOf } from '../ansatz/src/study/state.ts';
import type { Figure } from './main.ts';

const WORLDS = 30;
/** Budgets, in runs of the level of trials. */
const BUDGETS = [40, 80] as const;
const NOISE = 0.002;
const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;

const flag = (name: string): Knob['via'] => ({ by: 'flag', flag: `--${name}`, style: 'space' });
const FIDELITY: Fidelity = {
  knob: 'steps',
  via: flag('steps'),
  levels: [500, 1000, 2000, 4000],
  base: 1000,
  target: 50_000,
  along: [],
  floor: 0.05,
  cap: 0.25,
};

/** Five recipes with exponents from .25 to .45, within 20 % of each other at the base, each with a learning rate of its own that is best. */
function worldOf(seed: number): { readonly loss: (point: Point, steps: number) => number; readonly best: number } {
  const random = rng(seed, 77);
  const floor = 1 + random.uniform();
  const recipes = new Map<string, { readonly b: number; readonly c: number; readonly rate: number }>(
    NAMES.map((name) => {
      const c = 0.25 + 0.2 * random.uniform();
      const reducible = 1.2 * (0.8 + 0.4 * random.uniform());
      return [name, { b: reducible * FIDELITY.base ** c, c, rate: -2 + 1.5 * random.uniform() }];
    }),
  );
  const loss = (point: Point, steps: number): number => {
    const { b, c, rate } = recipes.get(String(point['mix']))!;
    const off = Math.log10(Number(point['lr'])) - rate;
    return floor + b * steps ** -c * (1 + 0.08 * off * off);
  };
  const best = Math.min(...[...recipes].map(([mix, { rate }]) => loss({ mix, lr: 10 ** rate }, FIDELITY.target)));
  return { loss, best };
}

function configOf(seed: number, budget: number, fidelity: Fidelity | undefined): StudyConfig {
  const knobs: Knob[] = [
    { name: 'mix', kind: 'choice', choices: NAMES, default: 'a', via: flag('mix') },
    { name: 'lr', kind: 'float', low: 1e-3, high: 1, scale: 'log', default: 0.01, via: flag('lr') },
  ];
  return simpleConfig({
    knobs,
    budget: { deviceSeconds: (budget * FIDELITY.base) / 10 },
    seedNumber: seed,
    ...(fidelity === undefined ? {} : { fidelity }),
  });
}

/** Loss at the target beyond that of the best settings there are, in per cent, over all worlds. */
export async function targets(): Promise<Record<string, Figure>> {
  const figures: Record<string, Figure> = {};
  for (const budget of BUDGETS) {
    const beyond: Record<'alone' | 'kept' | 'forecast', number[]> = { alone: [], kept: [], forecast: [] };
    const shares: number[] = [];
    for (let seed = 1; seed <= WORLDS; seed++) {
      const { loss, best } = worldOf(seed);
      const script: SimulatedScript = (point, luck) => {
        const steps = Number(point['steps'] ?? FIDELITY.base);
        const normal = rng(
          luck,
          Math.round(1e6 * Number(point['lr'])),
          steps,
          NAMES.indexOf(point['mix'] as 'a'),
        ).normal();
        return { seconds: steps / 10, curve: [5, loss(point, steps) * (1 + NOISE * normal)] };
      };
      const lost = (point: Point): number => 100 * Math.log(loss(point, FIDELITY.target) / best);
      const alone = (await simulated(configOf(seed, budget, undefined), { script })).state;
      beyond.alone.push(lost(trialOf(alone, alone.incumbent!).point));
      const { state } = await simulated(configOf(seed, budget, FIDELITY), { script });
      const kept = trialOf(state, state.incumbent!);
      const view = fidelityOf(state)!;
      const ahead = view.forecast?.contenders[0]!.trials[0];
      beyond.kept.push(lost(kept.point));
      beyond.forecast.push(lost(ahead === undefined ? kept.point : trialOf(state, ahead).point));
      shares.push(view.share);
    }
    const about = `${WORLDS} simulated studies of ${budget} runs`;
    figures[`${about}, a fidelity: the forecast best at the target loses`] = {
      value: mean(beyond.forecast),
      unit: '%',
      bound: '< kept',
      pass: mean(beyond.forecast) < mean(beyond.kept),
      note: `the kept trial ${mean(beyond.kept).toFixed(2)} %, that of a study without a fidelity ${mean(beyond.alone).toFixed(2)} %; ${Math.round(100 * mean(shares))} % of the device time at other levels`,
    };
  }
  return figures;
}

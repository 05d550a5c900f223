/**
 * Ask and tell from TypeScript: the search engine as a library, in the process of your own loop.
 *
 *   node optimize.ts                        with the package ansatz installed
 *   node --conditions=source optimize.ts    in a clone of its repository
 */

import { Optimizer, type Point, toSpace } from 'ansatz/optimizer';

/** Steps of a full training, and steps there are for all of them. */
const STEPS = 27;
const BUDGET = 20 * STEPS;

const space = toSpace([
  { name: 'lr', type: 'float', low: 1e-5, high: 1, log: true },
  { name: 'width', type: 'int', low: 16, high: 1024, log: true },
  { name: 'optimizer', type: 'cat', choices: ['sgd', 'adam'] },
  { name: 'momentum', type: 'float', low: 0, high: 0.99, when: { name: 'optimizer', in: ['sgd'] } },
]);

/** Stands for a training: its loss after `step` steps, lower is better. */
function train(point: Point, step: number): number {
  const rate = Math.log10(Number(point['lr']));
  const width = Math.log2(Number(point['width']) / 256);
  const slow = point['optimizer'] === 'sgd' ? 0.2 + (Number(point['momentum']) - 0.9) ** 2 : 0.1;
  return 0.4 + 0.1 * (rate + 2.5 + 0.3 * width) ** 2 + 0.05 * Math.abs(width) + slow + 2 * step ** -0.7;
}

const optimizer = new Optimizer({ space, direction: 'minimize', seed: 1, maxResource: STEPS, budgetSteps: BUDGET });
const steps = new Map<number, number>();
let left = BUDGET;

while (left > 0) {
  const { id, params } = optimizer.ask();
  if (id === undefined || params === undefined) break;
  // A trial that was paused comes back under its number: it goes on where it stopped.
  let advice: 'continue' | 'pause' | 'stop' = 'continue';
  while (advice === 'continue' && left > 0) {
    const step = (steps.get(id) ?? 0) + 1;
    const loss = train(params, step);
    steps.set(id, step);
    left--;
    advice = optimizer.report(id, step, loss);
    if (step < STEPS && advice !== 'stop') continue;
    optimizer.tell(id, loss, step === STEPS ? 'complete' : 'pruned');
    break;
  }
}

const best = optimizer.best()!;
const full = [...steps.values()].filter((step) => step === STEPS).length;
console.log(`${BUDGET - left} steps: ${steps.size} trials begun, ${full} trained to the end`);
console.log(`best: trial ${best.id}, loss ${best.value.toFixed(3)}, ${JSON.stringify(best.params)}`);

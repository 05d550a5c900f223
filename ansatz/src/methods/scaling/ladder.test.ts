import { expect, test } from 'vitest';
import { rng } from '../math/index.ts';
import { climb, climbTask, computeBacktest, lossBacktest, taskBacktest } from './ladder.ts';

const random = rng(5);
const law = (N: number, D: number): number => 1.8 + 400 / N ** 0.34 + 2000 / D ** 0.37;
const accuracy = (loss: number): number => 0.25 + 0.75 / (1 + Math.exp(2.5 * (loss - 2.6)));
const places = [1e8, 2e8, 4e8, 1e9].flatMap((N) => [5, 10, 20, 40, 100].map((ratio) => [N, ratio * N] as const));
const [N, D] = [places.map(([n]) => n), places.map(([, d]) => d)];
const loss = places.map(([n, d]) => law(n, d) * Math.exp(0.002 * random.normal()));
const wish = { draws: 200, seed: 1, level: 0.8 };

test('the loss of a larger model is forecast within its interval, which is wider further out', () => {
  const near = climb({ N, D, loss }, { N: 2e9, D: 4e10 }, wish);
  const far = climb({ N, D, loss }, { N: 3e10, D: 6e11 }, wish);
  expect(near.value / law(2e9, 4e10)).toBeCloseTo(1, 2);
  expect(near.low).toBeLessThan(law(2e9, 4e10));
  expect(near.high).toBeGreaterThan(law(2e9, 4e10));
  expect(Math.log(far.high / far.low)).toBeGreaterThan(Math.log(near.high / near.low));
  expect(near.backtest).toBeLessThan(0.01);
});

test('the accuracy of a task follows through its loss', () => {
  const score = loss.map((v) => accuracy(v) + 0.005 * random.normal());
  const target = { N: 5e9, D: 1e11 };
  const found = climbTask({ N, D }, { via: loss, score, floor: 0.25, items: 1000 }, target, wish);
  expect(found.value).toBeCloseTo(accuracy(law(5e9, 1e11)), 1);
  expect(found.low).toBeLessThan(accuracy(law(5e9, 1e11)));
  expect(found.high).toBeGreaterThan(accuracy(law(5e9, 1e11)));
  expect(found.backtest).toBeLessThan(0.03);
});

test('with one size below the largest nothing can be tested, and it says so', () => {
  const few = N.flatMap((n, i) => (n <= 2e8 ? [i] : []));
  const take = (values: readonly number[]): number[] => few.map((i) => values[i]!);
  expect(lossBacktest({ N: take(N), D: take(D), loss: take(loss) })).toBeNaN();
  expect(taskBacktest({ N: take(N), D: take(D) }, { via: take(loss), score: take(loss), floor: 0 })).toBeNaN();
});

test('the runs of most compute are forecast from the others, as well as the law holds', () => {
  expect(computeBacktest({ N, D, loss })).toBeLessThan(0.005);
  const bent = loss.map((v, i) => (N[i]! * D[i]! > 2e19 ? 1.1 * v : v));
  expect(computeBacktest({ N, D, loss: bent })).toBeGreaterThan(0.05);
  expect(computeBacktest({ N: N.slice(0, 5), D: D.slice(0, 5), loss: loss.slice(0, 5) })).toBeNaN();
});

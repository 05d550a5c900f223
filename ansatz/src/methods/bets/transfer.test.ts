import { expect, test } from 'vitest';
import { mean } from '../math/index.ts';
import { rng } from '../math/rng.ts';
import { betterAtScale, fitTransfer, promote } from './transfer.ts';

const normals = (n: number, seed: number): number[] => {
  const random = rng(seed);
  return Array.from({ length: n }, () => random.normal());
};

test('without pairs, 80 % of pairwise choices survive', () => {
  const proxies = normals(400, 1).map((z) => 3 + 0.2 * z);
  for (const noise of [0, 0.03]) {
    const prior = fitTransfer([], proxies, noise);
    expect(prior.rho).toBe(1);
    const random = rng(2);
    let kept = 0;
    for (let i = 0; i < 20_000; i++) {
      const gain = Math.abs(proxies[random.int(400)]! - proxies[random.int(400)]!);
      if (random.uniform() < betterAtScale(gain, prior)) kept++;
    }
    expect(kept / 20_000).toBeCloseTo(0.8, 1);
    expect(Math.abs(kept / 20_000 - 0.8)).toBeLessThan(0.02);
  }
});

test('many pairs teach slope and error', () => {
  const noise = 0.05;
  const [small, large] = [normals(3000, 3), normals(3000, 4)];
  const pairs = small.map((z, i) => ({ proxy: 2 + z, target: 1 + 0.6 * z + 0.25 * large[i]! }));
  const { rho, tau } = fitTransfer(pairs, [1, 2, 3], noise);
  expect(rho).toBeCloseTo(0.6, 1);
  // The residual of one is 0.25; a difference of two has twice its variance, and 2σ² of it are noise.
  expect(tau).toBeCloseTo(Math.sqrt(2 * 0.25 ** 2 - 2 * noise ** 2), 1);
});

test('two pairs, worked out by hand', () => {
  const pairs = [
    { proxy: 1, target: 0 },
    { proxy: 2, target: 0 },
  ];
  const { rho, tau } = fitTransfer(pairs, [1, 2, 3], 0.25);
  // Prior: four configurations of variance 1 with slope 1; data: Σdx² = ½, Σdx·dy = 0.
  expect(rho).toBeCloseTo(4 / 4.5, 12);
  const squares = 4 * (1 / 9) ** 2 + 4 / Math.tan(0.3 * Math.PI) ** 2 + 0.5 * (8 / 9) ** 2;
  expect(tau).toBeCloseTo(Math.sqrt((2 * squares) / 5 - 2 * 0.25 ** 2), 12);
});

test('pairs that agree raise the chance, pairs that disagree lower it, even below one half', () => {
  const proxies = [1, 1.5, 2, 2.5];
  const prior = betterAtScale(0.5, fitTransfer([], proxies, 0));
  const agreeing = proxies.map((proxy) => ({ proxy, target: proxy - 0.3 }));
  const reversed = proxies.map((proxy) => ({ proxy, target: -3 * proxy }));
  expect(betterAtScale(0.5, fitTransfer(agreeing, proxies, 0))).toBeGreaterThan(prior);
  expect(betterAtScale(0.5, fitTransfer(reversed, proxies, 0))).toBeLessThan(0.5);
});

test('probabilities of a pair add up to one, and no evidence is one half', () => {
  const transfer = { rho: 0.8, tau: 0.1, noise: 0.05 };
  expect(betterAtScale(0.07, transfer) + betterAtScale(-0.07, transfer)).toBeCloseTo(1, 12);
  expect(betterAtScale(0, transfer)).toBeCloseTo(0.5, 12);
  // Φ(0.8 · 0.07 / √0.015)
  expect(betterAtScale(0.07, transfer)).toBeCloseTo(0.6762, 3);
  expect(betterAtScale(0, { rho: 1, tau: 0, noise: 0 })).toBe(0.5);
  expect(betterAtScale(-1, { rho: 1, tau: 0, noise: 0 })).toBe(0);
});

test('pairs that are not finite are left out, and one candidate is no trouble', () => {
  const sound = [
    { proxy: 1, target: 2 },
    { proxy: 2, target: 3.5 },
  ];
  const broken = [...sound, { proxy: NaN, target: 1 }, { proxy: 1, target: Infinity }];
  expect(fitTransfer(broken, [1, 2, 3], 0.1)).toEqual(fitTransfer(sound, [1, 2, 3], 0.1));
  expect(fitTransfer([], [], 0.1)).toEqual({ rho: 1, tau: 0, noise: 0.1 });
  expect(fitTransfer([], [7], 0.1)).toEqual({ rho: 1, tau: 0, noise: 0.1 });
});

test('promotes the fewest that hold the best with probability 0.9: the definition, on fresh draws', () => {
  const proxies = [1.3, 1, 1.1, 1.02, 3, 1.15, NaN];
  const transfer = { rho: 0.9, tau: 0.12, noise: 0.03 };
  const { chosen, chance } = promote(proxies, transfer, rng(1));
  expect(chosen[0]).toBe(1);
  expect(chosen).not.toContain(6);
  expect(chance).toBeGreaterThanOrEqual(0.9);
  const random = rng(99);
  const error = Math.sqrt(transfer.noise ** 2 + transfer.tau ** 2 / 2);
  const holds = (names: readonly number[]): number =>
    mean(
      Array.from({ length: 20_000 }, () => {
        const large = proxies.map((loss) => 0.9 * loss + error * random.normal());
        const best = large.indexOf(Math.min(...large.filter(Number.isFinite)));
        return Number(names.includes(best));
      }),
    );
  expect(holds(chosen)).toBeGreaterThan(0.88);
  expect(holds(chosen.slice(0, -1))).toBeLessThan(0.92);
});

test('a clear winner goes alone, equals go together, nobody from nothing', () => {
  const transfer = { rho: 1, tau: 0.01, noise: 0.01 };
  expect(promote([1, 2, 3], transfer, rng(1)).chosen).toEqual([0]);
  expect(promote([1, 1, 1, 1], transfer, rng(1)).chosen).toHaveLength(4);
  expect(promote([NaN], transfer, rng(1))).toEqual({ chosen: [], chance: 0 });
  expect(promote([1, 2], { rho: 1, tau: 0, noise: 0 }, rng(1))).toEqual({ chosen: [0], chance: 1 });
});

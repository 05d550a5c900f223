import { describe, expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { boundary, logEvidence, mixtureRadius, normalEquivalent, spreadFor, studentEquivalent } from './confidence.ts';
import { type Look, nextBoundary } from './sequential.ts';

describe('the normal mixture', () => {
  // √((t r + 1) / (t² r) · 2 ln(√(t r + 1) / α)) as Python computes it.
  test.each([
    [1, 1, 3.6563948713638483],
    [2, 1, 2.3059830066225704],
    [3, 1, 1.8108020209874927],
    [5, 1, 1.3667383670332258],
    [10, 1, 0.9606401928868574],
    [50, 1, 0.44992790496765045],
    [1, 0.25, 5.57431973357386],
    [10, 0.25, 1.0070709270872975],
  ])('has the radius of its formula at t = %d, r = %d', (t, r, radius) => {
    expect(mixtureRadius(t, 0.05, r)).toBeCloseTo(radius, 6);
  });

  test('is narrowest near where it is asked to be', () => {
    const at = (t: number, aim: number): number => mixtureRadius(t, 0.05, spreadFor(aim, 0.05));
    for (const t of [1, 5, 20]) for (const aim of [1, 5, 20]) expect(at(t, t)).toBeLessThanOrEqual(at(t, aim) * 1.01);
  });

  test('is crossed by nothing in at most its share of cases, however often one looks', () => {
    let [crossed, cases] = [0, 4000];
    for (let seed = 0; seed < cases; seed++) {
      const random = rng(seed);
      let sum = 0;
      for (let t = 1; t <= 50; t++) {
        sum += random.normal();
        if (logEvidence(sum / Math.sqrt(t), t, 1) < -Math.log(0.05)) continue;
        crossed++;
        break;
      }
    }
    expect(crossed / cases).toBeLessThanOrEqual(0.05);
    expect(crossed / cases).toBeGreaterThan(0.01);
  });

  test('its boundary is where the evidence is reached', () => {
    for (const t of [0.5, 2, 9]) {
      const z = boundary(t, 0.01, 2);
      expect(logEvidence(z, t, 2)).toBeCloseTo(Math.log(100), 9);
    }
  });
});

test('a deviate of Student and the one of the normal with the same tail are each other’s', () => {
  for (const df of [2, 5, 30]) {
    for (const z of [-3.5, -0.2, 0, 1, 2.5, 4]) {
      const t = studentEquivalent(z, df);
      expect(normalEquivalent(t, df)).toBeCloseTo(z, 5);
      expect(Math.abs(t)).toBeGreaterThanOrEqual(Math.abs(z));
    }
  }
  // scipy.stats: norm.isf(t.sf(5, 4))
  expect(normalEquivalent(5, 4)).toBeCloseTo(2.674215, 5);
  expect(normalEquivalent(5, Infinity)).toBe(5);
});

describe('group sequential boundaries', () => {
  const series = (alpha: number, most = 9): Look[] => {
    const looks: Look[] = [];
    const last = 1 / (1 / most + 1 / 8);
    for (let n = 2; n <= most; n++) {
      const information = 1 / (1 / n + 1 / 8);
      looks.push({ information, boundary: nextBoundary(looks, information, last, alpha) });
    }
    return looks;
  };

  test.each([0.05, 0.01])('are crossed by nothing in just their share of cases (%d)', (alpha) => {
    const looks = series(alpha);
    let crossed = 0;
    const cases = 40_000;
    for (let seed = 0; seed < cases; seed++) {
      const random = rng(seed, 5);
      let [sum, reached] = [0, 0];
      for (const look of looks) {
        sum += Math.sqrt(look.information - reached) * random.normal();
        reached = look.information;
        if (sum / Math.sqrt(reached) <= look.boundary) continue;
        crossed++;
        break;
      }
    }
    // Four standard errors.
    expect(Math.abs(crossed / cases - alpha)).toBeLessThan(4 * Math.sqrt((alpha * (1 - alpha)) / cases));
  });

  test('ask for less than a confidence sequence, and for more than a single look', () => {
    for (const look of series(0.005)) {
      expect(look.boundary).toBeGreaterThan(2.5758);
      expect(look.boundary).toBeLessThan(boundary(look.information, 0.005, spreadFor(2.5, 0.01)));
    }
  });

  test('a single look is a fixed test; what is spent is gone; less information is no new look', () => {
    expect(nextBoundary([], 4, 4, 0.025)).toBeCloseTo(1.959964, 5);
    const first = { information: 4, boundary: 1.96 };
    expect(nextBoundary([first], 6, 4, 0.025)).toBe(Infinity);
    expect(nextBoundary([first], 3.5, 8, 0.025)).toBe(1.96);
    const odd = [first, { information: 3, boundary: 1.96 }];
    expect(nextBoundary(odd, 5, 8, 0.025)).toBeCloseTo(nextBoundary([first], 5, 8, 0.025), 12);
  });
});

import { describe, expect, test } from 'vitest';
import { rng } from '../math/rng.ts';
import { canonical, type Point, type Space, toSpace } from '../space/index.ts';
import { hypervolume } from '../stats/pareto.ts';
import { believe, foresight, propose } from './gp.ts';
import { rowOf } from './surrogate/layout.ts';
import { Posterior } from './surrogate/surrogate.ts';
import { auto, ehvi, gp, type Observation, quasi, random, type Sampler, samplers, tpe } from './index.ts';

const plane = toSpace([
  { name: 'x', type: 'float', low: 0, high: 1 },
  { name: 'y', type: 'float', low: 0, high: 1 },
]);
const bowl = (p: Point): number => (Number(p['x']) - 0.3) ** 2 + (Number(p['y']) - 0.7) ** 2;

/** A search of `count` evaluations; what `outcome` leaves open counts as done. */
function run(
  sampler: Sampler,
  space: Space,
  count: number,
  outcome: (point: Point) => Partial<Observation>,
  before: readonly Observation[] = [],
  seed = 1,
): Observation[] {
  const history: Observation[] = [...before];
  for (let i = 0; i < count; i++) {
    const point = sampler(space, history, rng(seed, i));
    history.push({ point, status: 'done', ...outcome(point) });
  }
  return history.slice(before.length);
}

const best = (history: readonly Observation[]): number => Math.min(...history.map((o) => o.loss ?? Infinity));

test('finds the bottom of a bowl to 1e-4 in 20 evaluations', () => {
  expect(best(run(gp, plane, 20, (point) => ({ loss: bowl(point) })))).toBeLessThan(1e-4);
});

const lr = { name: 'lr', type: 'float', low: 1e-5, high: 0.1, log: true } as const;
const decades = (p: Point): number => Math.log10(Number(p['lr'])) + 3;

describe('where hardly a point keeps the constraints the model is asked all the same', () => {
  test.each([
    {
      what: 'a batch split into steps',
      space: toSpace(
        [{ name: 'micro', type: 'int', low: 1, high: 64 }, { name: 'accum', type: 'int', low: 1, high: 64 }, lr],
        ['micro * accum == 64'],
      ),
      loss: (p: Point) => 0.1 * Math.abs(Math.log2(Number(p['micro'])) - 4) + 0.5 * decades(p) ** 2,
    },
    {
      what: 'shares of a mixture',
      space: toSpace(
        [...['a', 'b', 'c'].map((name) => ({ name, type: 'float' as const, low: 0, high: 1 })), lr],
        ['abs(a + b + c - 1) <= 0.001'],
      ),
      loss: (p: Point) =>
        (Number(p['a']) - 0.6) ** 2 + (Number(p['b']) - 0.3) ** 2 + 0.3 * (decades(p) - Number(p['a'])) ** 2,
    },
  ])('$what', ({ space, loss }) => {
    const bests = [1, 2, 3].map((seed) => best(run(gp, space, 40, (point) => ({ loss: loss(point) }), [], seed)));
    // With nothing but points that happen to keep the constraint to choose from, the mixture ends at .01.
    expect(bests.toSorted((a, b) => a - b)[1]).toBeLessThan(5e-4);
  });
});

test.each(['gp', 'auto', 'ehvi'] as const)('%s asks its model sooner in a search of few points', (name) => {
  const wide = toSpace(Array.from({ length: 8 }, (_, i) => ({ name: `x${i}`, type: 'float', low: 0, high: 1 })));
  const known = (count: number): Observation[] =>
    Array.from({ length: count }, (_, i) => {
      const point = random(wide, [], rng(4, i));
      return { point, status: 'done', loss: Number(point['x0']) };
    });
  const asks = (count: number, points?: number): boolean => {
    const [history, random] = [known(count), rng(9)];
    const point = samplers[name](wide, history, random, points === undefined ? {} : { points });
    return canonical(point) !== canonical(quasi(wide, history, rng(9)));
  };
  expect([9, 10].map((count) => asks(count))).toEqual([false, true]);
  expect([9, 10].map((count) => asks(count, 400))).toEqual([false, true]);
  expect([4, 5].map((count) => asks(count, 20))).toEqual([false, true]);
  expect([3, 4].map((count) => asks(count, 8))).toEqual([false, true]);
});

test('numbers are moved before they are compared where the results call for it, and nowhere else', () => {
  const believed = (f: (x: number) => number): boolean => {
    const known = Array.from({ length: 40 }, (_, i): Observation => {
      const point = random(plane, [], rng(4, i));
      return { point, status: 'done', loss: f(Number(point['x'])) + Number(point['y']) };
    });
    expect(believe(plane, known.slice(0, 19)).posterior.hyper.warping).toBeUndefined();
    return believe(plane, known).posterior.hyper.warping !== undefined;
  };
  expect(believed((x) => Math.sin(12 * x ** 4))).toBe(true);
  expect(believed((x) => Math.sin(6 * x))).toBe(false);
});

test('pending points are not proposed again, and spread the others', () => {
  const history: Observation[] = run(gp, plane, 12, (point) => ({ loss: bowl(point) }));
  const flying: Point[] = [];
  for (let i = 0; i < 4; i++) {
    const point = gp(plane, [...history, ...flying.map((p) => ({ point: p, status: 'pending' as const }))], rng(9, i));
    for (const other of flying) {
      const apart = Math.hypot(Number(point['x']) - Number(other['x']), Number(point['y']) - Number(other['y']));
      expect(apart).toBeGreaterThan(1e-5);
    }
    flying.push(point);
  }
});

test('keeps away from where runs crash', () => {
  // The loss falls towards x = 1, and everything beyond 0.6 crashes.
  const history = run(gp, plane, 40, (point) =>
    Number(point['x']) > 0.6 ? { status: 'crashed' } : { loss: 1 - Number(point['x']) },
  );
  // It feels for the edge, where the best results are, and leaves the region behind it alone.
  const behind = (some: readonly Observation[]): number => some.filter((o) => Number(o.point['x']) > 0.7).length;
  expect(behind(history.slice(10))).toBeLessThanOrEqual(6);
  expect(best(history)).toBeLessThan(0.405);
});

describe('of crashes, while everything draws it towards them', () => {
  const cube = toSpace(['x', 'y', 'z'].map((name) => ({ name, type: 'float', low: 0, high: 1 })));
  const seeds = [0, 1, 2, 3];
  const late = (sampler: Sampler, space: Space, outcome: (p: Point) => Partial<Observation>, over = seeds): number => {
    const shares = over.map((seed) => {
      const all = run(sampler, space, 60, outcome, [], seed).slice(30);
      return all.filter((o) => o.status === 'crashed').length / all.length;
    });
    return shares.reduce((a, b) => a + b, 0) / over.length;
  };

  test('there are fewer than chance gives after 30 runs: an edge in one parameter of three, the loss falling beyond it', () => {
    // Chance: .4. An acquisition that only multiplies by the chance of a result gives .99.
    const edge = (p: Point): Partial<Observation> =>
      Number(p['x']) > 0.6 ? { status: 'crashed' } : { loss: 1 - Number(p['x']) };
    expect(late(gp, cube, edge)).toBeLessThan(0.4);
  });

  test('there are hardly any of a choice that always crashes', () => {
    const mixed = toSpace(
      ['x', 'y']
        .map((name) => ({ name, type: 'float', low: 0, high: 1 }))
        .concat([{ name: 'act', choices: ['a', 'b', 'c'] } as never]),
    );
    const outcome = (p: Point): Partial<Observation> => (p['act'] === 'b' ? { status: 'crashed' } : { loss: bowl(p) });
    expect(late(gp, mixed, outcome)).toBeLessThan(0.1);
  });

  test('several objectives keep away too', () => {
    const outcome = (p: Point): Partial<Observation> =>
      Number(p['x']) > 0.5 ? { status: 'crashed' } : { losses: [1 - Number(p['x']), Number(p['y'])] };
    expect(late(ehvi, plane, outcome, [1])).toBeLessThan(0.35);
    expect(late(ehvi, plane, outcome, [0, 1])).toBeLessThan(0.35);
  });

  test('those that come by bad luck, one in five, keep it from nothing', () => {
    const worst = seeds.map((seed) => {
      const luck = rng(seed, 77);
      return best(
        run(gp, plane, 40, (p) => (luck.uniform() < 0.2 ? { status: 'crashed' } : { loss: bowl(p) }), [], seed),
      );
    });
    expect(Math.max(...worst)).toBeLessThan(1e-4);
  });
});

test('one objective given as a list is no other problem', () => {
  const listed = run(ehvi, plane, 20, (p) => ({ losses: [bowl(p)] }));
  expect(Math.min(...listed.map((o) => o.losses![0]!))).toBeLessThan(1e-4);
  expect(best(run(ehvi, plane, 20, (p) => ({ loss: bowl(p) })))).toBeLessThan(1e-4);
});

test('of two equal optima it works at the cheap one', () => {
  const twins = (p: Point): number => Math.min((Number(p['x']) - 0.2) ** 2, (Number(p['x']) - 0.8) ** 2);
  const cheap = (p: Point): number => (Number(p['x']) < 0.5 ? 1 : 20);
  const spent = (priced: boolean): number => {
    const history = run(gp, plane, 40, (point) => ({
      loss: twins(point),
      ...(priced ? { cost: cheap(point) } : {}),
    }));
    return history.slice(10).filter((o) => Number(o.point['x']) >= 0.5).length;
  };
  expect(spent(true)).toBeLessThan(spent(false));
});

test('a good guess saves evaluations, and a bad one does not hurt for long', () => {
  const guess = (value: number): Space =>
    toSpace([
      { name: 'x', type: 'float', low: 0, high: 1, prior: { value, width: 0.1 } },
      { name: 'y', type: 'float', low: 0, high: 1, prior: { value: 0.7, width: 0.1 } },
    ]);
  const after = (space: Space, n: number): number => {
    const all = [1, 2, 3, 4, 5].map((seed) => best(run(gp, space, n, (p) => ({ loss: bowl(p) }), [], seed)));
    return all.sort((a, b) => a - b)[2]!;
  };
  expect(after(guess(0.3), 6)).toBeLessThan(after(plane, 6));
  expect(after(guess(0.9), 30)).toBeLessThan(1e-3);
});

test('another study shows where to look first, whatever its scale, and cannot hurt for long', () => {
  const old = (shift: number): Observation[] =>
    run(random, plane, 40, (p) => ({ loss: 1e4 * bowl({ x: Number(p['x']) + shift, y: p['y']! }) - 77 })).map((o) => ({
      ...o,
      study: 'last week',
    }));
  const first = run(gp, plane, 3, (p) => ({ loss: bowl(p) }), old(0));
  expect(best(first)).toBeLessThan(0.01);
  // It was another question: its best point is half the space away.
  expect(best(run(gp, plane, 30, (p) => ({ loss: bowl(p) }), old(-0.5)))).toBeLessThan(1e-3);
});

test('a point that another study has tried is new here', () => {
  const small = toSpace([
    { name: 'act', choices: ['a', 'b', 'c', 'd'] },
    { name: 'depth', type: 'int', low: 1, high: 4 },
  ]);
  const loss = (p: Point): number => 'dcba'.indexOf(String(p['act'])) + Number(p['depth']);
  const old = run(random, small, 16, (p) => ({ loss: loss(p) })).map((o) => ({ ...o, study: 'last week' }));
  const seen = run(gp, small, 16, (p) => ({ loss: loss(p) }), old);
  expect(seen[0]!.point).toEqual({ act: 'd', depth: 1 });
  expect(new Set(seen.map((o) => canonical(o.point))).size).toBe(16);
});

test('several objectives: more dominated volume than chance, and constraints are kept', () => {
  const two = (p: Point): number[] => [bowl(p), (Number(p['x']) - 0.8) ** 2 + (Number(p['y']) - 0.2) ** 2];
  const volume = (history: readonly Observation[]): number =>
    hypervolume(
      history.filter((o) => (o.violations?.[0] ?? 0) <= 0).map((o) => o.losses!),
      [1, 1],
    );
  const outcome = (p: Point): Partial<Observation> => ({
    losses: two(p),
    violations: [Number(p['x']) - 0.6],
  });
  let [ours, chance] = [0, 0];
  for (const seed of [1, 2, 3]) {
    const history = run(auto, plane, 30, outcome, [], seed);
    ours += volume(history);
    chance += volume(run(random, plane, 30, outcome, [], seed));
    expect(history.slice(12).filter((o) => o.violations![0]! > 0).length).toBeLessThan(9);
  }
  expect(ours).toBeGreaterThan(chance);
  expect(ehvi(plane, [], rng(1))).toEqual(ehvi(plane, [], rng(1)));
});

test('what it proposes does not depend on what was asked before', () => {
  const history = run(gp, plane, 25, (point) => ({ loss: bowl(point) }));
  const fresh = toSpace([
    { name: 'x', type: 'float', low: 0, high: 1 },
    { name: 'y', type: 'float', low: 0, high: 1 },
  ]);
  expect(gp(fresh, history, rng(5))).toEqual(gp(plane, history, rng(5)));
});

describe('what the model foresees of results that are left out', () => {
  const seen = (loss: (point: Point, i: number) => number): Observation[] =>
    Array.from({ length: 40 }, (_, i) => {
      const point = random(plane, [], rng(6, i));
      return { point, status: 'done', loss: loss(point, i) };
    });
  const noise = seen((_, i) => rng(7, i).normal());
  const clear = seen(bowl);

  test('is nearly all of a bowl, and nothing of noise', () => {
    expect(foresight(plane, clear)).toBeGreaterThan(0.95);
    expect(foresight(plane, noise)).toBeLessThan(0.2);
  });

  test('is what it would be with each of them really left out', () => {
    const half = seen((point, i) => bowl(point) + 0.05 * rng(7, i).normal()).slice(0, 12);
    const { posterior, warped } = believe(plane, half);
    const errors = half.map((_, left) => {
      const others = new Posterior(posterior.hyper, posterior.category);
      const rest = posterior.rows.filter((__, i) => i !== left);
      for (const row of rest) others.add(row, others.noise);
      others.condition(warped.values.filter((__, i) => i !== left));
      return warped.values[left]! - others.mean(posterior.rows[left]!);
    });
    posterior.leftOut().forEach((error, i) => {
      expect(error).toBeCloseTo(errors[i]!, 6);
    });
    const share = 1 - errors.reduce((sum, error) => sum + error * error, 0) / half.length;
    expect(foresight(plane, half)).toBeCloseTo(share, 6);
  });

  test('decides who is asked by default', () => {
    expect(auto(plane, clear, rng(3))).toEqual(gp(plane, clear, rng(3)));
    expect(auto(plane, noise, rng(3))).toEqual(tpe(plane, noise, rng(3)));
    expect(auto(plane, noise.slice(0, 19), rng(3))).toEqual(gp(plane, noise.slice(0, 19), rng(3)));
  });
});

test('under noise, improvement from further beyond the best on is looked for where less is known', () => {
  const known = Array.from({ length: 40 }, (_, i): Observation => {
    const point = random(plane, [], rng(6, i));
    return { point, status: 'done', loss: bowl(point) + 0.1 * rng(7, i).normal() };
  });
  const belief = believe(plane, known);
  const sdOf = (beyond: number): number =>
    [1, 2, 3, 4, 5].reduce((sum, seed) => {
      const point = propose(plane, belief, known, rng(seed), undefined, [], 4, beyond);
      return sum + belief.posterior.predict(rowOf(belief.layout, point), { mean: 0, sd: 0 }).sd / 5;
    }, 0);
  const noise = Math.sqrt(belief.posterior.noise);
  expect(noise).toBeGreaterThan(0.1);
  const sds = [0, 0.5, 1, 2, 4].map((c) => sdOf(c * noise));
  expect(sds).toEqual(sds.toSorted((a, b) => a - b));
  expect(sds.at(-1)).toBeGreaterThan(1.1 * sds[0]!);
});

import { expect, test } from 'vitest';
import { rng } from '../../methods/math/rng.ts';
import { likeness, SAME_CONTEXT } from './context.ts';
import { type Ending, fitCrash } from './crash.ts';
import { fingerprint } from './fingerprint.ts';
import { memoryOf } from './memory.ts';
import { distanceOver, domainsOf, FIRST_RADIUS, noiseRadius } from './near.ts';
import { contextFor, experiment } from './record.fixture.ts';
import { type Question, triedBefore, type TriedOptions } from './tried.ts';

const BASE = { lr: 0.1, wd: 0, depth: 4, width: 64, warmup: 10 };
const distance = distanceOver([
  { name: 'lr', kind: 'float', low: 0.001, high: 1, scale: 'log', default: 0.1 },
  { name: 'wd', kind: 'float', low: 0, high: 1, scale: 'linear', default: 0 },
]);

function ask(
  memory: ReturnType<typeof memoryOf>,
  to: object,
  more: Partial<Question> = {},
  options: TriedOptions = { distance },
) {
  return triedBefore(memory, { point: { ...BASE, ...to }, context: contextFor({ incumbent: BASE }), ...more }, options);
}

test('the same point, code, data and seed is there already; another seed is a replicate', () => {
  const memory = memoryOf([experiment(2, BASE, { ...BASE, lr: 0.2 }, { loss: 3 })]);
  // In another order, and with digits that no run can tell apart.
  const again = ask(memory, { warmup: 10, lr: 0.2000000001 }, { seed: 1 });
  expect(again).toMatchObject({ decision: 'reuse', step: 'exact', why: 'the same: tried 1×, mean 3 (s/2)' });
  expect(ask(memory, { lr: 0.2 }, { seed: 2 })).toMatchObject({ decision: 'warn', step: 'exact' });
  const elsewhere = contextFor({ incumbent: BASE, data: 'v2' });
  expect(ask(memory, { lr: 0.2 }, { context: elsewhere }).decision).not.toBe('reuse');
  const rewritten = contextFor({ incumbent: BASE, code: ['another script'] });
  expect(ask(memory, { lr: 0.2 }, { context: rewritten }).decision).not.toBe('reuse');
});

test('what is under way, or was read out of a description, is not reused', () => {
  const open = memoryOf([experiment(2, BASE, { ...BASE, lr: 0.2 }, { status: 'open', n: 0, seeds: [] })]);
  expect(ask(open, { lr: 0.2 })).toMatchObject({ decision: 'warn', step: 'exact' });
  const { change, ...rest } = experiment(2, BASE, { ...BASE, lr: 0.2 }, { loss: 3 });
  const told = memoryOf([{ ...rest, change: { ...change, prose: true } }]);
  expect(ask(told, { lr: 0.2 })).toMatchObject({ decision: 'warn', step: 'exact' });
});

test('the newest word on a trial counts', () => {
  const memory = memoryOf([experiment(2, BASE, { ...BASE, lr: 0.2 }, { status: 'open', n: 0 })]);
  memory.add(experiment(2, BASE, { ...BASE, lr: 0.2 }, { loss: 3 }));
  expect(ask(memory, { lr: 0.2 }).decision).toBe('reuse');
  expect([...memory.all()]).toHaveLength(1);
});

test('next to what was tried, a warning says how often and what came of it', () => {
  const tries = [3, 3.2].map((loss, i) => experiment(i + 2, BASE, { ...BASE, lr: 0.2 * (1 + 0.01 * i) }, { loss }));
  const answer = ask(memoryOf(tries), { lr: 0.2004 });
  expect(answer).toMatchObject({
    decision: 'warn',
    step: 'near',
    why: 'next to it tried 2×, mean 3.1 ± 0.1 (s/2, s/3)',
  });
  expect(ask(memoryOf(tries), { lr: 0.3 }).decision).toBe('allow');
});

test('the same change in a changed context is allowed, and the record shown with what differs', () => {
  const memory = memoryOf([experiment(2, BASE, { ...BASE, lr: 0.2 }, { verdict: 'discard', loss: 3 })]);
  const moved = { ...BASE, wd: 0.5, depth: 8, width: 128 };
  const answer = triedBefore(
    memory,
    { point: { ...moved, lr: 0.2 }, context: contextFor({ incumbent: moved }) },
    { distance },
  );
  expect(answer).toMatchObject({ decision: 'allow', step: 'none' });
  expect(answer.elsewhere.map(({ record }) => record.id)).toEqual(['s/2']);
  expect(answer.why).toContain('wd 0 then, 0.5 now');
  // One knob alone is no other context, unless it is known to act together with this one.
  const once = { ...BASE, wd: 0.5 };
  const question = { point: { ...once, lr: 0.2 }, context: contextFor({ incumbent: once }) };
  expect(triedBefore(memory, question, { distance })).toMatchObject({ decision: 'warn', step: 'same-change' });
  const interacting = (knob: string) => new Set(knob === 'lr' ? ['wd'] : []);
  expect(triedBefore(memory, question, { distance, interacting }).decision).toBe('allow');
});

test('weight falls with what has changed, and not with age', () => {
  const then = contextFor({ incumbent: BASE, data: 'a', scale: { tokens: 1e6 } });
  const weight = (changes: object, ...more: [ReadonlySet<string>?, ReadonlySet<string>?]) =>
    likeness(then, { ...then, ...changes }, ...more).weight;
  expect(weight({})).toBe(1);
  expect(weight({ incumbent: { ...BASE, wd: 1, depth: 5 } })).toBeCloseTo(0.81);
  expect(weight({ incumbent: { ...BASE, wd: 1 } }, new Set(), new Set(['wd']))).toBeCloseTo(0.7);
  expect(weight({ incumbent: { ...BASE, wd: 1 } }, new Set(['wd']))).toBe(1);
  expect(weight({ data: 'b' })).toBe(0.5);
  expect(weight({ data: 'b', metricVersion: '2' })).toBe(0.25);
  expect(weight({ scale: { tokens: 1e8 } })).toBeCloseTo(0.36);
  expect(0.9 ** 2).toBeGreaterThan(SAME_CONTEXT);
  expect(0.9 ** 3).toBeLessThan(SAME_CONTEXT);
});

test('the same code under other names or with other numbers is warned of, wherever it comes from', () => {
  const source = 'def f(x):\n    return x * 0.5\n';
  const files = (text: string) => [{ path: 'f.py', fingerprint: fingerprint(text, 'f.py') }];
  const before = experiment(2, BASE, BASE, { loss: 3 });
  const memory = memoryOf([{ ...before, change: { knobs: [], files: files(source) } }]);
  const of = (text: string) => ask(memory, {}, { files: files(text) });
  expect(of(`# halved\n${source}`)).toMatchObject({ decision: 'reuse', step: 'exact' });
  expect(of(source.replaceAll('x', 'y')).why).toMatch(/under other names/);
  expect(of(source.replace('0.5', '0.7')).why).toMatch(/other numbers/);
  expect(of(source.replace('*', '+')).decision).toBe('allow');
});

test('equal code is the same however it came about, and other code makes a knob another change', () => {
  const before = experiment(2, BASE, { ...BASE, lr: 0.2 }, { loss: 3 });
  const memory = memoryOf([{ ...before, change: { ...before.change, tree: 't1' } }]);
  const grown = contextFor({ incumbent: BASE, code: ['script', 'a change that was kept'] });
  expect(ask(memory, { lr: 0.2 }, { tree: 't1', context: grown })).toMatchObject({ decision: 'reuse', step: 'exact' });
  expect(ask(memory, { lr: 0.2 }, { tree: 't2' }).decision).toBe('allow');
  expect(ask(memory, { lr: 0.2 }).decision).toBe('allow');
});

test('the same words only warn', () => {
  const hypothesis = 'lower the learning rate of embeddings because they overfit';
  const noise = Array.from({ length: 20 }, (_, i) =>
    experiment(i + 10, BASE, { ...BASE, depth: i + 20 }, {}, { hypothesis: `deeper network number ${i}` }),
  );
  const memory = memoryOf([...noise, experiment(2, BASE, { ...BASE, wd: 0.7 }, { loss: 3 }, { hypothesis })]);
  const again = ask(memory, { width: 65 }, { hypothesis: 'Because embeddings overfit: lower their learning rate.' });
  expect(again).toMatchObject({ decision: 'warn', step: 'text' });
  expect(ask(memory, { width: 65 }, { hypothesis: 'lower the weight decay of the output layer' }).decision).toBe(
    'allow',
  );
});

/** Fails when depth × width is too much. */
function endings(n: number, seed: number): Ending[] {
  const random = rng(seed);
  return Array.from({ length: n }, () => {
    const point = { ...BASE, depth: 2 + random.int(20), width: 8 * (1 + random.int(32)), lr: random.uniform() };
    return { point, failed: point.depth * point.width > 1500 };
  });
}

test('failures are foreseen with the probability that is stated', () => {
  const model = fitCrash(endings(600, 1), rng(2))!;
  const fresh = endings(2000, 3).map((ending) => ({ ...ending, p: model.probability(ending.point) }));
  for (const [low, high] of [
    [0, 0.1],
    [0.9, 1],
  ] as const) {
    const some = fresh.filter(({ p }) => p >= low && p <= high);
    const rate = some.filter(({ failed }) => failed).length / some.length;
    expect(some.length).toBeGreaterThan(300);
    expect(rate).toBeGreaterThanOrEqual(low - 0.03);
    expect(rate).toBeLessThanOrEqual(high + 0.03);
  }
  expect(fitCrash(endings(10, 1), rng(2))).toBeUndefined();
  expect(
    fitCrash(
      endings(100, 1).map((one) => ({ ...one, failed: false })),
      rng(2),
    ),
  ).toBeUndefined();
});

test('what will fail is blocked, unless somebody insists; one in twenty is let through', () => {
  const crash = fitCrash(endings(600, 1), rng(2))!;
  const doomed = { depth: 21, width: 256 };
  expect(ask(memoryOf(), doomed, {}, { crash })).toMatchObject({ decision: 'block', step: 'crash' });
  expect(ask(memoryOf(), doomed, {}, { crash, override: true }).decision).toBe('allow');
  expect(ask(memoryOf(), { depth: 2, width: 8 }, {}, { crash }).decision).toBe('allow');
  const worked = experiment(2, BASE, { ...BASE, ...doomed, lr: 0.1001 }, { loss: 3 });
  expect(ask(memoryOf([worked]), doomed, {}, { crash, distance })).toMatchObject({ decision: 'warn', step: 'near' });
  const random = rng(4);
  const answers = Array.from({ length: 2000 }, () => ask(memoryOf(), doomed, {}, { crash, random }));
  const tested = answers.filter((answer) => answer.tested);
  // Binomial with p = 0.05: 100 ± 5 standard deviations.
  expect(Math.abs(tested.length - 100)).toBeLessThan(50);
  expect(tested.every(({ decision }) => decision === 'allow')).toBe(true);
});

test('the radius grows to where results begin to differ by more than noise', () => {
  const random = rng(5);
  const slope = 3;
  const seen = Array.from({ length: 200 }, () => {
    const lr = 0.5 + 0.1 * random.uniform();
    return { point: { lr }, loss: slope * lr + 0.02 * random.normal() };
  });
  const apart = distanceOver([{ name: 'lr', kind: 'float', low: 0, high: 1, scale: 'linear', default: 0 }]);
  // At 0.02 the slope makes 0.06, more than twice a noise of 0.02.
  expect(noiseRadius(seen, apart, 0.02)).toBeLessThan(0.03);
  expect(noiseRadius(seen, apart, 0.2)).toBe(0.05);
  expect(noiseRadius([], apart)).toBe(FIRST_RADIUS);
});

test('names that objects have of their own are knobs like any other', () => {
  const odd = { constructor: 1, toString: 'a' };
  const memory = memoryOf([experiment(2, {}, odd, { loss: 1 })]);
  expect(triedBefore(memory, { point: odd, context: contextFor() }, { distance }).decision).toBe('reuse');
  expect(domainsOf([odd, { ...odd, constructor: 5 }]).map(({ name }) => name)).toEqual(['constructor']);
});

import { expect, test } from 'vitest';
import { rng } from '../../methods/math/rng.ts';
import { fitted, tokensOf } from './budget.ts';
import { choose, type Telling } from './choose.ts';
import { lessonsOf } from './lesson.ts';
import { memoryOf } from './memory.ts';
import { rank, recall } from './recall.ts';
import { faceOf, type TrialRecord } from './record.ts';
import { experiment } from './record.fixture.ts';

const BASE = { lr: 0.1, wd: 0, depth: 4, width: 64 };
const WORDS =
  'learning rate decay embedding softcap warmup depth width attention gate norm init seed batch noise'.split(' ');

/** Experiments of random words and knobs, a third of them kept. */
function many(n: number, seed: number): TrialRecord[] {
  const random = rng(seed);
  return Array.from({ length: n }, (_, i) => {
    const hypothesis = Array.from({ length: 4 + random.int(30) }, () => WORDS[random.int(WORDS.length)]!).join(' ');
    const knob = Object.keys(BASE)[random.int(4)]!;
    const effect = 0.1 * random.normal();
    const kept = effect > 0.04;
    return experiment(
      i + 1,
      BASE,
      { ...BASE, [knob]: Number((1 + random.uniform()).toPrecision(3)) },
      kept
        ? { verdict: 'keep', effect, margin: 0.05 }
        : i % 7 === 0
          ? { status: 'oom', n: 0, verdict: 'crash' }
          : { verdict: 'discard', effect, margin: 0.05 },
      { hypothesis },
    );
  });
}

test('what is recalled fits into every budget, and cites records that exist', () => {
  const records = many(300, 1);
  const memory = memoryOf(records);
  const lessons = lessonsOf(records);
  const ids = new Set([...records.map(({ id }) => id), ...lessons.map(({ id }) => id)]);
  for (const budget of [0, 1, 5, 17, 50, 100, 333, 1000, 5000]) {
    for (const text of ['learning rate', 'softcap of attention', '']) {
      const told = recall(memory, { text, knobs: ['lr'] }, budget, {
        lessons,
        pinned: 'goal: less loss. '.repeat(100),
      });
      expect(tokensOf(told.text)).toBeLessThanOrEqual(budget);
      expect(told.tokens).toBe(tokensOf(told.text));
      for (const id of told.ids) {
        expect(ids).toContain(id);
        expect(told.text).toContain(`[${id}]`);
      }
    }
  }
});

test('at least 30 % of the told are failures and at most 30 % wins', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const records = many(200, seed);
    const faces = new Map(records.map((record) => [record.id, faceOf(record)]));
    for (const budget of [400, 1500, 4000]) {
      const told = recall(memoryOf(records), { text: 'embedding learning rate' }, budget).text.split(
        '\nOthers by knob:',
      )[0]!;
      const all = [...told.matchAll(/^\[([^\]]+)\]/gm)].map((match) => faces.get(match[1]!));
      expect(all.length).toBeGreaterThan(3);
      expect(all.filter((face) => face === 'failure').length).toBeGreaterThanOrEqual(0.3 * all.length);
      expect(all.filter((face) => face === 'win').length).toBeLessThanOrEqual(0.3 * all.length);
    }
  }
});

test('the chosen cost no more than the budget, and failures are among them however low they rank', () => {
  const telling = (face: Telling['face'], score: number, i: number): Telling => ({
    face,
    score,
    words: new Set([`word ${i}`]),
    full: `${face} ${i}: what was tried and what came of it, in so many words`,
    short: `${face} ${i}`,
  });
  const all = Array.from({ length: 60 }, (_, i) => (i < 40 ? telling('other', 1, i) : telling('failure', 0.01, i)));
  for (const budget of [10, 60, 200, 500]) {
    const chosen = choose(all, budget);
    expect(chosen.reduce((sum, { line }) => sum + tokensOf(line) + 1, 0)).toBeLessThanOrEqual(budget);
    const failures = chosen.filter(({ one }) => one.face === 'failure').length;
    expect(failures).toBeGreaterThanOrEqual(0.3 * chosen.length);
    expect(failures).toBeLessThan(0.5 * chosen.length + 1);
  }
});

test('where there are only wins, wins are told', () => {
  const wins = many(30, 2).map((record) => ({ ...record, outcome: { ...record.outcome, verdict: 'keep' as const } }));
  expect(recall(memoryOf(wins), { text: 'learning rate' }, 500).ids.length).toBeGreaterThan(3);
});

test('what is like the told comes later than what is not', () => {
  const twins = Array.from({ length: 5 }, (_, i) =>
    experiment(
      i + 2,
      BASE,
      { ...BASE, lr: 0.2 },
      { verdict: 'discard' },
      { hypothesis: 'raise the learning rate of attention gates' },
    ),
  );
  const other = experiment(
    9,
    BASE,
    { ...BASE, wd: 1 },
    { verdict: 'discard' },
    { hypothesis: 'learning rate of attention with decay instead' },
  );
  const { ids } = recall(memoryOf([other, ...twins]), { text: 'learning rate of attention gates' }, 600);
  expect(ids.indexOf('s/9')).toBe(1);
});

test('use, knobs and being new count beside the words', () => {
  const same = (id: number, more: Partial<TrialRecord> = {}, to: object = { depth: 5 }) =>
    experiment(id, BASE, { ...BASE, ...to }, {}, { hypothesis: 'softcap of logits', ...more });
  const rest = many(40, 3);
  const first = (list: TrialRecord[], knobs: string[] = []) => {
    const memory = memoryOf(list);
    return memory.record(rank(memory, { text: 'softcap logits', knobs }, 1)[0]!.document)!.id;
  };
  const [a, b] = [same(101), same(102)];
  const between = rest.map((record) => ({ ...record, hypothesis: 'gate' }));
  expect(first([a, ...between, b])).toBe('s/102');
  expect(first([a, ...between, b, experiment(103, BASE, BASE, {}, { links: [{ kind: 'cites', to: 's/101' }] })])).toBe(
    's/101',
  );
  expect(first([same(101, {}, { wd: 1 }), b], ['wd'])).toBe('s/101');
  // A newer word on the cited trial keeps what it was cited for.
  const citing = experiment(103, BASE, BASE, {}, { links: [{ kind: 'cites', to: 's/101' }] });
  expect(first([a, ...between, citing, a, b])).toBe('s/101');
});

test('another signal can lift a document, and nothing outside of what it may see', () => {
  const memory = memoryOf(many(50, 4));
  const signal = () => [{ document: 7, score: 1000 }];
  const ranked = (before?: number) =>
    rank(memory, { text: 'zzz' }, 3, { signal, ...(before === undefined ? {} : { before }) });
  expect(ranked()[0]!.document).toBe(7);
  expect(ranked(5).every(({ document }) => document < 5)).toBe(true);
});

test('an estimate of tokens counts what tokenizers split', () => {
  // Counts of o200k, which the estimate must not fall below.
  for (const [text, count] of [
    ['embedding LR 0.8 to 0.9 (with WD)', 15],
    ['7f2a65c\t0.981773\t60.2', 15],
    ['WARMDOWN_RATIO=0.5', 8],
    ['naïve Δ=+0.009 — schledule', 12],
    ['', 0],
  ] as const)
    expect(tokensOf(text), text).toBeGreaterThanOrEqual(count);
  for (const budget of [0, 1, 3, 10, 100])
    expect(tokensOf(fitted('The weights of αβγ embeddings. '.repeat(9), budget))).toBeLessThanOrEqual(budget);
  expect(fitted('short', 100)).toBe('short');
});

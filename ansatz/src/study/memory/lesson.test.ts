import { expect, test } from 'vitest';
import { rng } from '../../methods/math/rng.ts';
import { conflicts, interactionsOf } from './conflict.ts';
import { clusterText, knobClusters } from './cluster.ts';
import { pooled } from './effects.ts';
import { admitted, lessonsOf } from './lesson.ts';
import { linksIn } from './links.ts';
import { experiment } from './record.fixture.ts';

const BASE = { softcap: 15, wd: 0, lr: 0.1 };

test('effects are pooled as DerSimonian and Laird do', () => {
  // By hand: weights 1/0.04 and 1/0.01, centre 0.1 + 0.8 × 0.5 = 0.5, Q = 5.0, C = 125 − (625 + 10000)/125 = 40.
  const two = [
    { effect: 0.1, se: 0.2 },
    { effect: 0.6, se: 0.1 },
  ];
  const found = pooled(two)!;
  expect(found.tau ** 2).toBeCloseTo((5 - 1) / 40, 10);
  expect(found.effect).toBeCloseTo((0.1 / 0.14 + 0.6 / 0.11) / (1 / 0.14 + 1 / 0.11), 10);
  expect(found.margin).toBeCloseTo(1.96 / Math.sqrt(1 / 0.14 + 1 / 0.11), 10);
  expect(pooled([{ effect: 1, se: 0.1 }])).toMatchObject({ effect: 1, tau: 0, n: 1 });
  expect(pooled([])).toBeUndefined();
});

test('the interval of a pooled effect holds the truth nineteen times of twenty', () => {
  const random = rng(1);
  let held = 0;
  const rounds = 2000;
  for (let i = 0; i < rounds; i++) {
    const effects = Array.from({ length: 4 }, () => ({ effect: 0.3 + 0.1 * random.normal(), se: 0.1 }));
    const { effect, margin } = pooled(effects)!;
    if (Math.abs(effect - 0.3) <= margin) held++;
  }
  expect(held / rounds).toBeGreaterThan(0.94);
});

test('a line for each knob says where it went and that nothing came of it', () => {
  const records = [13, 20, 17, 14].map((softcap, i) =>
    experiment(i + 2, BASE, { ...BASE, softcap }, { effect: 0.01 * (i - 2), margin: 0.05 }),
  );
  const [cluster] = knobClusters(records);
  expect(clusterText(cluster!)).toBe('softcap 13, 14, 17, 20: 4 tried, none > noise');
  const better = experiment(9, BASE, { ...BASE, softcap: 30 }, { effect: 0.2, margin: 0.05 });
  expect(clusterText(knobClusters([...records, better])[0]!)).toBe(
    'softcap 13, 14, 17, 20, 30: 5 tried, 1 better, best 30 (+0.2)',
  );
});

test('a knob that was hardly ever turned alone has its line with the others it was turned with', () => {
  const both = [1, 2].map((k) => experiment(k + 1, BASE, { ...BASE, lr: k, wd: k }, { effect: -0.2, margin: 0.05 }));
  expect(knobClusters(both).map(clusterText)).toEqual([
    'lr 1, 2: 2 tried with other knobs, none > noise, 2 worse',
    'wd 1, 2: 2 tried with other knobs, none > noise, 2 worse',
  ]);
  const alone = [3, 4].map((k) => experiment(k + 1, BASE, { ...BASE, lr: k }, { effect: 0, margin: 0.05 }));
  expect(clusterText(knobClusters([...both, ...alone])[0]!)).toBe('lr 3, 4: 2 tried, none > noise');
});

test('the same change with disjoint results in two contexts: both are shown, with when and when not', () => {
  const up = (id: number, from: object, effect: number) =>
    experiment(
      id,
      { ...BASE, ...from },
      { ...BASE, ...from, lr: 0.2 },
      { effect, margin: 0.05, verdict: effect > 0 ? 'keep' : 'discard' },
    );
  const [without, withDecay] = [up(2, {}, -0.3), up(3, { wd: 0.001 }, 0.4)];
  const found = conflicts([without, withDecay]);
  expect(found).toMatchObject([
    { a: { id: 's/2' }, b: { id: 's/3' }, refutes: false, differs: [{ what: 'wd', was: 0, now: 0.001 }] },
  ]);
  expect(interactionsOf(found).get('lr')).toEqual(new Set(['wd']));
  const [lesson] = lessonsOf([without, withDecay]);
  expect(lesson).toMatchObject({
    text: 'lr=0.2: -0.3 in s/2, +0.4 in s/3; differed: wd; test again',
    when: [{ knob: 'wd', is: [0.001] }],
    whenNot: [{ knob: 'wd', is: [0] }],
    evidence: ['s/2', 's/3'],
    support: { for: 1, against: 1 },
  });
});

test('a gain that its own repeat does not show is refuted; one that it shows is merged', () => {
  const of = (effects: readonly number[]) =>
    effects.map((effect, i) => experiment(i + 2, BASE, { ...BASE, lr: 0.2 }, { effect, noiseSd: 0.1 }));
  expect(conflicts(of([0.2, 0.01]))).toMatchObject([{ refutes: true }]);
  expect(conflicts(of([0.2, 0.25]))).toEqual([]);
  const [merged] = lessonsOf(of([0.2, 0.3]));
  expect(merged).toMatchObject({ effect: { n: 2 }, support: { for: 2, against: 0 } });
  expect(merged!.effect!.effect).toBeCloseTo(0.25);
});

test('a lesson counts who cited it and what came of that', () => {
  const two = [13, 20].map((softcap, i) =>
    experiment(i + 2, BASE, { ...BASE, softcap }, { effect: -0.1, margin: 0.05 }),
  );
  const id = lessonsOf(two).find(({ knobs }) => knobs.includes('softcap'))!.id;
  const citing = (['keep', 'discard', 'discard'] as const).map((verdict, i) =>
    experiment(i + 8, BASE, { ...BASE, lr: i }, { verdict }, { links: [{ kind: 'cites', to: id }] }),
  );
  expect(lessonsOf([...two, ...citing]).find((one) => one.id === id)).toMatchObject({ helpful: 1, harmful: 2 });
});

test('a written lesson is taken only when it is short and cites what exists', () => {
  const given = {
    text: 'decay embeddings before raising their rate',
    knobs: ['lr'],
    when: [],
    whenNot: [],
    evidence: ['s/2'],
  };
  const exists = (id: string) => id === 's/2';
  expect(admitted(given, 'model', exists)).toMatchObject({ by: 'model', evidence: ['s/2'] });
  expect(admitted({ ...given, evidence: [] }, 'model', exists)).toEqual({ refused: 'it cites no record' });
  expect(admitted({ ...given, evidence: ['s/2', 's/7'] }, 'model', exists)).toEqual({
    refused: 'there is no record s/7',
  });
  expect(admitted({ ...given, text: 'word '.repeat(61) }, 'model', exists)).toMatchObject({
    refused: expect.stringContaining('61 words'),
  });
});

test('links are read out of descriptions, the nearest of several rows of one name', () => {
  const rows = [
    { key: '0001_a', text: 'gain refuted by 0002' },
    { key: '0002_a_seed42', text: 'SEED=42 of 0001; disconfirms 0001' },
    { key: '0003_b', text: 'combines 0001_a with more; superseded by 0001, 12 layers, see 1337' },
    { key: '0001_c', text: 'counted anew' },
  ];
  const links = linksIn(rows, ['A', 'B', 'C', 'D']);
  expect(links[0]).toEqual([]);
  expect(links[1]).toEqual([
    { kind: 'refutes', to: 'A' },
    { kind: 'replicates', to: 'A' },
  ]);
  expect(links[2]).toEqual([{ kind: 'combines', to: 'A' }]);
  expect(links[3]).toEqual([{ kind: 'supersedes', to: 'C' }]);
});

test.each([
  ['gain refuted by run 12 and 0002_a', ['refutes']],
  ['did not hold: contradicted by seed=42 0002_a', ['refutes']],
  ['not reproduced in abc1234', ['refutes']],
  ['replicated by 2', ['replicates']],
  ['better than 2 others, 2 layers', []],
  ['beats #2 by 0.1', []],
])('"%s" in the first row links the second one to it as %j', (text, kinds) => {
  const rows = [
    { key: '1', text },
    { key: '0002_a', commit: 'abc1234', text: '' },
    { key: '2', text: '' },
  ];
  const links = linksIn(rows, ['A', 'B', 'C']);
  expect([...links[1]!, ...links[2]!].map(({ kind }) => kind)).toEqual(kinds);
});

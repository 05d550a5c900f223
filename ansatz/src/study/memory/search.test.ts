import { expect, test } from 'vitest';
import { rng } from '../../methods/math/rng.ts';
import { best, bm25, countTerms, textIndex } from './search.ts';
import { stem } from './stem.ts';
import { terms } from './terms.ts';
import { GROUPS } from './thesaurus.ts';

// Words and stems of the examples in Porter 1980.
test.each(
  `caresses caress, ponies poni, ties ti, cats cat, feed feed, agreed agre, plastered plaster, bled bled, motoring motor, sing sing,
  conflated conflat, troubled troubl, sized size, hopping hop, tanned tan, falling fall, hissing hiss, fizzed fizz, failing fail,
  filing file, happy happi, sky sky, relational relat, conditional condit, rational ration, digitizer digit, operator oper,
  feudalism feudal, decisiveness decis, hopefulness hope, formaliti formal, sensibiliti sensibl, triplicate triplic,
  formative form, formalize formal, electrical electr, goodness good, revival reviv, allowance allow, inference infer,
  airliner airlin, adjustable adjust, irritant irrit, replacement replac, adjustment adjust, dependent depend, adoption adopt,
  communism commun, activate activ, effective effect, probate probat, rate rate, cease ceas, controll control, roll roll`
    .split(/,\s+/)
    .map((pair) => pair.split(' ') as [string, string]),
)('%s has the stem %s', (word, expected) => {
  expect(stem(word)).toBe(expected);
});

test('identifiers are found by their parts, and ideas by other words for them', () => {
  expect(terms('warmupSteps')).toEqual(expect.arrayContaining(terms('warmup_steps')));
  expect(terms('LR')).toContain('~learn_rate');
  expect(terms('a larger learning rate')).toContain('~learn_rate');
  expect(terms('embeddingLR 0.9')).toEqual(expect.arrayContaining(['~embed_lr', '0.9']));
  expect(terms('the of and')).toEqual([]);
});

test('no phrase of the thesaurus stands for two ideas', () => {
  const seen = new Map<string, string>();
  for (const group of GROUPS)
    for (const phrase of group.split(', ')) {
      expect(seen.get(phrase), `${phrase}: ${group}`).toBeUndefined();
      seen.set(phrase, group);
    }
  expect(GROUPS.length).toBeGreaterThanOrEqual(150);
});

test('a score is that of the formula', () => {
  const index = textIndex();
  index.add(['a', 'a', 'b']);
  index.add(['b', 'c']);
  index.add(['c']);
  // One of three holds `a`, twice, and has 3 terms of 2 on average: idf × tf of eq. 3.15 with k1 = 1.2, b = 0.75.
  const expected = (Math.log(1 + 2.5 / 1.5) * 2 * 2.2) / (2 + 1.2 * (0.25 + (0.75 * 3) / 2));
  const scores = bm25(index, countTerms(['a']));
  expect(scores[0]).toBeCloseTo(expected, 12);
  expect(Array.from(scores.slice(1))).toEqual([0, 0]);
  expect(bm25(index, countTerms(['c']), 2).length).toBe(2);
});

test('the best of many are the first of the sorted ones', () => {
  const random = rng(3);
  for (let round = 0; round < 50; round++) {
    const scores = Array.from({ length: random.int(40) }, () => Math.max(0, random.int(6) - 1));
    const expected = [...scores.keys()]
      .filter((i) => scores[i]! > 0)
      .sort((a, b) => scores[b]! - scores[a]! || b - a)
      .slice(0, 7);
    expect(best(scores, 7).map(({ document }) => document)).toEqual(expected);
  }
});

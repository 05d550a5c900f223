import { expect, test } from 'vitest';
import { simpleConfig } from './config.fixture.ts';
import type { EventBody, Operator, Verdict } from './events/index.ts';
import { ideaRows } from './ideas.ts';
import { reduce } from './reduce.ts';
import type { State } from './state.ts';
import { treeOf } from './tree.ts';

interface Told {
  readonly parent: number;
  readonly verdict?: Verdict;
  readonly operator?: Operator;
  readonly of?: readonly number[];
  readonly by?: string;
}

/** A study with these trials after the baseline, from 2 on. */
function study(trials: readonly Told[], more: readonly EventBody[] = []): State {
  const config = simpleConfig();
  let state = reduce(undefined, { type: 'study.created', config, baseline: { lr: 0.001, hidden: 16 }, at: 0 });
  let at = 0;
  const happen = (body: EventBody): void => void (state = reduce(state, { ...body, at: ++at }));
  happen({ type: 'trial.judged', trial: 1, verdict: 'keep', why: 'so' });
  trials.forEach(({ verdict, ...told }, i) => {
    const trial = i + 2;
    const researcher = told.operator === undefined ? 'numeric' : 'model';
    const point = { lr: 0.001 * trial, hidden: 16 };
    happen({ type: 'trial.proposed', trial, ask: 0, researcher, hypothesis: `h${trial}`, point, ...told });
    if (verdict !== undefined) happen({ type: 'trial.judged', trial, verdict, why: 'so', effect: 0.1 * trial });
  });
  more.forEach(happen);
  return state;
}

const drawn = (rows: ReturnType<typeof treeOf>): string[] =>
  rows.map(({ trial, depth }) => `${'.'.repeat(depth)}${trial}`);

test('a tree is drawn from the baseline on, each trial before what departs from it, in the order they came', () => {
  const state = study([
    { parent: 1, verdict: 'keep' },
    { parent: 2, verdict: 'keep' },
    { parent: 1, verdict: 'keep' },
    { parent: 2, verdict: 'keep' },
    { parent: 3 },
  ]);
  const rows = treeOf(state);
  expect(drawn(rows)).toEqual(['1', '.2', '..3', '...6', '..5', '.4']);
  expect(rows[0]).toMatchObject({ trial: 1, depth: 0, incumbent: false, more: {} });
  expect(rows[0]!.under).toBeUndefined();
  expect(rows.find(({ trial }) => trial === 5)).toMatchObject({
    under: 2,
    state: 'keep',
    effect: 0.5,
    incumbent: true,
  });
  expect(rows.find(({ trial }) => trial === 6)).toMatchObject({ state: 'queued', hypothesis: 'h6' });
});

test('what came to nothing is counted where it hangs, unless something departs from it, an operator or a person made it', () => {
  const state = study([
    { parent: 1, verdict: 'discard' },
    { parent: 1, verdict: 'discard' },
    { parent: 1, verdict: 'crash' },
    { parent: 1, verdict: 'discard', by: 'ana' },
    { parent: 3, verdict: 'keep' },
    { parent: 1, verdict: 'inconclusive', operator: 'draft', of: [1] },
  ]);
  const rows = treeOf(state);
  expect(drawn(rows)).toEqual(['1', '.3', '..6', '.5', '.7']);
  expect(rows[0]!.more).toEqual({ discard: 1, crash: 1 });
  expect(drawn(treeOf(state, { all: true }))).toEqual(['1', '.2', '.3', '..6', '.4', '.5', '.7']);
});

test('a repair hangs from what it repairs, and of one trial the way to it and all that came of it are drawn', () => {
  const state = study([
    { parent: 1, verdict: 'crash', operator: 'draft', of: [1] },
    { parent: 1, verdict: 'keep', operator: 'debug', of: [2] },
    { parent: 3, verdict: 'discard' },
    { parent: 1, verdict: 'keep' },
    { parent: 3, verdict: 'keep', operator: 'combine', of: [3, 5] },
  ]);
  expect(drawn(treeOf(state))).toEqual(['1', '.2', '..3', '...6', '.5']);
  expect(drawn(treeOf(state, { trial: 3, all: true }))).toEqual(['1', '.2', '..3', '...4', '...6']);
  expect(drawn(treeOf(state, { trial: 4 }))).toEqual(['1', '.2', '..3', '...4']);
  expect(treeOf(state).find(({ trial }) => trial === 6)).toMatchObject({ operator: 'combine', of: [5] });
  expect(treeOf(state).find(({ trial }) => trial === 3)!.of).toBeUndefined();
});

test('a climb of thousands of small gains is drawn as well', () => {
  const deep = study(Array.from({ length: 3000 }, (_, i): Told => ({ parent: i + 1, verdict: 'keep' })));
  expect(treeOf(deep)).toHaveLength(3001);
  expect(treeOf(deep).at(-1)!.depth).toBe(3000);
});

test('an idea waits, is asked, is given up after three answers, or became a trial', () => {
  const asked = (ask: number, idea: number): EventBody => ({ type: 'proposal.asked', ask, researcher: 'model', idea });
  const refused = (ask: number): EventBody => ({ type: 'proposal.refused', ask, text: 'no', exhausted: false });
  const state = study(
    [],
    [
      { type: 'idea.noted', text: 'a' },
      { type: 'idea.noted', text: 'b', by: 'ana' },
      { type: 'idea.noted', text: 'c' },
      { type: 'idea.noted', text: 'd' },
      ...[1, 2, 3].flatMap((ask) => [asked(ask, 0), refused(ask)]),
      asked(4, 1),
      {
        type: 'trial.proposed',
        trial: 2,
        ask: 4,
        researcher: 'model',
        hypothesis: 'b',
        point: { lr: 0.5, hidden: 9 },
        parent: 1,
      },
      { type: 'trial.judged', trial: 2, verdict: 'discard', why: 'worse', effect: -1, margin: 0.2 },
      asked(5, 2),
    ],
  );
  expect(ideaRows(state)).toEqual([
    { idea: 1, text: 'a', state: 'given up', failed: 3 },
    { idea: 2, text: 'b', by: 'ana', state: 'discard', failed: 0, trial: 2, effect: -1, margin: 0.2, why: 'worse' },
    { idea: 3, text: 'c', state: 'asked', failed: 0 },
    { idea: 4, text: 'd', state: 'waiting', failed: 0 },
  ]);
});

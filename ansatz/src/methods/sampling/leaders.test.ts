import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toSpace } from '../space/index.ts';
import { leadersOf, MOST_LEADERS, rowsAt } from './leaders.ts';
import type { Observation } from './sampler.ts';
import { layoutOf, rowOf } from './surrogate/layout.ts';

const space = toSpace([{ name: 'x', type: 'float', low: 0, high: 1 }]);

const observation = fc.record({
  x: fc.double({ min: 0, max: 1, noNaN: true }),
  // Few values, so that many are equal.
  loss: fc.constantFrom(0, 1, 2, 3, 4, 5, -1, Number.NaN, Infinity, -Infinity, undefined),
  status: fc.constantFrom('done', 'done', 'done', 'pending', 'crashed', 'stopped'),
});
const change = fc.record({ at: fc.nat(), by: observation, cut: fc.integer({ min: 0, max: 40 }) });

const made = ({ x, loss, status }: { x: number; loss: number | undefined; status: string }): Observation => ({
  point: { x },
  status: status as Observation['status'],
  ...(loss === undefined ? {} : { loss }),
});

/** The same by sorting everything. */
function sorted(history: readonly Observation[]): readonly number[] {
  const usable = ({ status, loss }: Observation): boolean => status === 'done' && Number.isFinite(loss);
  return Array.from(history.keys())
    .filter((i) => usable(history[i]!))
    .sort((a, b) => history[a]!.loss! - history[b]!.loss! || a - b);
}

test('the leaders of a history that grows, changes and is cut are those of one read anew', () => {
  fc.assert(
    fc.property(fc.array(observation, { maxLength: 60 }), fc.array(change, { maxLength: 30 }), (first, changes) => {
      const history = first.map(made);
      const layout = layoutOf(space);
      const check = (): void => {
        const all = sorted(history);
        const { best, done, pending } = leadersOf(history);
        expect(best).toEqual(all.slice(0, MOST_LEADERS));
        expect(done).toBe(all.length);
        expect(pending).toBe(history.filter(({ status }) => status === 'pending').length);
        expect(rowsAt(history, layout, best)).toEqual(best.map((i) => rowOf(layout, history[i]!.point)));
      };
      check();
      for (const { at, by, cut } of changes) {
        // At its end it grows, elsewhere another takes the place; now and then some of it goes.
        history[at % (history.length + 1)] = made(by);
        if (cut < 3) history.length = Math.max(0, history.length - cut);
        check();
      }
    }),
    { numRuns: 300 },
  );
});

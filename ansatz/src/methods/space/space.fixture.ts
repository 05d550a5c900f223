/** Spaces for property tests. */

import fc from 'fast-check';
import { defineSpace, type ParamInput, type Space, type Value } from './index.ts';

/** Random trees of conditions, written down in random order. */
export const anySpace: fc.Arbitrary<Space> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('float', 'log', 'int', 'grid', 'choice', 'fixed'),
      parent: fc.option(fc.nat(), { nil: undefined }),
      pick: fc.nat(),
      order: fc.nat(),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((nodes) => {
    const made: { input: ParamInput; values: readonly Value[]; order: number }[] = [];
    nodes.forEach(({ kind, parent, pick, order }, i) => {
      const name = `p${i}`;
      const above = parent === undefined || made.length === 0 ? undefined : made[parent % made.length]!;
      const when =
        above === undefined
          ? undefined
          : above.values.length > 0
            ? { name: above.input.name, in: [above.values[pick % above.values.length]!] }
            : `${above.input.name} > ${pick % 2 === 0 ? 0.3 : -1}`;
      const [input, values] = ((): [ParamInput, readonly Value[]] => {
        switch (kind) {
          case 'float':
            return [{ name, kind: 'float', low: 0, high: 1, when }, []];
          case 'log':
            return [{ name, kind: 'float', low: 0.01, high: 1, log: true, when }, []];
          case 'int':
            return [{ name, kind: 'int', low: 1, high: 3, when }, [1, 2, 3]];
          case 'grid':
            return [{ name, kind: 'float', low: 0, high: 1, step: 0.25, when }, [0, 0.25, 0.5, 0.75, 1]];
          case 'choice':
            return [{ name, kind: 'choice', choices: ['a', 'b', 3, false], when }, ['a', 'b', 3, false]];
          default:
            return [{ name, fixed: 'only', when }, ['only']];
        }
      })();
      made.push({ input, values, order });
    });
    return defineSpace(
      made.toSorted((a, b) => a.order - b.order).map(({ input }) => input),
      made.length > 1 ? ['p0 != p1 or p0 == p1'] : [],
    );
  });

/** Links that people write into descriptions: `refuted by 0010`, `SEED=42 of 0027`, `vs 0036`. */

import type { Link, LinkKind } from './record.ts';

/** What stands before another's name, as a link from this record (`on`) or from the other one (`by`). */
const WAYS: readonly { readonly kind: LinkKind; readonly says: RegExp; readonly by?: true }[] = [
  {
    kind: 'refutes',
    says: /(?:refuted|disproved|disconfirmed|contradicted|overturned|debunked)\s+(?:by|in)\W*$/i,
    by: true,
  },
  {
    kind: 'refutes',
    says: /(?:refutes?|refuting|disproves?|disconfirms?|contradicts?|overturns?)\s+(?:\S+\s+){0,2}\W*$/i,
  },
  { kind: 'supersedes', says: /superseded\s+by\W*$/i, by: true },
  { kind: 'supersedes', says: /(?:supersedes?|replaces?)\W*$/i },
  { kind: 'replicates', says: /(?:replicated|reproduced|confirmed)\s+(?:by|in)\W*$/i, by: true },
  {
    kind: 'replicates',
    says: /(?:replicates?|replication of|reproduces?|repeat of|re-?run of|repro of|seed[ =:]*\w+\s+of)\W*$/i,
  },
  { kind: 'combines', says: /(?:combines?|combination of|stacks?|stack of|merges?)\W*$/i },
];
/** How much of the text before a name is read for what it says. */
const BEFORE = 60;

/** The links of each row of a log, from what its texts say of other rows. `ids` are those of the rows, in order. */
export function linksIn(
  rows: readonly { readonly key: string; readonly text: string }[],
  ids: readonly string[],
): Link[][] {
  const names = Map.groupBy(
    rows.flatMap(({ key }, i) => namesOf(key).map((name) => ({ name, i }))),
    ({ name }) => name,
  );
  const links = rows.map((): Link[] => []);
  const link = (from: number, kind: LinkKind, to: number): void => {
    const known = links[from]!.filter((one) => one.to === ids[to]);
    // Any other word about a record also cites it.
    if (known.some((one) => one.kind === kind) || (known.length > 0 && kind === 'cites')) return;
    const cites = links[from]!.findIndex((one) => one.to === ids[to] && one.kind === 'cites');
    links[from]!.splice(cites < 0 ? links[from]!.length : cites, cites < 0 ? 0 : 1, { kind, to: ids[to]! });
  };
  rows.forEach(({ text }, i) => {
    for (const match of text.matchAll(/#?[\p{L}\p{N}][\p{L}\p{N}_.-]*/gu)) {
      const before = text.slice(Math.max(0, match.index - BEFORE), match.index);
      const other = rowNamed(names, match[0], before, i);
      if (other === undefined) continue;
      const way = WAYS.find(({ says }) => says.test(before));
      if (way === undefined) link(i, 'cites', other);
      else if (way.by === true) link(other, way.kind, i);
      else link(i, way.kind, other);
    }
  });
  return links;
}

/**
 * The row a word in row `from` names; a plain number does only after `#`, `row`, `trial`, `run` and the like. Logs
 * that begin to count again have several of one name: the nearest is meant.
 */
function rowNamed(
  names: ReadonlyMap<string, readonly { readonly i: number }[]>,
  word: string,
  before: string,
  from: number,
): number | undefined {
  const name = word
    .replace(/^#/, '')
    .replace(/[.-]+$/, '')
    .toLowerCase();
  const plain = /^[1-9]\d*$/.test(name) || name.length < 3;
  if (plain && !word.startsWith('#') && !/(?:row|trial|run|exp(?:eriment)?|pr|line)\s*#?$/i.test(before))
    return undefined;
  const others = names.get(name)?.filter(({ i }) => i !== from) ?? [];
  return others.reduce<number | undefined>(
    (best, { i }) => (best === undefined || Math.abs(i - from) < Math.abs(best - from) ? i : best),
    undefined,
  );
}

/** `0010_mlp_mult_5` goes by its whole name and by 0010. */
function namesOf(key: string): string[] {
  const whole = key.toLowerCase();
  const number = /^0\d+(?=[_-])/.exec(whole)?.[0];
  return number === undefined ? [whole] : [whole, number];
}

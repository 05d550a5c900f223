/** Links that people write into descriptions: `refuted by 0010`, `SEED=42 of 0027`, `vs 0036`. */

import type { Link, LinkKind } from './record.ts';

/** Between a word and the name it is about: other names of a list, and what kind of thing it is. */
const TO = String.raw`(?:\s+(?:the\s+)?(?:rows?|runs?|trials?|exp(?:eriment)?s?|commits?|seed[ =]\w+|id))?(?:\W+[\w.-]+\s*(?:,|and|&|\+|/))*\W*$`;
const AGAINST = String.raw`(?:refuted|disproved|disproven|disconfirmed|contradicted|overturned|debunked|invalidated|falsified|not\s+(?:reproduced|replicated|confirmed))`;

/** What stands before another's name, as a link from this record, or from the other one (`by`). */
const WAYS: readonly { readonly kind: LinkKind; readonly says: RegExp; readonly by?: true }[] = [
  { kind: 'refutes', says: new RegExp(String.raw`${AGAINST}\s+(?:by|in|at)${TO}`, 'i'), by: true },
  {
    kind: 'refutes',
    says: /(?:refut|disprov|disconfirm|contradict|overturn|invalidat|falsif)(?:es?|s|ies|ing)\s+(?:\S+\s+){0,2}\W*$/i,
  },
  { kind: 'supersedes', says: new RegExp(String.raw`(?:superseded|replaced)\s+by${TO}`, 'i'), by: true },
  { kind: 'supersedes', says: new RegExp(String.raw`(?:supersedes?|replaces)${TO}`, 'i') },
  {
    kind: 'replicates',
    says: new RegExp(String.raw`(?:replicated|reproduced|confirmed)\s+(?:by|in)${TO}`, 'i'),
    by: true,
  },
  {
    kind: 'replicates',
    says: new RegExp(
      String.raw`(?:replicates?|replication of|reproduces?|repeat of|re-?run of|repro of|seed[ =:]*\w+\s+of)${TO}`,
      'i',
    ),
  },
  { kind: 'combines', says: new RegExp(String.raw`(?:combines?|combination of|stacks?|stack of|merges?)${TO}`, 'i') },
];
/** How much of the text before a name is read for what it says. */
const BEFORE = 60;

/** A row with what it is called: its id, and its commit where the log has one. */
interface Named {
  readonly key: string;
  readonly commit?: string;
  readonly text: string;
}

/** The links of each row of a log, from what its texts say of other rows. `ids` are those of the rows, in order. */
export function linksIn(rows: readonly Named[], ids: readonly string[]): Link[][] {
  const names = Map.groupBy(
    rows.flatMap(({ key, commit }, i) => namesOf(key, commit).map((name) => ({ name, i }))),
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
      const way = WAYS.find(({ says }) => says.test(before));
      const other = rowNamed(names, match[0], way === undefined ? before : undefined, i);
      if (other === undefined) continue;
      if (way === undefined) link(i, 'cites', other);
      else if (way.by === true) link(other, way.kind, i);
      else link(i, way.kind, other);
    }
  });
  return links;
}

/**
 * The row a word in row `from` names. Where nothing says so (`before` is then the text before it), a plain number does
 * only after `#`, `row`, `trial`, `run` and the like. Logs
 * that begin to count again have several of one name: the nearest is meant.
 */
function rowNamed(
  names: ReadonlyMap<string, readonly { readonly i: number }[]>,
  word: string,
  before: string | undefined,
  from: number,
): number | undefined {
  const name = word
    .replace(/^#/, '')
    .replace(/[.-]+$/, '')
    .toLowerCase();
  const plain = /^[1-9]\d*$/.test(name) || name.length < 3;
  if (
    plain &&
    before !== undefined &&
    !word.startsWith('#') &&
    !/(?:row|trial|run|exp(?:eriment)?|pr|line)\s*#?$/i.test(before)
  )
    return undefined;
  const others = names.get(name)?.filter(({ i }) => i !== from) ?? [];
  return others.reduce<number | undefined>(
    (best, { i }) => (best === undefined || Math.abs(i - from) < Math.abs(best - from) ? i : best),
    undefined,
  );
}

/** `0010_mlp_mult_5` goes by its whole name and by 0010. */
function namesOf(key: string, commit: string | undefined): string[] {
  const whole = key.toLowerCase();
  const number = /^0\d+(?=[_-])/.exec(whole)?.[0];
  return [
    ...new Set([
      whole,
      ...(number === undefined ? [] : [number]),
      ...(commit === undefined ? [] : [commit.toLowerCase()]),
    ]),
  ];
}

/** Records out of a log of experiments, followed from row to row. */

import type { Point, Value } from '../../methods/space/space.ts';
import type { Direction } from '../config.ts';
import type { Log, LogRow } from '../logbook-log.ts';
import { hash } from './hash.ts';
import { linksIn } from './links.ts';
import { changesBetween, type Context, type TrialRecord } from './record.ts';

/** A row of a log, whatever it was read from. */
export interface Row {
  readonly key: string;
  readonly commit?: string;
  readonly text: string;
  readonly values: Readonly<Record<string, Value>>;
  readonly loss?: number;
  readonly verdict?: 'keep' | 'discard' | 'crash';
  readonly seed?: string;
  readonly seconds?: number;
  readonly money?: number;
  readonly at: number;
  readonly fingerprint?: string;
  /** The values were found in the text. */
  readonly prose: boolean;
}

/**
 * Records of a log. `settings` finds knobs in a description where the log has no columns for them; ids are
 * `source:id` where the rows have ids of their own, `source:row` otherwise.
 */
export function recordsOfLog(
  log: Log,
  source: string,
  settings: (text: string) => Record<string, Value>,
): TrialRecord[] {
  const sign = log.direction === 'minimize' ? 1 : -1;
  const rows = log.rows.filter(({ status }) => status !== 'running');
  const row = ({
    row: line,
    id,
    text = '',
    value,
    status,
    knobs,
    seed,
    seconds,
    money,
    at,
    config,
    commit,
  }: LogRow): Row => ({
    key: id ?? String(line),
    ...(commit === undefined ? {} : { commit }),
    text,
    values: knobs ?? settings(text),
    prose: knobs === undefined,
    ...(value === undefined ? {} : { loss: sign * value }),
    ...(status === undefined || status === 'running' ? {} : { verdict: status }),
    ...(seed === undefined ? {} : { seed }),
    ...(seconds === undefined ? {} : { seconds }),
    ...(money === undefined ? {} : { money }),
    ...(config === undefined ? {} : { fingerprint: config }),
    at: at ?? 0,
  });
  const { metric, direction } = log;
  return chained(rows.map(row), { study: source, source, metric, direction, origin: {} });
}

/**
 * Follow a log from row to row: what was kept is what the next departs from. A kept change that no knob expresses is
 * a change of code from then on.
 */
export function chained(
  rows: readonly Row[],
  about: {
    readonly study: string;
    readonly source: string;
    readonly metric: string;
    readonly direction: Direction;
    readonly origin: Pick<Context, 'data' | 'metricVersion' | 'scale'> & { readonly code?: readonly string[] };
  },
): TrialRecord[] {
  const { code: script = [], ...versions } = about.origin;
  let incumbent: Point = {};
  let code = script;
  let best: { readonly id: string; readonly loss: number } | undefined;
  const ids = rows.map(
    ({ key }) => `${about.study === about.source ? about.source : `${about.study}/${about.source}`}:${key}`,
  );
  const found = linksIn(rows, ids);
  return rows.map((row, i) => {
    // A repeat makes the change of what it repeats, whatever else its description says.
    const repeated = found[i]!.find(({ kind, to }) => kind === 'replicates' && ids.indexOf(to) < i)?.to;
    const values = withoutSeed(repeated === undefined ? row.values : rows[ids.indexOf(repeated)]!.values);
    const seed = row.seed ?? SEED.exec(row.prose ? row.text : '')?.[1] ?? seedOf(row.values);
    const wordless = Object.keys(values).length === 0;
    const point = { ...incumbent, ...values };
    const parent = best;
    const effect = parent === undefined || row.loss === undefined ? undefined : parent.loss - row.loss;
    const told = repeated === undefined ? row : rows[ids.indexOf(repeated)]!;
    // What nobody described is like nothing else.
    const change = hash(told.fingerprint ?? (told.text.trim().toLowerCase() || `unknown ${ids[i]!}`));
    const record: TrialRecord = {
      id: ids[i]!,
      study: about.study,
      at: row.at,
      hypothesis: row.text,
      tags: [],
      change: {
        knobs: changesBetween(incumbent, point),
        ...(row.prose ? { prose: true } : {}),
        ...(wordless || row.fingerprint !== undefined ? { diff: change } : {}),
      },
      context: {
        incumbent,
        metric: about.metric,
        direction: about.direction,
        ...versions,
        code,
        researcher: about.source,
      },
      outcome: {
        status: row.verdict === 'crash' ? 'crash' : row.loss === undefined ? 'open' : 'ok',
        ...(row.verdict === undefined ? {} : { verdict: row.verdict }),
        ...(row.loss === undefined ? {} : { loss: row.loss }),
        ...(effect === undefined ? {} : { effect }),
        n: row.loss === undefined ? 0 : 1,
        ...(seed === undefined ? {} : { seeds: [seed] }),
      },
      cost: { deviceSeconds: row.seconds ?? 0, money: row.money ?? 0, tokens: 0 },
      links: [...(parent === undefined ? [] : [{ kind: 'parent' as const, to: parent.id }]), ...found[i]!],
    };
    if (row.verdict === 'keep' && row.loss !== undefined) {
      best = { id: record.id, loss: row.loss };
      incumbent = point;
      if (wordless || row.fingerprint !== undefined) code = [...code, change];
    }
    return record;
  });
}

/** The first seed a description names: a later one is that of another run. */
const SEED = /\bseed\s*[=: ]\s*(\d+)/i;
const IS_SEED = /^(?:random_?|rng_?)?seed$/i;

/** Settings without the seed, which is no knob. */
function withoutSeed(values: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !IS_SEED.test(name)));
}

function seedOf(values: Readonly<Record<string, Value>>): string | undefined {
  const found = Object.entries(values).find(([name]) => IS_SEED.test(name));
  return found === undefined ? undefined : String(found[1]);
}

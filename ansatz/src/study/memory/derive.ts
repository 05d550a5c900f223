/** Records out of what there is: the trials of a study, the history it imported, a log of somebody else's. */

import { mean } from '../../methods/math/summary.ts';
import type { Point, Value } from '../../methods/space/space.ts';
import type { Direction } from '../config.ts';
import type { Log, LogRow } from '../logbook-log.ts';
import { noiseOf } from '../noise.ts';
import { lossOf, resultsOf, type Run, runOf, type State, type Trial, trialOf } from '../state.ts';
import { hash } from './hash.ts';
import { linksIn } from './links.ts';
import {
  changesBetween,
  type Context,
  type Cost,
  type FileChange,
  type Link,
  type Outcome,
  signatureOf,
  type Status,
  type TrialRecord,
} from './record.ts';

/** What a state does not know of a study, and somebody above may: versions of data, metric and code, sizes. */
export interface Origin {
  readonly data?: string;
  readonly metricVersion?: string;
  readonly scale?: Readonly<Record<string, number>>;
  /** Hashes of the code every trial runs; those of the command when absent. */
  readonly code?: readonly string[];
  /** What a trial did to the code, with the mechanisms it is about, what it cites and what its proposal cost. */
  readonly of?: (trial: Trial) => {
    readonly files?: readonly FileChange[];
    readonly diff?: string;
    /** Hashes of the changes of code that were in force where it departed from. */
    readonly code?: readonly string[];
    readonly tags?: readonly string[];
    readonly cites?: readonly string[];
    readonly links?: readonly Link[];
    readonly tokens?: number;
  };
}

/** The records of a study: one for each trial, the baseline first, then one for each row of imported history. */
export function recordsOf(state: State, origin: Origin = {}): TrialRecord[] {
  return [...state.trials.map((trial) => recordOf(state, trial, origin)), ...historyOf(state, origin)];
}

/** The id of a trial in memory. */
export function idOf(study: string, trial: number): string {
  return `${study}/${trial}`;
}

/** What a trial that departs from `parent` finds in this study, now. */
export function contextOf(state: State, parent: Trial, origin: Origin = {}): Context {
  const { objective, command } = state.config;
  return {
    incumbent: parent.point,
    metric: objective.metric,
    direction: objective.direction,
    ...versions(origin),
    code: [
      ...(origin.of?.(parent).code ?? origin.code ?? [hash(command.join('\u0000'))]),
      ...(parent.code === undefined ? [] : [parent.code.tree]),
    ],
    researcher: parent.researcher,
  };
}

function versions({ data, metricVersion, scale }: Origin): Pick<Context, 'data' | 'metricVersion' | 'scale'> {
  return {
    ...(data === undefined ? {} : { data }),
    ...(metricVersion === undefined ? {} : { metricVersion }),
    ...(scale === undefined ? {} : { scale }),
  };
}

/** The record of one trial as it stands. */
export function recordOf(state: State, trial: Trial, origin: Origin = {}): TrialRecord {
  const { config } = state;
  const parent = trial.parent === 0 ? undefined : trialOf(state, trial.parent);
  const more = origin.of?.(trial);
  const scales = new Map(config.knobs.flatMap((knob) => (knob.kind === 'choice' ? [] : [[knob.name, knob.scale]])));
  const runs = trial.runs.map((id) => runOf(state, id));
  return {
    id: idOf(config.name, trial.id),
    study: config.name,
    at: trial.proposedAt,
    hypothesis: trial.hypothesis,
    tags: more?.tags ?? [],
    change: {
      knobs: parent === undefined ? [] : changesBetween(parent.point, trial.point, scales),
      ...(more?.files === undefined ? {} : { files: more.files }),
      ...(more?.diff === undefined ? {} : { diff: more.diff }),
      ...(trial.code === undefined ? {} : { tree: trial.code.tree }),
    },
    context: {
      ...contextOf(state, parent ?? trial, origin),
      ...(trial.bet === undefined ? {} : { bet: trial.bet }),
      researcher: trial.researcher,
    },
    outcome: outcomeOf(state, trial, runs),
    cost: costOf(runs, more?.tokens ?? 0),
    links: [
      ...(parent === undefined ? [] : [{ kind: 'parent' as const, to: idOf(config.name, parent.id) }]),
      ...(more?.links ?? []),
      ...(more?.cites ?? []).map((to): Link => ({ kind: 'cites', to })),
    ],
  };
}

function outcomeOf(state: State, trial: Trial, runs: readonly Run[]): Outcome {
  const results = resultsOf(trial);
  const bad = runs.findLast((run) => run.status === 'failed');
  const noise = noiseOf(state);
  const said = bad?.text ?? bad?.tail?.at(-1);
  return {
    status: statusOf(results.length, runs, bad),
    ...(trial.verdict === undefined ? {} : { verdict: trial.verdict }),
    ...(trial.why === undefined ? {} : { why: trial.why }),
    ...(results.length === 0 ? {} : { loss: lossOf(state.config, mean(results)) }),
    ...(trial.effect === undefined ? {} : { effect: trial.effect }),
    ...(trial.margin === undefined ? {} : { margin: trial.margin }),
    n: results.length,
    ...(noise.df === 0 ? {} : { noiseSd: noise.sd }),
    ...(trial.better === undefined ? {} : { better: trial.better }),
    ...(said === undefined ? {} : { signature: signatureOf(said) }),
    seeds: runs.filter(({ status }) => status === 'done').map(({ seed }) => seed),
  };
}

function statusOf(results: number, runs: readonly Run[], bad: Run | undefined): Status {
  if (results > 0) return 'ok';
  if (bad !== undefined) return bad.reason ?? 'crash';
  const last = runs.at(-1)?.status;
  return last === 'stopped' || last === 'lost' ? last : 'open';
}

function costOf(runs: readonly Run[], tokens: number): Cost {
  const sum = (of: (run: Run) => number | undefined): number => runs.reduce((all, run) => all + (of(run) ?? 0), 0);
  return {
    deviceSeconds: sum(({ charge }) => charge?.deviceSeconds),
    money: sum(({ charge }) => charge?.money),
    tokens,
  };
}

/** A row of a log, whatever it was read from. */
interface Row {
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

function historyOf(state: State, origin: Origin): TrialRecord[] {
  const { name } = state.config;
  return state.history.flatMap(({ source, objective, rows }) =>
    chained(
      rows.map((row, i) => ({
        key: String(i + 1),
        text: row.text ?? '',
        values: row.values ?? {},
        prose: row.text !== undefined,
        ...(row.loss === undefined ? {} : { loss: row.loss }),
        ...(row.verdict === undefined ? {} : { verdict: row.verdict }),
        ...(row.cost === undefined ? {} : { seconds: row.cost }),
        at: state.createdAt,
      })),
      { study: name, source, ...objective, start: {}, origin },
    ),
  );
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
  return chained(rows.map(row), { study: source, source, metric, direction, start: {}, origin: {} });
}

/**
 * Follow a log from row to row: what was kept is what the next departs from. A kept change that no knob expresses is
 * a change of code from then on.
 */
function chained(
  rows: readonly Row[],
  about: {
    readonly study: string;
    readonly source: string;
    readonly metric: string;
    readonly direction: Direction;
    readonly start: Point;
    readonly origin: Origin;
  },
): TrialRecord[] {
  let incumbent: Point = about.start;
  let code: readonly string[] = about.origin.code ?? [];
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
    const change = hash(told.fingerprint ?? told.text.trim().toLowerCase());
    const record: TrialRecord = {
      id: ids[i]!,
      study: about.study,
      at: row.at,
      hypothesis: row.text,
      tags: [],
      change: {
        knobs: changesBetween(incumbent, point),
        ...(row.prose ? { prose: true } : {}),
        ...(wordless && row.text !== '' ? { diff: change } : {}),
      },
      context: {
        incumbent,
        metric: about.metric,
        direction: about.direction,
        ...versions(about.origin),
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
      if (wordless && row.text !== '') code = [...code, change];
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

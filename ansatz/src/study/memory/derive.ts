/** Records out of a study: its trials, and the history it imported. */

import { mean } from '../../methods/math/summary.ts';
import { noiseOf } from '../noise.ts';
import { lossOf, resultsOf, type Run, runOf, type State, type Trial, trialOf } from '../state.ts';
import { chained } from './chain.ts';
import { hash } from './hash.ts';
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
      ...operatorLinks(state, trial),
      ...(more?.links ?? []),
      ...(more?.cites ?? []).map((to): Link => ({ kind: 'cites', to })),
    ],
  };
}

/** What a trial does to those it was made of: what it puts together, repairs, or shows not to be needed. */
function operatorLinks(state: State, { operator, of = [], cites = [], verdict }: Trial): Link[] {
  const to = (id: number): string => idOf(state.config.name, id);
  const links = of.map((id): Link => {
    if (operator === 'combine') return { kind: 'combines', to: to(id) };
    // The part that was taken out was no part of the gain.
    if (operator === 'ablate' && verdict === 'keep') return { kind: 'refutes', to: to(id) };
    const instead = (operator === 'simplify' && verdict === 'keep') || (operator === 'debug' && verdict !== 'crash');
    return { kind: instead && verdict !== undefined ? 'supersedes' : 'cites', to: to(id) };
  });
  const about = operator === 'improve' || operator === 'draft' ? [] : links;
  return [...about, ...cites.filter((id) => !of.includes(id)).map((id): Link => ({ kind: 'cites', to: to(id) }))];
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
      {
        study: name,
        source,
        ...objective,
        origin: { ...versions(origin), ...(origin.code === undefined ? {} : { code: origin.code }) },
      },
    ),
  );
}

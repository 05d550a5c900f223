/** Everything a report says, as data: HTML, Markdown and `--json` are three ways to print it. */

import type { SeriesStore } from '../../io/store/series.ts';
import { curveKey } from '../../lab/hearing.ts';
import type { Knob, StudyConfig } from '../../study/config.ts';
import { resultsOf, type State, type Trial, trialOf } from '../../study/state.ts';
import { type Burn, burnOf, type KeepCost, keepCosts } from '../../study/burn.ts';
import { lessonsOf, recordsOf } from '../../study/memory/index.ts';
import { effectsOf, type KnobEffect, type KnobInteraction } from '../../study/effects.ts';
import {
  failureGroups,
  type FailureGroup,
  nearMisses,
  type NearMiss,
  type NoiseGroup,
  noiseGroups,
  type Progress,
  progressOf,
  runSpans,
  type RunSpan,
  type Spending,
  spendingOf,
} from '../../study/insight.ts';
import { fidelityOf, type FidelityView } from '../../study/scales.ts';
import { changes, type Change, runRow, type Status, statusOf, type TrialRow, trialRows } from '../../study/views.ts';
import { forwardable, type Settings, settingsOf, yamlOf } from './merge.ts';

/** The objective over steps, thinned. Values are as the script prints them. */
export interface Curve {
  readonly trial: number;
  readonly run: number;
  readonly role: 'best' | 'baseline' | 'runner-up' | 'other';
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** A trial, with its settings against the baseline and why it was tried. */
export interface ReportTrial extends TrialRow {
  readonly hypothesis: string;
  readonly point: Trial['point'];
}

/** The contents of a report. Numbers are those of `study/views`; nothing is computed here. */
export interface Report {
  readonly version: string;
  readonly status: Status;
  readonly createdAt: number;
  /** Single results of the baseline and of the best trial, those that count. */
  readonly results: { readonly baseline: readonly number[]; readonly best: readonly number[] };
  readonly progress: Progress;
  readonly spending: Spending;
  readonly knobs: readonly Knob[];
  readonly effects: readonly KnobEffect[];
  readonly interactions: readonly KnobInteraction[];
  readonly failures: readonly FailureGroup[];
  readonly nearMisses: readonly NearMiss[];
  readonly noise: readonly NoiseGroup[];
  readonly spans: readonly RunSpan[];
  readonly trials: readonly ReportTrial[];
  readonly curves: readonly Curve[];
  /** Best against the baseline. */
  readonly changes: readonly Change[];
  /** Each limited resource over the clock. */
  readonly burn: readonly Burn[];
  /** What each confirmed gain cost. */
  readonly keeps: readonly KeepCost[];
  /** Changes of code that were kept, the newest first: patches against their parents. */
  readonly code: readonly { readonly trial: number; readonly hypothesis: string; readonly diff: string }[];
  /** What the experiments of the study add up to. */
  readonly lessons: readonly {
    readonly text: string;
    readonly support: { readonly for: number; readonly against: number };
  }[];
  /** What people wrote on trials. */
  readonly notes: readonly {
    readonly trial: number;
    readonly at: number;
    readonly text: string;
    readonly by?: string;
  }[];
  /** What small runs say of the scale the answer is wanted at, where the study has a fidelity. */
  readonly fidelity?: FidelityView;
  /** The settings to take over; absent until something was kept. */
  readonly merge?: Settings;
  readonly reproduce: {
    readonly baseline: Settings;
    readonly best?: Settings;
    readonly seeds: readonly number[];
    /** Versions and machine. */
    readonly environment: Readonly<Record<string, string>>;
    readonly yaml: string;
  };
}

/** What a state does not know. */
export interface Surroundings {
  readonly version: string;
  /** Whether a lab works on the study now; the state's own word by default. */
  readonly open?: boolean;
  /** The code of a trial against its parent's, as a patch; without it no code is shown. */
  readonly diff?: (trial: Trial) => string;
  /** All metric points; without them curves are drawn from the rungs of the journal. */
  readonly points?: SeriesStore;
}

/** Curves drawn faintly behind the others. */
const OTHERS = 60;
const RUNNERS_UP = 3;
const MOST_LESSONS = 12;
/** Changes of code, and characters of each. */
const MOST_CODE = 8;
const LONGEST_CODE = 20_000;
/** Points of a curve that is looked at, and of one in the background. */
const CURVE_POINTS = 300;
const FAINT_POINTS = 50;

/** Gather a report. */
export function reportOf(state: State, { version, open, points, diff }: Surroundings): Report {
  const { config } = state;
  const status = statusOf(state);
  const baseline = trialOf(state, 1);
  const best = state.incumbent === undefined ? undefined : trialOf(state, state.incumbent);
  const counted = (trial: Trial): readonly number[] => (trial.values.length > 0 ? trial.values : resultsOf(trial));
  const forward = (text: string): string => forwardable(config, text);
  const effects = effectsOf(state);
  const seeds = [...new Set(state.runs.map((run) => run.seed))].sort((a, b) => a - b);
  return {
    version,
    status: {
      ...status,
      open: open ?? status.open,
      ended: status.ended && { ...status.ended, text: forward(status.ended.text) },
      last: status.last.map((row) => ({ ...row, why: forward(row.why) })),
      warnings: status.warnings.map(forward),
    },
    createdAt: state.createdAt,
    results: { baseline: counted(baseline), best: best === undefined ? [] : counted(best) },
    progress: progressOf(state),
    spending: spendingOf(state),
    knobs: config.knobs,
    effects: effects.knobs,
    interactions: effects.interactions,
    failures: failureGroups(state).map((group) => ({
      ...group,
      text: forward(group.text),
      example: { ...group.example, tail: group.example.tail.map(forward) },
    })),
    nearMisses: nearMisses(state).map((row) => ({ ...row, why: forward(row.why) })),
    noise: noiseGroups(state),
    spans: runSpans(state),
    trials: trialRows(state).map((row) => {
      const trial = trialOf(state, row.trial);
      return {
        ...row,
        why: forward(row.why),
        changes: changes(baseline.point, trial.point),
        hypothesis: forward(trial.hypothesis),
        point: trial.point,
      };
    }),
    curves: curvesOf(state, points),
    burn: burnOf(state),
    keeps: keepCosts(state),
    code: diff === undefined ? [] : codeOf(state, diff, forward),
    lessons: lessonsOf(recordsOf(state))
      .slice(0, MOST_LESSONS)
      .map(({ text, support }) => ({ text: forward(text), support })),
    notes: state.trials.flatMap((trial) =>
      (trial.notes ?? []).map(({ at, text = '', tags = [], by }) => ({
        trial: trial.id,
        at,
        text: forward([text, ...tags.map((tag) => `#${tag}`)].filter((part) => part !== '').join(' ')),
        ...(by === undefined ? {} : { by }),
      })),
    ),
    fidelity: fidelityOf(state),
    changes: best === undefined ? [] : changes(baseline.point, best.point),
    merge: best === undefined || best.id === 1 ? undefined : settingsOf(config, best),
    reproduce: {
      baseline: settingsOf(config, baseline, seeds[0]),
      best: best === undefined || best.id === 1 ? undefined : settingsOf(config, best, seeds[0]),
      seeds,
      environment: Object.fromEntries(
        [...Object.entries(state.environment ?? {}), ['sandbox', config.sandbox ?? 'none'] as const].map(
          ([name, value]) => [name, forward(value)],
        ),
      ),
      yaml: yamlOf(config),
    },
  };
}

/** Patches of kept trials whose code differs from their parent's, each cut to a length that a page can hold. */
function codeOf(state: State, diff: (trial: Trial) => string, forward: (text: string) => string): Report['code'] {
  return state.trials
    .filter((trial) => trial.verdict === 'keep' && trial.code !== undefined)
    .toReversed()
    .slice(0, MOST_CODE)
    .map((trial) => {
      const text = forward(diff(trial));
      const shown = text.length > LONGEST_CODE ? `${text.slice(0, LONGEST_CODE)}\n…` : text;
      return { trial: trial.id, hypothesis: forward(trial.hypothesis), diff: shown };
    })
    .filter(({ diff: patch }) => patch !== '');
}

/** All runs of the best trial and the baseline, the first run of the next best, and faint ones behind. */
function curvesOf(state: State, points: SeriesStore | undefined): Curve[] {
  const sign = state.config.objective.direction === 'minimize' ? 1 : -1;
  const ranked = state.trials
    .filter((trial) => trial.id !== 1 && trial.id !== state.incumbent && resultsOf(trial).length > 0)
    .map((trial) => ({ trial, loss: sign * (trial.values[0] ?? trial.screen!) }))
    .sort((a, b) => a.loss - b.loss)
    .map(({ trial }) => trial);
  const next = new Set(ranked.slice(0, RUNNERS_UP).map((trial) => trial.id));
  const roleOf = (id: number): Curve['role'] =>
    id === state.incumbent && id !== 1 ? 'best' : id === 1 ? 'baseline' : next.has(id) ? 'runner-up' : 'other';

  const chosen: { run: number; role: Curve['role'] }[] = [];
  const others: number[] = [];
  for (const trial of state.trials) {
    const role = roleOf(trial.id);
    const runs = trial.runs.slice(0, role === 'best' || role === 'baseline' ? 6 : 1);
    for (const run of runs) {
      if (role === 'other') others.push(run);
      else chosen.push({ run, role });
    }
  }
  // Evenly over the study, so that neither its beginning nor its end is what one sees.
  const every = Math.max(1, others.length / OTHERS);
  for (let i = 0; i < others.length; i += every) chosen.push({ run: others[Math.floor(i)]!, role: 'other' });

  return chosen.flatMap(({ run: id, role }) => {
    const run = state.runs[id - 1]!;
    const heard = points === undefined ? undefined : read(points, id, state.config);
    const row = runRow(state, run);
    const { steps, values } = heard !== undefined && heard.steps.length > 0 ? heard : row;
    const thin = thinned(steps, values, role === 'other' ? FAINT_POINTS : CURVE_POINTS);
    return thin.steps.length < 2 ? [] : [{ trial: run.trial, run: id, role, ...thin }];
  });
}

function read(points: SeriesStore, run: number, config: StudyConfig): { steps: number[]; values: number[] } {
  const key = curveKey(
    config,
    points.list(run).map((series) => series.key),
  );
  if (key === undefined) return { steps: [], values: [] };
  const series = points.read(run, key);
  const steps: number[] = [];
  const values: number[] = [];
  series.steps.forEach((step, i) => {
    const value = series.values[i]!;
    if (!Number.isFinite(step) || !Number.isFinite(value) || step <= (steps.at(-1) ?? -Infinity)) return;
    steps.push(step);
    values.push(value);
  });
  return { steps, values };
}

/** At most about `most` points: of each stretch its lowest and its highest, in their order, and both ends. */
export function thinned(
  steps: readonly number[],
  values: readonly number[],
  most: number,
): { steps: number[]; values: number[] } {
  if (steps.length <= most) return { steps: [...steps], values: [...values] };
  const keep = new Set([0, steps.length - 1]);
  const buckets = Math.max(1, Math.floor(most / 2));
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = Math.floor((bucket * steps.length) / buckets);
    const to = Math.floor(((bucket + 1) * steps.length) / buckets);
    let [low, high] = [from, from];
    for (let i = from; i < to; i++) {
      if (values[i]! < values[low]!) low = i;
      if (values[i]! > values[high]!) high = i;
    }
    keep.add(low).add(high);
  }
  const order = [...keep].sort((a, b) => a - b);
  return { steps: order.map((i) => steps[i]!), values: order.map((i) => values[i]!) };
}

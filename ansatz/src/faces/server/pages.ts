/** The larger answers: a trial whole, curves, what is remembered. */

import { matchMetric } from '../../io/capture/index.ts';
import type { Room } from '../../io/store/series.ts';
import { curveKey } from '../../lab/hearing.ts';
import type { StudyFolder } from '../../lab/studies.ts';
import { closest, UserError } from '../../study/error.ts';
import type { EventBody } from '../../study/events/index.ts';
import { band, bucketed, evenly, type Line, openBand, smooth, thin } from '../../study/curves.ts';
import { conflicts, fullLine, idOf, lessonsOf, memoryOf, rank, recordsOf } from '../../study/memory/index.ts';
import { curveLoss, curveMetric } from '../../study/standin.ts';
import { everyRun, resultsOf, type Run, runOf, type State, type Trial, trialOf } from '../../study/state.ts';
import { tableRow } from '../../study/table.ts';
import { changes, runRow, statusOf } from '../../study/views.ts';
import { redact } from '../report/redact.ts';
import type { Follower } from './follow.ts';
import type { Studies } from './studies.ts';

/** What only the command line can do, lent to the server. */
export interface Lent {
  /** Code of a trial against its parent's, as a patch; empty when both are alike. */
  readonly diff: (state: State, folder: StudyFolder, trial: Trial) => Promise<string>;
  /** A trial that a person wants, as an event, checked. */
  readonly propose: (
    study: string,
    settings: readonly string[],
    options: { readonly why?: string; readonly by?: string; readonly bet?: string; readonly patch?: string },
  ) => Promise<{ readonly event: EventBody; readonly said: string }>;
  /** Give back what short-lived buffers took: otherwise a page of a million points leaves their memory in pieces. */
  readonly sweep?: () => void;
}

/** Events that a person caused. */
export const STEERING = [
  'study.paused',
  'study.resumed',
  'study.draining',
  'study.killed',
  'budget.raised',
  'study.amended',
  'bet.steered',
  'idea.noted',
  'trial.noted',
  'history.imported',
];

export function known(state: State, id: number): Trial {
  if (state.trials[id - 1] !== undefined) return trialOf(state, id);
  throw new UserError('no-trial', `there is no trial ${id}`, { fix: `trials are 1 to ${state.trials.length}` });
}

/** An event without what only machines read, and without what a page must not show. */
export function told(event: EventBody & { readonly seq: number; readonly at: number }, state: State): object {
  const { seq, at, type, ...rest } = event as typeof event & Record<string, unknown>;
  if (type === 'study.created' || type === 'study.amended' || type === 'history.imported') return { seq, at, type };
  return { seq, at, type, body: JSON.parse(redact(JSON.stringify(rest), state.config.folder)) as unknown };
}

export async function trialPage(follower: Follower, state: State, trial: Trial, lent: Lent): Promise<object> {
  const types = ['trial.proposed', 'trial.repeated', 'trial.judged', 'trial.noted', 'trial.drifted'];
  // Loaded when somebody asks, as what the command line lends: it brings along all that reads and writes scripts.
  const { settingsOf } = await import('../report/merge.ts');
  const baseline = trialOf(state, 1);
  const points = follower.points();
  const forward = (text: string): string => redact(text, state.config.folder);
  const ancestors: number[] = [];
  for (let at = trial.parent; at > 0 && ancestors.length < 100; at = trialOf(state, at).parent) ancestors.push(at);
  const brief = (id: number): object => {
    const row = tableRow(state, trialOf(state, id));
    return { trial: id, state: row.state, value: row.value, effect: row.effect, hypothesis: row.hypothesis };
  };
  let diff = '';
  try {
    diff = await lent.diff(state, follower.folder, trial);
  } catch (error) {
    diff = `the code cannot be shown: ${(error as Error).message}`;
  }
  const id = idOf(state.config.name, trial.id);
  const query = {
    text: trial.hypothesis,
    knobs: changes(state.trials[trial.parent - 1]?.point ?? {}, trial.point).map(({ knob }) => knob),
  };
  const shelf = follower.kept('shelf', 5000, (now) => memoryOf(recordsOf(now)));
  const like = rank(shelf, query, 9)
    .flatMap(({ document }) => shelf.record(document) ?? [])
    .filter((record) => record.id !== id)
    .slice(0, 6)
    .map((record) => ({ id: record.id, text: fullLine(record), verdict: record.outcome.verdict }));
  return {
    seq: state.seq,
    row: tableRow(state, trial),
    objective: state.config.objective,
    incumbent: state.incumbent,
    runs: everyRun(trial).map((run) => ({ ...runRow(state, runOf(state, run)), metrics: points?.list(run) ?? [] })),
    toBaseline: changes(baseline.point, trial.point),
    toParent: changes(state.trials[trial.parent - 1]?.point ?? trial.point, trial.point),
    settings: settingsOf(state.config, trial),
    environment: state.environment ?? {},
    diff: forward(diff),
    lineage: ancestors.map(brief),
    children: state.trials
      .filter((other) => other.parent === trial.id && other.id !== trial.id)
      .slice(0, 50)
      .map(({ id: child }) => brief(child)),
    evidence: follower.ofTrial(trial.id, types).map((event) => told(event, state)),
    family: statusOf(state).family.find((row) => row.trial === trial.id),
    notes: trial.notes ?? [],
    like,
  };
}

export function metricsOf(follower: Follower, state: State): string[] {
  const points = follower.points();
  const names = new Set<string>([state.config.objective.metric]);
  // Scripts print the same metrics in every run: the first and the last few say which.
  const runs = [...state.runs.slice(0, 3), ...state.runs.slice(-5)];
  for (const run of runs) for (const series of points?.list(run.id) ?? []) names.add(series.key);
  return [...names];
}

/** Trials that are drawn when nobody says which: the best, the baseline, the next three and what is running. */
function interesting(state: State): number[] {
  const sign = state.config.objective.direction === 'minimize' ? 1 : -1;
  const ranked = state.trials
    .filter((trial) => resultsOf(trial).length > 0)
    .map((trial) => ({ id: trial.id, loss: sign * (trial.values[0] ?? trial.screen ?? NaN) }))
    .sort((a, b) => a.loss - b.loss)
    .slice(0, 4)
    .map(({ id }) => id);
  const running = state.running.map((run) => runOf(state, run).trial);
  return [...new Set([...(state.incumbent === undefined ? [] : [state.incumbent]), 1, ...running, ...ranked])].slice(
    0,
    10,
  );
}

interface CurveQuery {
  readonly trials?: readonly number[];
  readonly metric?: string;
  readonly x: string;
  readonly smooth: number;
  readonly points: number;
}

export function curvesPage(follower: Follower, state: State, query: CurveQuery, sweep?: () => void): object {
  const metrics = metricsOf(follower, state);
  const { metric: watched } = curveMetric(state.config);
  const metric = query.metric ?? curveKey(state.config, metrics) ?? watched;
  const named = metric === watched ? metric : matchMetric(metric, metrics);
  if (named === undefined) {
    throw new UserError('no-metric', `no run printed "${metric}"${closest(metric, metrics)}`, {
      fix: `there are ${metrics.join(', ')}`,
    });
  }
  const axes = ['step', 'time', 'cost', ...metrics];
  if (!axes.includes(query.x)) {
    throw new UserError('bad-axis', `nothing is drawn over "${query.x}"${closest(query.x, axes)}`, {
      fix: axes.join(', '),
    });
  }
  const trials = (query.trials ?? interesting(state)).map((id) => known(state, id));
  // Each run is read twice, once for its ends and once to be drawn: a million points are never in memory together.
  const room: Room = { steps: new Float64Array(0), values: new Float64Array(0), ...(sweep && { sweep }) };
  const read = (run: Run): Line => lineOf(follower, state, run, named, query.x, room);
  const ends = new Map<number, readonly [number, number]>();
  let longest = 0;
  for (const trial of trials) {
    for (const id of trial.runs) {
      const { xs } = read(runOf(state, id));
      if (xs.length > 0) ends.set(id, [xs[0]!, xs[xs.length - 1]!]);
      longest = Math.max(longest, xs.length);
    }
  }
  const all = [...ends.values()];
  const within = [Math.min(...all.map(([from]) => from)), Math.max(...all.map(([, to]) => to))] as const;
  const few = (line: Line): { xs: number[]; ys: number[] } =>
    line.xs.length <= query.points ? thin(line, query.points) : bucketed(line, ...within, query.points / 2);
  const groups = trials.map((trial) => {
    const runs = trial.runs.filter((id) => ends.has(id)).map((id) => runOf(state, id));
    const sum = longest > query.points ? openBand(evenly(...within, query.points)) : undefined;
    const short: Line[] = [];
    const members = runs.map((run) => {
      const raw = read(run);
      const [from, to] = ends.get(run.id)!;
      const line = query.smooth > 0 ? { xs: raw.xs, ys: smooth(raw, query.smooth * (to - from)) } : raw;
      if (sum !== undefined) sum.add(line);
      // What was read is overwritten by the next.
      else short.push({ xs: [...line.xs], ys: [...line.ys] });
      return {
        run: run.id,
        seed: run.seed,
        status: run.status,
        ...few(line),
        ...(query.smooth > 0 ? { raw: few(raw) } : {}),
      };
    });
    // A single run is its own mean, with its extremes.
    const alone = members.length === 1 ? members[0] : undefined;
    return {
      trial: trial.id,
      verdict: trial.verdict,
      incumbent: trial.id === state.incumbent,
      band:
        alone === undefined
          ? (sum?.band() ?? band(short, query.points))
          : { xs: alone.xs, mean: alone.ys, sd: alone.xs.map(() => 0), n: alone.xs.map(() => 1) },
      members: alone === undefined ? members : [{ ...alone, xs: [], ys: [] }],
    };
  });
  return {
    seq: state.seq,
    metric: named,
    metrics,
    x: query.x,
    axes,
    direction: state.config.objective.direction,
    groups,
  };
}

/** Points of one run's metric over the axis asked for, x rising. */
function lineOf(follower: Follower, state: State, run: Run, metric: string, axis: string, room: Room): Line {
  const points = follower.points();
  const key =
    points === undefined
      ? undefined
      : matchMetric(
          metric,
          points.list(run.id).map((series) => series.key),
        );
  const heard = key === undefined ? undefined : points!.read(run.id, key, room);
  const sign = curveLoss(state.config, 1);
  const own = metric === curveMetric(state.config).metric;
  const steps = heard !== undefined && heard.steps.length > 0 ? heard.steps : own ? run.steps : [];
  const ys =
    heard !== undefined && heard.steps.length > 0 ? heard.values : own ? run.losses.map((loss) => sign * loss) : [];
  if (axis === 'step') return { xs: steps, ys: ys };
  if (axis === 'time' || axis === 'cost') {
    // Points carry no clock of their own: steps are taken to be equally long.
    const last = steps[steps.length - 1] ?? 0;
    const seconds = run.seconds ?? (state.now - run.startedAt) / 1000;
    const unit = axis === 'time' ? seconds : (run.charge?.deviceSeconds ?? seconds);
    return last > 0 ? { xs: Float64Array.from(steps, (step) => (step / last) * unit), ys: ys } : { xs: [], ys: [] };
  }
  const other =
    points === undefined
      ? undefined
      : points.read(
          run.id,
          matchMetric(
            axis,
            points.list(run.id).map((series) => series.key),
          ) ?? axis,
        );
  if (other === undefined || other.steps.length === 0) return { xs: [], ys: [] };
  const at = new Map<number, number>();
  other.steps.forEach((step, i) => at.set(step, other.values[i]!));
  const pairs = [...steps].flatMap((step, i) => (at.has(step) ? [[at.get(step)!, ys[i]!] as const] : []));
  pairs.sort((a, b) => a[0] - b[0]);
  return { xs: pairs.map(([x]) => x), ys: pairs.map(([, y]) => y) };
}

/** Records of all studies of the project; one that cannot be read must not hide the others. */
function allRecords(studies: Studies): ReturnType<typeof recordsOf> {
  return studies.names().flatMap((name) => {
    try {
      return studies.of(name).kept('records', 3000, recordsOf);
    } catch {
      return [];
    }
  });
}

export function memoryPage(studies: Studies, follower: Follower, words: string): object {
  const all = allRecords(studies);
  const short = (record: (typeof all)[number]): object => ({
    id: record.id,
    study: record.study,
    text: fullLine(record),
    verdict: record.outcome.verdict,
  });
  const lessons = follower.kept('lessons', 5000, () => lessonsOf(all));
  const shelf = memoryOf(words === '' ? [] : all);
  const found = words === '' ? [] : rank(shelf, { text: words, knobs: words.split(/\s+/) }, 30);
  const refused = follower.recent(Number.MAX_SAFE_INTEGER, 200, ['proposal.refused', 'warning.raised']);
  return {
    records: all.length,
    lessons: lessons.slice(0, 100),
    conflicts: follower
      .kept('conflicts', 5000, () => conflicts(all))
      .slice(0, 30)
      .map(({ a, b, differs, refutes }) => ({ a: short(a), b: short(b), differs, refutes })),
    avoided: refused.flatMap((event) =>
      event.type === 'proposal.refused' || (event.type === 'warning.raised' && event.code === 'idea-refused')
        ? [{ at: event.at, text: event.text }]
        : [],
    ),
    found: found.flatMap(({ document, score }) => {
      const record = shelf.record(document);
      return record === undefined ? [] : [{ ...short(record), score }];
    }),
  };
}

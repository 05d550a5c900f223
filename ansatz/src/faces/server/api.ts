/** The answers: every number is one of `study/views` and its neighbours, the same that the command line and the report print. */

import { z } from 'zod';
import { matchMetric } from '../../io/capture/index.ts';
import { type StudyFolder, listStudies, postRequest, studyFolder } from '../../lab/studies.ts';
import { steer, type Wish } from '../../lab/steering.ts';
import { closest, UserError } from '../../study/error.ts';
import type { EventBody } from '../../study/events/index.ts';
import { burnOf, keepCosts, tradeoffsOf } from '../../study/burn.ts';
import { band, smooth, thin } from '../../study/curves.ts';
import { effectsOf } from '../../study/effects.ts';
import { failureGroups, noiseGroups, progressOf, runSpans, spendingOf } from '../../study/insight.ts';
import { conflicts, fullLine, idOf, lessonsOf, memoryOf, rank, recordsOf } from '../../study/memory/index.ts';
import { resultsOf, type Run, runOf, type State, type Trial, trialOf } from '../../study/state.ts';
import { differing, pageOf, tableRow } from '../../study/table.ts';
import { changes, runRow, statusOf } from '../../study/views.ts';
import { settingsOf } from '../report/merge.ts';
import { redact } from '../report/redact.ts';
import { Follower } from './follow.ts';
import { logPage, logSearch } from './logs.ts';
import { route, type Route } from './routes.ts';

/** What only the command line can do, lent to the server. */
export interface Lent {
  /** Code of a trial against its parent's, as a patch; empty when both are alike. */
  readonly diff: (state: State, folder: StudyFolder, trial: Trial) => string;
  /** A trial that a person wants, as an event, checked. */
  readonly propose: (
    study: string,
    settings: readonly string[],
    options: { readonly why?: string; readonly by?: string; readonly bet?: string; readonly patch?: string },
  ) => { readonly event: EventBody; readonly said: string };
}

/** Studies of a project, each followed from when it is first asked for. */
export class Studies {
  readonly project: string;
  readonly #followers = new Map<string, Follower>();

  constructor(project: string) {
    this.project = project;
  }

  names(): string[] {
    return listStudies(this.project);
  }

  of(name: string): Follower {
    const names = this.names();
    if (!names.includes(name)) {
      throw new UserError('no-study', `no study is called "${name}"${closest(name, names)}`, {
        fix: `there are: ${names.join(', ')}`,
      });
    }
    let follower = this.#followers.get(name);
    if (follower === undefined) this.#followers.set(name, (follower = new Follower(studyFolder(this.project, name))));
    return follower;
  }

  close(): void {
    for (const follower of this.#followers.values()) follower.close();
  }
}

const whole = z.coerce.number().int();
const flag = z.enum(['0', '1', 'true', 'false']).transform((text) => text === '1' || text === 'true');
const ids = z
  .string()
  .max(2000)
  .regex(/^\d+(,\d+)*$/, 'numbers with commas between them')
  .transform((text) => text.split(',').map(Number).slice(0, 200));

const note = { text: z.string().max(4000).optional(), by: z.string().max(100).optional() };
const amount = z.number().nonnegative().finite().optional();
const WISH = z.discriminatedUnion('do', [
  z.strictObject({ do: z.enum(['pause', 'resume', 'stop', 'kill']) }),
  z.strictObject({ do: z.literal('kill-run'), run: z.int().positive() }),
  z.strictObject({ do: z.literal('repeat'), trial: z.int().positive(), more: z.int().positive().optional() }),
  z.strictObject({
    do: z.literal('note'),
    trial: z.int().positive(),
    tags: z.array(z.string().max(100)).max(20).optional(),
    ...note,
  }),
  z.strictObject({
    do: z.literal('budget'),
    runs: amount,
    deviceSeconds: amount,
    money: amount,
    wallSeconds: amount,
    deadline: amount,
  }),
  z.strictObject({ do: z.literal('idea'), text: z.string().max(4000), by: note.by }),
  z.strictObject({
    do: z.literal('bet'),
    bet: z.string().max(100),
    open: z.boolean(),
    floor: z.number().min(0).max(1).optional(),
    cap: z.number().min(0).max(1).optional(),
  }),
]);
const ASK = z.strictObject({
  wish: z.union([
    WISH,
    z.strictObject({
      do: z.literal('try'),
      settings: z.array(z.string().max(500)).max(200),
      why: z.string().max(4000).optional(),
      by: note.by,
      bet: z.string().max(100).optional(),
    }),
  ]),
  /** What spends or destroys is only asked about until this is true. */
  sure: z.boolean().optional(),
});

/** Every route under `/api`. */
export function routesOf(studies: Studies, lent: Lent): Route[] {
  const state = (parts: Readonly<Record<string, string>>): { follower: Follower; state: State } => {
    const follower = studies.of(parts['study']!);
    return { follower, state: follower.state() };
  };
  return [
    route({
      method: 'get',
      path: '/studies',
      about: 'the studies of the project, the one worked on last first',
      answer: () => ({
        project: studies.project.split('/').at(-1),
        studies: studies.names().map((name) => {
          const follower = studies.of(name);
          const { objective, phase, trials, best, gain, ended } = statusOf(follower.state());
          return { name, open: follower.working(), objective, phase, trials, best, gain, ended };
        }),
      }),
    }),
    route({
      method: 'get',
      path: '/studies/:study/board',
      about: 'a study at a glance: status, best over compute, budget over time, slots, last verdicts',
      answer: ({ parts }) => {
        const { follower, state: now } = state(parts);
        const from = now.now - 1000 * 3600 * 24 * 30;
        return {
          seq: now.seq,
          status: { ...statusOf(now), open: follower.working() },
          createdAt: now.createdAt,
          progress: follower.kept('progress', 500, progressOf),
          burn: follower.kept('burn', 500, burnOf),
          spans: follower.kept('spans', 500, (s) =>
            runSpans(s)
              .filter((span) => span.to >= from)
              .slice(-400),
          ),
          ideas: now.ideas.map((idea) => ({ text: idea.text, by: idea.by, trial: idea.trial })),
        };
      },
    }),
    route({
      method: 'get',
      path: '/studies/:study/trials',
      about: 'the table of trials, filtered, sorted and cut on the server',
      query: z.strictObject({
        filter: z.string().max(1000).default(''),
        sort: z.string().max(200).default('trial'),
        descending: flag.default(false),
        offset: whole.min(0).default(0),
        limit: whole.min(1).max(1000).default(100),
      }),
      answer: ({ parts, query }) => {
        const { follower, state: now } = state(parts);
        const { rows, columns } = follower.table();
        return {
          seq: now.seq,
          incumbent: now.incumbent,
          differing: follower.kept('differing', 1000, differing).map(({ name }) => name),
          columns,
          ...pageOf(rows, columns, query),
        };
      },
    }),
    route({
      method: 'get',
      path: '/studies/:study/trials/:trial',
      about: 'one trial whole: expectation, evidence, runs, code, lineage, notes, what was tried that is like it',
      answer: ({ parts }) => {
        const { follower, state: now } = state(parts);
        return trialOfPage(follower, now, known(now, Number(parts['trial'])), lent);
      },
    }),
    route({
      method: 'get',
      path: '/studies/:study/metrics',
      about: 'the metrics that runs were heard to print',
      answer: ({ parts }) => {
        const { follower, state: now } = state(parts);
        return { objective: now.config.objective.metric, metrics: metricsOf(follower, now) };
      },
    }),
    route({
      method: 'get',
      path: '/studies/:study/curves',
      about: 'curves of trials, smoothed before they are thinned, each trial as mean ± sd over all of its runs',
      query: z.strictObject({
        trials: ids.optional(),
        metric: z.string().max(200).optional(),
        x: z.string().max(200).default('step'),
        smooth: z.coerce.number().min(0).max(0.5).default(0),
        points: whole.min(10).max(4000).default(600),
      }),
      answer: ({ parts, query }) => {
        const { follower, state: now } = state(parts);
        return curvesOf(follower, now, query);
      },
    }),
    route({
      method: 'get',
      path: '/studies/:study/search',
      about: 'what the search has learned of the knobs: importance, curves along each, pairs, quality against cost',
      answer: ({ parts }) => {
        const { follower, state: now } = state(parts);
        const { rows } = follower.table();
        const { objective, baseline, best } = statusOf(now);
        const { knobs: effects, interactions } = follower.kept('effects', 5000, effectsOf);
        return {
          seq: now.seq,
          status: { objective, baseline, best },
          knobs: differing(now),
          trials: rows.map((row) => ({
            trial: row.trial,
            state: row.state,
            value: row.value,
            cost: row.deviceSeconds,
            point: row.point,
          })),
          effects,
          interactions,
          tradeoffs: follower.kept('tradeoffs', 2000, tradeoffsOf),
        };
      },
    }),
    route({
      method: 'get',
      path: '/studies/:study/memory',
      about: 'lessons, contradictions, what was avoided; with words, the experiments nearest to them over all studies',
      query: z.strictObject({ words: z.string().max(500).default('') }),
      answer: ({ parts, query }) => {
        const { follower } = state(parts);
        return memoryPage(studies, follower, query.words);
      },
    }),
    route({
      method: 'get',
      path: '/studies/:study/ledger',
      about: 'who and what spent what, and what each confirmed gain cost',
      answer: ({ parts }) => {
        const { follower, state: now } = state(parts);
        const status = statusOf(now);
        return {
          seq: now.seq,
          spent: status.spent,
          held: status.held,
          budget: status.budget,
          tokens: status.tokens,
          perKeep: status.perKeep,
          bets: status.bets,
          people: status.people,
          spending: follower.kept('spending', 1000, spendingOf),
          burn: follower.kept('burn', 500, burnOf),
          keeps: keepCosts(now),
          failures: failureGroups(now),
        };
      },
    }),
    route({
      method: 'get',
      path: '/studies/:study/kills',
      about:
        'the kill audit: what stopping runs saved, what was stated as its risk, what it cost where it was looked at',
      answer: ({ parts }) => {
        const { state: now } = state(parts);
        const rows = now.runs.filter((run) => run.stopping === 'pruned' || run.audited !== undefined);
        return {
          audit: statusOf(now).audit,
          noise: noiseGroups(now).slice(0, 50),
          runs: rows.slice(-500).map((run) => runRow(now, run)),
        };
      },
    }),
    route({
      method: 'get',
      path: '/studies/:study/history',
      about: 'what happened, the newest first',
      query: z.strictObject({
        before: whole.min(1).optional(),
        limit: whole.min(1).max(500).default(100),
        steering: flag.default(false),
      }),
      answer: ({ parts, query }) => {
        const { follower, state: now } = state(parts);
        const events = follower.recent(query.before ?? now.seq + 1, query.limit, query.steering ? STEERING : undefined);
        return { events: events.map((event) => told(event, now)) };
      },
    }),
    route({
      method: 'get',
      path: '/studies/:study/runs/:run/log',
      about: 'what a run printed, cleaned; from a byte on, from the end (-1), or the lines that contain some words',
      query: z.strictObject({
        stream: z.enum(['stdout', 'stderr']).default('stdout'),
        from: whole.min(-1).default(-1),
        search: z.string().max(200).default(''),
      }),
      answer: ({ parts, query }) => {
        const { follower, state: now } = state(parts);
        const run = Number(parts['run']);
        if (now.runs[run - 1] === undefined) throw new UserError('no-run', `there is no run ${run}`);
        const home = now.config.folder;
        return query.search === ''
          ? logPage(follower.folder, run, query.stream, query.from, home)
          : logSearch(follower.folder, run, query.stream, query.search, home);
      },
    }),
    route({
      method: 'post',
      path: '/studies/:study/steer',
      about:
        'pause, resume, stop, change the budget, stop a run, ask for a repeat, note, queue an idea: asks first where it spends or destroys',
      body: ASK,
      answer: ({ parts, body }) => {
        const { follower, state: now } = state(parts);
        const working = follower.working();
        const { wish, sure = false } = body;
        if (wish.do === 'try') {
          const { settings, why, by, bet } = wish;
          const asked = lent.propose(parts['study']!, settings, { why, by, bet });
          if (!sure) return { posted: false, ask: `Queue a trial: ${asked.said}?` };
          postRequest(follower.folder, asked.event);
          return { posted: true, said: asked.said };
        }
        const { event, said, ask } = steer(now, wish as Wish);
        const waits = wish.do === 'note' || wish.do === 'idea' || wish.do === 'bet' || wish.do === 'repeat';
        if (!working && !waits) {
          throw new UserError('no-lab', 'no lab works on this study', {
            fix:
              wish.do === 'budget'
                ? `ansatz run --runs ${now.ledger.spent.runs + 10}`
                : 'ansatz run   # goes on with it',
          });
        }
        if (ask !== undefined && !sure) return { posted: false, ask };
        postRequest(follower.folder, event);
        return { posted: true, said: working ? said : `${said}, when a lab goes on with it` };
      },
    }),
  ];
}

/** Events that a person caused. */
const STEERING = [
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

function known(state: State, id: number): Trial {
  if (state.trials[id - 1] !== undefined) return trialOf(state, id);
  throw new UserError('no-trial', `there is no trial ${id}`, { fix: `trials are 1 to ${state.trials.length}` });
}

/** An event without what only machines read, and without what a page must not show. */
function told(event: EventBody & { readonly seq: number; readonly at: number }, state: State): object {
  const { seq, at, type, ...rest } = event as typeof event & Record<string, unknown>;
  if (type === 'study.created' || type === 'study.amended' || type === 'history.imported') return { seq, at, type };
  return { seq, at, type, body: JSON.parse(redact(JSON.stringify(rest), state.config.folder)) as unknown };
}

function trialOfPage(follower: Follower, state: State, trial: Trial, lent: Lent): object {
  const types = ['trial.proposed', 'trial.repeated', 'trial.judged', 'trial.noted', 'trial.drifted'];
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
    diff = lent.diff(state, follower.folder, trial);
  } catch (error) {
    diff = `the code cannot be shown: ${(error as Error).message}`;
  }
  const own = recordsOf(state);
  const id = idOf(state.config.name, trial.id);
  const query = {
    text: trial.hypothesis,
    knobs: changes(state.trials[trial.parent - 1]?.point ?? {}, trial.point).map(({ knob }) => knob),
  };
  const shelf = memoryOf(own);
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
    runs: trial.runs.map((run) => ({ ...runRow(state, runOf(state, run)), metrics: points?.list(run) ?? [] })),
    toBaseline: changes(baseline.point, trial.point),
    toParent: changes(state.trials[trial.parent - 1]?.point ?? trial.point, trial.point),
    settings: settingsOf(state.config, trial),
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

function metricsOf(follower: Follower, state: State): string[] {
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

function curvesOf(follower: Follower, state: State, query: CurveQuery): object {
  const metrics = metricsOf(follower, state);
  const metric = query.metric ?? state.config.objective.metric;
  const named = metric === state.config.objective.metric ? metric : matchMetric(metric, metrics);
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
  const groups = trials.map((trial) => {
    const members = trial.runs
      .map((id) => runOf(state, id))
      .map((run) => ({ run, line: lineOf(follower, state, run, named, query.x) }))
      .filter(({ line }) => line.xs.length > 0);
    const span = Math.max(0, ...members.map(({ line }) => line.xs[line.xs.length - 1]! - line.xs[0]!));
    const smoothed = members.map(({ run, line }) => ({
      run,
      raw: line,
      line: { xs: line.xs, ys: smooth(line, query.smooth * span) },
    }));
    return {
      trial: trial.id,
      verdict: trial.verdict,
      incumbent: trial.id === state.incumbent,
      band: band(
        smoothed.map(({ line }) => line),
        query.points,
      ),
      members: smoothed.map(({ run, line, raw }) => ({
        run: run.id,
        seed: run.seed,
        status: run.status,
        ...thin(line, query.points),
        ...(query.smooth > 0 ? { raw: thin(raw, query.points) } : {}),
      })),
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
function lineOf(
  follower: Follower,
  state: State,
  run: Run,
  metric: string,
  axis: string,
): { xs: Float64Array | number[]; ys: Float64Array | number[] } {
  const points = follower.points();
  const key =
    points === undefined
      ? undefined
      : matchMetric(
          metric,
          points.list(run.id).map((series) => series.key),
        );
  const heard = key === undefined ? undefined : points!.read(run.id, key);
  const sign = state.config.objective.direction === 'minimize' ? 1 : -1;
  const own = metric === state.config.objective.metric;
  const steps = heard !== undefined && heard.steps.length > 0 ? heard.steps : own ? run.steps : [];
  const ys =
    heard !== undefined && heard.steps.length > 0 ? heard.values : own ? run.losses.map((loss) => sign * loss) : [];
  if (axis === 'step') return { xs: steps as number[], ys: ys as number[] };
  if (axis === 'time' || axis === 'cost') {
    // Points carry no clock of their own: steps are taken to be equally long.
    const last = steps[steps.length - 1] ?? 0;
    const seconds = run.seconds ?? (state.now - run.startedAt) / 1000;
    const unit = axis === 'time' ? seconds : (run.charge?.deviceSeconds ?? seconds);
    return last > 0
      ? { xs: Float64Array.from(steps, (step) => (step / last) * unit), ys: ys as number[] }
      : { xs: [], ys: [] };
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

function memoryPage(studies: Studies, follower: Follower, words: string): object {
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

/** The answers: every number is one of `study/views` and its neighbours, the same that the command line and the report print. */

import { z } from 'zod';
import { postRequest } from '../../lab/studies.ts';
import { steer } from '../../lab/steering.ts';
import { burnOf, keepCosts, tradeoffsOf } from '../../study/burn.ts';
import { effectsOf } from '../../study/effects.ts';
import { UserError } from '../../study/error.ts';
import { failureGroups, noiseGroups, type Progress, progressOf, runSpans, spendingOf } from '../../study/insight.ts';
import type { State } from '../../study/state.ts';
import { fidelityOf, scaleForecast, SHOWN_LEVEL } from '../../study/scales.ts';
import { differing, pageOf } from '../../study/table.ts';
import { versus } from '../../study/versus.ts';
import { runRow, statusOf } from '../../study/views.ts';
import type { Follower } from './follow.ts';
import { logPage, logSearch } from './logs.ts';
import { curvesPage, known, type Lent, memoryPage, metricsOf, STEERING, told, trialPage } from './pages.ts';
import { route, type Route } from './routes.ts';
import type { Studies } from './studies.ts';

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
          progress: follower.kept('progress', 500, (s) => thinned(progressOf(s))),
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
        return trialPage(follower, now, known(now, Number(parts['trial'])), lent);
      },
    }),
    route({
      method: 'get',
      path: '/studies/:study/versus',
      about: 'two to eight trials, each against the first: difference with its interval, chance of being better',
      query: z.strictObject({ trials: ids }),
      answer: ({ parts, query }) => {
        const { state: now } = state(parts);
        const [first, ...others] = query.trials.slice(0, 8).map((id) => known(now, id).id);
        return { pairs: first === undefined ? [] : others.flatMap((id) => versus(now, id, first) ?? []) };
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
        return curvesPage(follower, now, query, lent.sweep);
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
      path: '/studies/:study/scaling',
      about:
        'what small runs say of a scale that was not tried: of the fidelity of the study, or of any knob and target',
      query: z.strictObject({ knob: z.string().max(200).optional(), target: z.coerce.number().positive().optional() }),
      answer: ({ parts, query: { knob, target } }) => {
        const { follower, state: now } = state(parts);
        const { fidelity, knobs, objective } = now.config;
        const asked =
          fidelity === undefined && knob !== undefined && target !== undefined
            ? { forecast: scaleForecast(now, knob, target, SHOWN_LEVEL) }
            : {};
        return {
          seq: now.seq,
          objective,
          incumbent: now.incumbent,
          ...(fidelity === undefined ? {} : { fidelity: follower.kept('fidelity', 500, (s) => fidelityOf(s)) }),
          ...asked,
          // Any of these could be the scale.
          numbers: knobs.flatMap((one) =>
            one.kind === 'choice' ? (one.choices.every((v) => typeof v === 'number') ? [one.name] : []) : [one.name],
          ),
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
      answer: async ({ parts, body }) => {
        const { follower, state: now } = state(parts);
        const working = follower.working();
        const { wish, sure = false } = body;
        if (wish.do === 'try') {
          const { settings, why, by, bet } = wish;
          const asked = await lent.propose(parts['study']!, settings, { why, by, bet });
          if (!sure) return { posted: false, ask: `Queue a trial: ${asked.said}?` };
          postRequest(follower.folder, asked.event);
          return { posted: true, said: asked.said };
        }
        const { event, said, ask } = steer(now, wish);
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

/** Dots that a picture of this size can still tell apart. */
const MOST_DOTS = 1500;

/** Every keep, and of the other trials about as many as can be seen, evenly over the study. */
function thinned(progress: Progress): Progress {
  const { dots } = progress;
  if (dots.length <= MOST_DOTS) return progress;
  const every = dots.length / MOST_DOTS;
  return { ...progress, dots: dots.filter((dot, i) => dot.state === 'keep' || i % every < 1) };
}

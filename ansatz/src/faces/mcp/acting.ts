/** Tools for an agent that does not only look: what is to be expected, a run that is made now, and waiting for its verdict. */

import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { postRequest, type StudyFolder } from '../../lab/studies.ts';
import { UserError } from '../../study/error.ts';
import { foreseeEnd, foreseeRun } from '../../study/foresee.ts';
import { fidelityOf, scaleForecast } from '../../study/scales.ts';
import type { State, Trial } from '../../study/state.ts';
import { type TrialRow, trialRow } from '../../study/views.ts';
import { answer, answerLater } from './answer.ts';
import { IDEA, ideaOf, type Propose, study } from './propose.ts';

/** How often the journal is looked at while somebody waits, and how long a lab may take to take a trial in. */
const LOOK_MS = 150;
const ADMITTED_MS = 20_000;
/** Clients give up on a tool after a minute. */
const MOST_WAIT_SECONDS = 50;
const LEVEL = 0.8;

const expected = {
  expected: z.number(),
  low: z.number(),
  high: z.number(),
  level: z.number().describe('of the interval from low to high'),
  metric: z.string(),
};
const forecasts = {
  of: z.enum(['end', 'run', 'target']),
  end: z
    .object({
      ...expected,
      now: z.number().describe('mean of the best trial'),
      improves: z.number().describe('probability that something better is found'),
      trialsLeft: z.number(),
      like: z.number().describe('trials that those to come are taken to be like'),
    })
    .optional(),
  run: z
    .object({
      ...expected,
      run: z.number(),
      trial: z.number(),
      step: z.number(),
      steps: z.number(),
      value: z.number(),
      siblings: z.number().describe('finished runs that it rests on'),
      better: z.number().optional().describe('probability that it ends better than the best trial'),
    })
    .optional(),
  target: z.record(z.string(), z.unknown()).optional().describe('as ansatz scale forecast --json'),
};

const judged = {
  trial: z.number(),
  state: z.enum(['keep', 'discard', 'inconclusive', 'crash', 'running', 'paused', 'queued']),
  why: z.string(),
  runs: z.number(),
  deviceSeconds: z.number(),
  value: z.number().optional(),
  effect: z.number().optional(),
  margin: z.number().optional(),
};

/** The study a tool means, as it stands. */
type Open = (name: string | undefined) => { state: State; folder: StudyFolder; working: boolean };

/** Add them to a server; `known` finds a trial or says that there is none. */
export function addActing(
  server: McpServer,
  propose: (study: string | undefined) => Propose,
  open: Open,
  known: (state: State, id: number) => Trial,
): void {
  server.registerTool(
    'forecast',
    {
      description:
        'What is to be expected, with an interval: of the best trial when the budget ends (of: end), of a run under way (run: its number), or at a scale that was not run (target, and knob where the study has no fidelity)',
      inputSchema: {
        study,
        of: z.enum(['end', 'run', 'target']).default('end'),
        run: z.int().positive().optional(),
        knob: z.string().optional(),
        target: z.number().positive().optional(),
      },
      outputSchema: forecasts,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ study: name, of, run, knob, target }) =>
      answer(() => {
        const { state } = open(name);
        if (of === 'end') return { of, end: foreseeEnd(state) };
        if (of === 'target') return { of, target: atTarget(state, knob, target) };
        const id = run ?? state.running[0];
        if (id === undefined || state.runs[id - 1] === undefined) {
          throw new UserError('no-run', run === undefined ? 'no run is under way' : `there is no run ${run}`, {
            fix: state.runs.length === 0 ? 'nothing was run yet' : `runs are 1 to ${state.runs.length}`,
          });
        }
        return { of, run: foreseeRun(state, id) };
      }),
  );

  server.registerTool(
    'run',
    {
      description:
        'Have settings, or a change of code, run now, before what is queued, for at most so many device-seconds until the verdict; the budget of the study bounds it as well. Answers with the trial as soon as the lab at work has taken it in: wait, or trial, tell what came of it',
      inputSchema: {
        ...IDEA,
        device_seconds: z.number().positive(),
      },
      outputSchema: { trial: z.number(), said: z.string(), deviceSeconds: z.number() },
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    },
    ({ study: name, settings, patch, why, bet, device_seconds: most }) =>
      answerLater(async () => {
        const { folder, working, state } = open(name);
        if (!working || state.phase !== 'running')
          throw new UserError('no-lab', `no lab is at work on study "${folder.name}", or it starts nothing any more`, {
            fix: 'ansatz run; or propose, which queues the trial for the next lab',
          });
        const { event, said } = propose(name)(ideaOf({ settings, why, patch, bet }));
        if (event.type !== 'trial.proposed') throw new Error('a proposal is a trial');
        const request = randomUUID();
        postRequest(folder, { ...event, first: true, most, request });
        const refused = state.warnings.length;
        const trial = await until(ADMITTED_MS, () => {
          const now = open(name).state;
          const word = now.warnings
            .slice(refused)
            .find(({ code, text }) => code === 'idea-refused' && text.includes(event.hypothesis));
          if (word !== undefined) throw new UserError('no-op', word.text, { fix: 'ask tried_before first' });
          return now.trials.findLast((one) => one.request === request);
        });
        if (trial === undefined)
          throw new UserError('no-lab', `the lab has not taken it in within ${ADMITTED_MS / 1000} s; it still may`, {
            fix: 'look at trials in a moment',
          });
        return { trial: trial.id, said, deviceSeconds: most };
      }),
  );

  server.registerTool(
    'wait',
    {
      description: `Wait until a trial has its verdict, for at most ${MOST_WAIT_SECONDS} seconds, and say how it stands then`,
      inputSchema: {
        study,
        trial: z.int().positive(),
        seconds: z.number().positive().max(MOST_WAIT_SECONDS).default(30),
      },
      outputSchema: { ...judged, done: z.boolean().describe('whether it has its verdict') },
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ study: name, trial: id, seconds }) =>
      answerLater(async () => {
        const look = (): { readonly row: TrialRow; readonly done: boolean } => {
          const { state, working } = open(name);
          const trial = known(state, id);
          return { row: trialRow(state, trial), done: trial.verdict !== undefined || !working };
        };
        await until(seconds * 1000, () => (look().done ? true : undefined));
        const { row } = look();
        const { trial, state, why, runs, deviceSeconds, value: result, effect, margin } = row;
        const numbers = Object.entries({ value: result, effect, margin }).filter(([, number]) => number !== undefined);
        return {
          trial,
          state,
          why,
          runs,
          deviceSeconds,
          ...Object.fromEntries(numbers),
          done: known(open(name).state, id).verdict !== undefined,
        };
      }),
  );
}

function atTarget(state: State, knob: string | undefined, target: number | undefined): object {
  const { fidelity } = state.config;
  if (fidelity !== undefined && (knob === undefined || knob === fidelity.knob))
    return fidelityOf(state, LEVEL, target)!;
  if (knob !== undefined && target !== undefined) return scaleForecast(state, knob, target, LEVEL);
  throw new UserError('bad-option', `${knob === undefined ? 'knob' : 'target'} is missing`, {
    fix: 'say which knob sets the scale of a run, and the value of it that is wanted',
  });
}

/** Look again and again until there is an answer or the time is over. */
async function until<T>(milliseconds: number, look: () => T | undefined): Promise<T | undefined> {
  const end = performance.now() + milliseconds;
  for (;;) {
    const found = look();
    if (found !== undefined || performance.now() >= end) return found;
    await pause(LOOK_MS);
  }
}

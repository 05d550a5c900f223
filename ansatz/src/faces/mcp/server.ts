/** `ansatz mcp`: the lab as tools of an agent, over the Model Context Protocol. */

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { addActing } from './acting.ts';
import { answer } from './answer.ts';
import { IDEA, ideaOf, type Propose, study, value } from './propose.ts';
import { runFolder } from '../../io/executor/places.ts';
import { clean, tailOf } from '../../io/executor/tail.ts';
import {
  chooseStudy,
  findProject,
  held,
  listStudies,
  postRequest,
  readPoints,
  readStudy,
  studyFolder,
} from '../../lab/studies.ts';
import { steer } from '../../lab/steering.ts';
import { UserError } from '../../study/error.ts';
import {
  contextOf,
  distanceOver,
  lessonsOf,
  memoryOf,
  recall,
  recordsOf,
  triedBefore,
} from '../../study/memory/index.ts';
import { everyRun, runOf, type State, trialOf } from '../../study/state.ts';
import { withoutHeldout } from '../../study/heldout.ts';
import { runRow, statusOf, trialRow, trialRows } from '../../study/views.ts';

export type { Propose } from './propose.ts';

/** Tokens of memory an agent gets when it does not say how many. */
const TOKENS = 1500;
/** Lines of a log, and points of a curve, at most. */
const LINES = 200;
const POINTS = 500;

/** Serve on standard input and output until the other side closes. */
export async function serveMcp(
  from: string,
  version: string,
  propose: (study: string | undefined) => Propose,
): Promise<void> {
  const server = labServer(from, version, propose);
  const transport = new StdioServerTransport();
  const closed = new Promise<void>((resolve) => {
    process.stdin.on('end', resolve);
    process.stdin.on('close', resolve);
  });
  await server.connect(transport);
  await closed;
  await server.close();
}

/** Answer one request of a client that speaks over HTTP. Nothing is kept between requests: all there is to know is in the studies. */
export async function answerMcp(
  request: Request,
  from: string,
  version: string,
  propose: (study: string | undefined) => Propose,
): Promise<Response> {
  const server = labServer(from, version, propose);
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  await server.connect(transport);
  return transport.handleRequest(request);
}

/** The tools. Reads studies of the project that `from` is in; writes only through their inbox. */
function labServer(from: string, version: string, propose: (study: string | undefined) => Propose): McpServer {
  const server = new McpServer({ name: 'ansatz', version });
  const open = (
    name: string | undefined,
  ): { state: State; folder: ReturnType<typeof chooseStudy>; working: boolean } => {
    const folder = chooseStudy(from, name);
    const { state, lease } = readStudy(folder);
    // Who proposes must not know what the held-out checks say: it would search for that.
    return { state: withoutHeldout(state), folder, working: held(lease) };
  };

  const readOnly = { readOnlyHint: true, openWorldHint: false };
  server.registerTool(
    'status',
    {
      description: 'A study at a glance: gain with interval, noise, budgets, what is running, last verdicts',
      inputSchema: { study },
      annotations: readOnly,
    },
    ({ study: name }) =>
      answer(() => {
        const { state, working } = open(name);
        return { ...statusOf(state), open: working };
      }),
  );
  server.registerTool(
    'trials',
    {
      description: 'Trials of a study with verdict, effect ± margin and what they changed, the newest last',
      inputSchema: {
        study,
        last: z.int().positive().max(500).default(50),
        verdict: z.enum(['keep', 'discard', 'inconclusive', 'crash']).optional(),
      },
      annotations: readOnly,
    },
    ({ study: name, last, verdict }) =>
      answer(() => {
        const rows = trialRows(open(name).state).filter((row) => verdict === undefined || row.state === verdict);
        return { trials: rows.slice(-last), of: rows.length };
      }),
  );
  server.registerTool(
    'trial',
    {
      description: 'One trial whole: hypothesis, settings, evidence, its runs',
      inputSchema: { study, trial: z.int().positive() },
      annotations: readOnly,
    },
    ({ study: name, trial: id }) =>
      answer(() => {
        const { state } = open(name);
        const trial = known(state, id);
        const runs = everyRun(trial).map((run) => runRow(state, runOf(state, run)));
        return {
          ...trialRow(state, trial),
          hypothesis: trial.hypothesis,
          point: trial.point,
          parent: trial.parent,
          code: trial.code,
          runs,
        };
      }),
  );
  server.registerTool(
    'log',
    {
      description: 'The last lines a run printed',
      inputSchema: { study, run: z.int().positive(), lines: z.int().positive().max(LINES).default(50) },
      annotations: readOnly,
    },
    ({ study: name, run, lines }) =>
      answer(() => {
        const { state, folder } = open(name);
        runOf(state, run);
        return { run, lines: tailOf(runFolder(folder.runs, run), lines).map(clean) };
      }),
  );
  server.registerTool(
    'curve',
    {
      description: 'A metric of a run over its steps, thinned to 500 points',
      inputSchema: { study, run: z.int().positive(), metric: z.string().optional() },
      annotations: readOnly,
    },
    ({ study: name, run, metric }) =>
      answer(() => {
        const { state, folder } = open(name);
        const key = metric ?? state.config.objective.metric;
        const points = existsSync(folder.points) ? readPoints(folder) : undefined;
        try {
          const found = points?.list(run) ?? [];
          if (!found.some((series) => series.key === key)) {
            throw new UserError('no-metric', `run ${run} has no metric "${key}"`, {
              fix: `there are ${found.map((series) => series.key).join(', ') || 'none'}`,
            });
          }
          const { steps, values } = points!.read(run, key);
          const every = Math.max(1, Math.ceil(steps.length / POINTS));
          const kept = [...steps.keys()].filter((i) => i % every === 0 || i === steps.length - 1);
          return { run, metric: key, steps: kept.map((i) => steps[i]!), values: kept.map((i) => values[i]!) };
        } finally {
          points?.close();
        }
      }),
  );
  server.registerTool(
    'recall',
    {
      description:
        'What is remembered, over all studies here, that is nearest to some words: records, lessons and failures, with ids to cite',
      inputSchema: {
        words: z.string(),
        knobs: z.array(z.string()).optional(),
        tokens: z.int().positive().max(20_000).default(TOKENS),
        study,
      },
      annotations: readOnly,
    },
    ({ words, knobs = [], tokens, study: name }) =>
      answer(() => {
        const { state } = open(name);
        const records = allRecords(from);
        const context = contextOf(state, trialOf(state, state.incumbent ?? 1));
        return {
          ...recall(memoryOf(records), { text: words, knobs, context }, tokens, { lessons: lessonsOf(records) }),
        };
      }),
  );
  server.registerTool(
    'tried_before',
    {
      description: 'Whether settings were tried before in this context: allow, warn, reuse or block, with the records',
      inputSchema: { settings: z.record(z.string(), value), hypothesis: z.string().optional(), study },
      annotations: readOnly,
    },
    ({ settings, hypothesis, study: name }) =>
      answer(() => {
        const { state } = open(name);
        const parent = trialOf(state, state.incumbent ?? 1);
        const point = { ...parent.point, ...settings };
        const question = {
          point,
          context: contextOf(state, parent),
          ...(hypothesis === undefined ? {} : { hypothesis }),
        };
        const { decision, why, records } = triedBefore(memoryOf(allRecords(from)), question, {
          distance: distanceOver(state.config.knobs),
        });
        return { decision, why, records: records.map(({ id }) => id) };
      }),
  );
  server.registerTool(
    'propose',
    {
      description:
        'Queue a trial: settings to change from the best trial so far, and a unified diff of code. It is run, judged and paid for by the lab like any other; nothing you say about its result counts',
      inputSchema: IDEA,
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    },
    ({ study: name, settings, patch, why, bet }) =>
      answer(() => {
        const { event, said } = propose(name)(ideaOf({ settings, why, patch, bet }));
        postRequest(chooseStudy(from, name), event);
        return { queued: true, said };
      }),
  );

  server.registerTool(
    'compare',
    {
      description: 'Two to eight trials side by side: what differs in their settings, and what came of each',
      inputSchema: { study, trials: z.array(z.int().positive()).min(2).max(8) },
      annotations: readOnly,
    },
    ({ study: name, trials }) =>
      answer(() => {
        const { state } = open(name);
        const rows = trials.map((id) => known(state, id));
        const knobs = state.config.knobs.map((knob) => knob.name);
        const differ = knobs.filter((knob) => new Set(rows.map((trial) => trial.point[knob])).size > 1);
        return {
          differ,
          trials: rows.map((trial) => ({
            ...trialRow(state, trial),
            settings: Object.fromEntries(differ.map((knob) => [knob, trial.point[knob]])),
          })),
        };
      }),
  );
  server.registerTool(
    'lessons',
    {
      description:
        'What the experiments of all studies here add up to: contradictions first, then effects, then a line for each knob',
      inputSchema: { most: z.int().positive().max(100).default(30) },
      annotations: readOnly,
    },
    ({ most }) => answer(() => ({ lessons: lessonsOf(allRecords(from)).slice(0, most) })),
  );
  server.registerTool(
    'steer',
    {
      description:
        'A word to the lab: pause, resume, repeat a trial on fresh seeds, note something on a trial. Spends at most what the budget has left',
      inputSchema: {
        study,
        do: z.enum(['pause', 'resume', 'repeat', 'note']),
        trial: z.int().positive().optional(),
        more: z.int().positive().max(10).optional(),
        text: z.string().optional(),
        tags: z.array(z.string()).optional(),
      },
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    },
    ({ study: name, do: what, trial = 0, more, text, tags }) =>
      answer(() => {
        const { state, folder, working } = open(name);
        const { event, said } = steer(
          state,
          what === 'repeat'
            ? { do: what, trial, ...(more === undefined ? {} : { more }) }
            : what === 'note'
              ? {
                  do: what,
                  trial,
                  by: 'agent',
                  ...(text === undefined ? {} : { text }),
                  ...(tags === undefined ? {} : { tags }),
                }
              : { do: what },
        );
        if (!working && (what === 'pause' || what === 'resume')) {
          throw new UserError('no-lab', `no lab works on study "${folder.name}"`, { fix: 'ansatz run' });
        }
        postRequest(folder, event);
        return { queued: true, said };
      }),
  );
  addActing(server, propose, open, known);
  return server;
}

function known(state: State, id: number): ReturnType<typeof trialOf> {
  if (state.trials[id - 1] !== undefined) return trialOf(state, id);
  throw new UserError('no-trial', `there is no trial ${id}`, { fix: `trials are 1 to ${state.trials.length}` });
}

function allRecords(from: string): ReturnType<typeof recordsOf> {
  const project = findProject(from);
  if (project === undefined) return [];
  return listStudies(project).flatMap((name) => recordsOf(readStudy(studyFolder(project, name)).state));
}

/** `ansatz run`: start or resume a study and stay with it to its end. */

import { counted } from '../../io/logs/table.ts';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, isAbsolute, join, relative, resolve } from 'node:path';
import { environmentOf, joinWords, readConfig, thisMachine, usualGrace } from '../../io/config/index.ts';
import { localExecutor } from '../../io/executor/local.ts';
import { realWorld } from '../../io/executor/world.ts';
import { openLab } from '../../lab/lab.ts';
import { spaceOf } from '../../lab/researcher/index.ts';
import { earlierRuns, reusing } from '../../lab/reuse.ts';
import { sealedBy } from '../../lab/seal.ts';
import { selfJudged } from '../../lab/tampering.ts';
import {
  explain,
  findProject,
  holdStudy,
  identity,
  listStudies,
  readRequests,
  RENEW_MS,
  repositoryOf,
  setCurrent,
  studyFolder,
  type HeldStudy,
} from '../../lab/studies.ts';
import { stoppingOf } from '../../methods/pruning/index.ts';
import { defaults, feasible, valueAt } from '../../methods/space/index.ts';
import { settingsAt } from '../../study/fidelity.ts';
import { AMENDABLE, type StudyConfig } from '../../study/config.ts';
import { priorsFor } from '../../study/prior.ts';
import { fingerprintOf, whyUnconfined } from '../../io/workspace/index.ts';
import { prepareCommand } from '../../io/executor/prepare.ts';
import { deliver, patched } from '../../io/knobs/deliver.ts';
import { UserError } from '../../study/error.ts';
import type { Event, EventBody } from '../../study/events/index.ts';
import { overdrawn } from '../../study/ledger.ts';
import { reduce } from '../../study/reduce.ts';
import { type State, trialOf } from '../../study/state.ts';
import { nearMisses } from '../../study/insight.ts';
import { statusOf } from '../../study/views.ts';
import { EXIT } from './errors.ts';
import { eventLine } from './lines.ts';
import { openLiveView } from './live.ts';
import { openPage } from './page.ts';
import { planLines, planOf } from './plan.ts';
import { GUIDANCE, openResearchers, otherStudies } from './researchers.ts';
import { headline } from './status.ts';
import { believedText } from '../report/believed.ts';
import { num, paintFor, seconds, valueText } from './text.ts';
import { version } from './version.ts';

export interface RunOptions {
  dryRun?: boolean;
  runs?: string;
  wall?: string;
  device?: string;
  money?: string;
  deadline?: string;
  slots?: string;
  sampler?: string;
  pruner?: string;
  seed?: string;
  study?: string;
  new?: boolean;
  plain?: boolean;
  json?: boolean;
  ui?: boolean;
}

/** Work on the study that the configuration describes. */
export async function run(configFile: string | undefined, options: RunOptions): Promise<void> {
  const file = configPath(configFile);
  const asked = readStudyConfig(file, options);
  checkDeadline(asked);
  checkCommand(asked);
  checkSandbox(asked);
  await checkPlaces(asked);
  if (options.dryRun === true) {
    const plan = planOf(asked);
    process.stdout.write(options.json === true ? `${JSON.stringify(plan)}\n` : `${planLines(plan).join('\n')}\n`);
    return;
  }
  const name = chooseName(asked, options);
  const folder = studyFolder(asked.folder, name);
  const held = holdStudy(folder);
  const config = withGrace(asked, held.state);
  if (held.repaired !== undefined) process.stderr.write(`warning: ${held.repaired}\n`);
  try {
    setCurrent(config.folder, name);
    const state = prepareJournal(held, { ...config, name, ...standing(held, config, file, options) });
    if (state.phase === 'ended') {
      sayEnded(state, options);
      process.exitCode = exitCode(state);
      return;
    }
    process.exitCode = await work(held, config, options, file);
  } catch (error) {
    throw explain(error, folder);
  } finally {
    try {
      held.close();
    } catch {
      // A full disk or a lost lease was reported already; closing can add nothing.
    }
  }
}

/** The configuration that is meant: the one named, or the ansatz.yaml of this folder or the nearest one above. */
function configPath(given: string | undefined): string {
  if (given !== undefined || existsSync('ansatz.yaml')) return resolve(given ?? 'ansatz.yaml');
  const above = join(findProject(process.cwd()) ?? '.', 'ansatz.yaml');
  return resolve(existsSync(above) ? above : 'ansatz.yaml');
}

function readStudyConfig(file: string, options: RunOptions): StudyConfig {
  const { runs, wall, device, money, deadline, slots, sampler, pruner, seed, study } = options;
  const overrides = { runs, wall, device, money, deadline, slots, sampler, pruner, seed, name: study };
  return readConfig(file, { now: Date.now(), machine: thisMachine() }, overrides);
}

/** A deadline that is over cannot be met by anything. */
function checkDeadline(config: StudyConfig): void {
  if (config.deadline === undefined || config.deadline > Date.now()) return;
  throw new UserError('deadline-over', `the deadline ${new Date(config.deadline).toLocaleString('sv-SE')} is over`, {
    fix: 'ansatz run --deadline +8h',
  });
}

/** The program must exist before anything is promised to it. */
function checkCommand(config: StudyConfig): void {
  const program = config.command[0]!;
  const places =
    isAbsolute(program) || program.includes('/')
      ? [resolve(config.folder, program)]
      : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, program));
  if (!places.some((place) => existsSync(place))) {
    const python = program.startsWith('python') ? 'python3' : undefined;
    throw new UserError('no-command', `there is no program "${program}"`, {
      where: `command in ${join(config.folder, 'ansatz.yaml')}`,
      why: program.includes('/') ? `${places[0]} does not exist` : 'it is in no folder of PATH',
      fix:
        python === undefined || python === program
          ? 'write the full path of the program'
          : `command: ${[python, ...config.command.slice(1)].join(' ')}`,
    });
  }
  // The script itself, when the command is an interpreter and a file.
  const script = config.command[1];
  if (
    script !== undefined &&
    /\.(py|js|mjs|cjs|ts|mts|sh|R|jl|lua|rb)$/.test(script) &&
    !existsSync(resolve(config.folder, script))
  ) {
    throw new UserError('no-script', `the script "${script}" does not exist`, {
      where: resolve(config.folder, script),
      fix: 'the command runs in the folder of ansatz.yaml; paths are relative to it',
    });
  }
  const space = spaceOf(config);
  const point = defaults(space);
  if (!feasible(space, point)) {
    const values = config.knobs.map((knob) => `${knob.name} = ${valueText(valueAt(point, knob.name))}`).join(', ');
    throw new UserError('infeasible-baseline', "the script's own settings violate a constraint", {
      where: config.constraints.join('; '),
      why: values,
      fix: 'correct the constraint, or give the knobs defaults that satisfy it',
    });
  }
}

/** The study to work on: the newest of this name, or the next number with `--new`. */
function chooseName(config: StudyConfig, options: RunOptions): string {
  if (options.study !== undefined && options.new !== true) return options.study;
  const pattern = new RegExp(`^${config.name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?:-(\\d+))?$`);
  const numbers = listStudies(config.folder)
    .map((name) => pattern.exec(name))
    .filter((match) => match !== null)
    .map((match) => Number(match[1] ?? 1));
  const newest = Math.max(0, ...numbers);
  const number = options.new === true ? newest + 1 : Math.max(1, newest);
  return number === 1 ? config.name : `${config.name}-${number}`;
}

/**
 * Budget and deadline as they stand: a budget raised on the command line outlives the command, unless the file has
 * changed since; a deadline that counts from now (`+8h`) counts from the first time.
 */
function standing(
  held: HeldStudy,
  config: StudyConfig,
  file: string,
  options: RunOptions,
): Pick<StudyConfig, 'budget' | 'deadline' | 'milestones'> {
  const { budget, deadline } = config;
  const { milestones } = config;
  const due = milestones === undefined ? {} : { milestones };
  if (held.state === undefined) return { budget, deadline, ...due };
  const told = [options.runs, options.wall, options.device, options.money].some((amount) => amount !== undefined);
  const [first] = held.journal.read();
  const asBefore = first?.type === 'study.created' && JSON.stringify(first.config.budget) === JSON.stringify(budget);
  const text = readFileSync(file, 'utf8');
  // A milestone that counts from now keeps the day it had, by its name.
  const known = new Map(
    /\bat:\s*['"]?\+/.test(text) ? held.state.config.milestones?.map((one) => [one.name, one.at]) : [],
  );
  const kept = milestones?.map((one) => ({ ...one, at: known.get(one.name) ?? one.at }));
  const relative = /^deadline:\s*['"]?\+/m.test(text);
  return {
    budget: asBefore && !told ? held.state.config.budget : budget,
    deadline: relative && options.deadline === undefined ? held.state.deadline : deadline,
    ...(kept === undefined ? {} : { milestones: kept }),
  };
}

/** The constants and keys that knobs are written to must be there before a run is paid for finding that they are not. */
async function checkPlaces(config: StudyConfig): Promise<void> {
  const { patches } = deliver(
    config,
    defaults(spaceOf(config)),
    config.seed === undefined ? undefined : config.seedNumber,
  );
  await patched(config.folder, patches);
}

/** Where the file leaves it open, the grace that the study began with: what its runs held was reckoned with that. */
function withGrace(config: StudyConfig, state: State | undefined): StudyConfig {
  if (state === undefined || config.run.graceSeconds !== usualGrace(config.budget)) return config;
  return { ...config, run: { ...config.run, graceSeconds: state.config.run.graceSeconds } };
}

/** Start the journal, or check that it asks the same question and take over a changed budget. */
function prepareJournal(held: HeldStudy, config: StudyConfig): State {
  const { journal } = held;
  const now = Date.now();
  if (held.state === undefined) {
    const created: Event = { type: 'study.created', config, baseline: defaults(spaceOf(config)), at: now };
    const priors = priorsFor(config, otherStudies(config)).map((prior): Event => ({ ...prior, at: now }));
    const events = [created, ...priors];
    journal.append(events);
    return events.reduce<State | undefined>(reduce, undefined)!;
  }
  const state = held.state;
  const changed = differences(state.config, config);
  if (changed.length > 0) {
    throw new UserError(
      'changed-question',
      `study "${config.name}" was begun with other settings: ${changed.join(', ')}`,
      {
        where: held.folder.path,
        why: 'results under different settings cannot be compared',
        fix: 'ansatz run --new   # starts another study with the settings of now\n       (budgets, deadline, milestones, bets, people, prices, repeats and slots may change at any time)',
      },
    );
  }
  const amended = amendment(state.config, config);
  const budgetChanged = JSON.stringify(state.config.budget) !== JSON.stringify(config.budget);
  const deadlineChanged = config.deadline !== undefined && config.deadline !== state.deadline;
  if (!budgetChanged && !deadlineChanged && amended === undefined) return state;
  const low = overdrawn(state.ledger, config.budget);
  if (low !== undefined) {
    const gone = num(state.ledger.spent[low] + state.ledger.held[low]);
    throw new UserError('budget-spent', `the ${low} budget cannot go down to ${num(config.budget[low]!)}`, {
      why: `${gone} are spent or held already`,
      fix: `set it to ${gone} or more`,
    });
  }
  const at = Math.max(now, state.now);
  const news: Event[] = [
    ...(amended === undefined ? [] : [{ type: 'study.amended', changes: amended, at } as const]),
    ...(budgetChanged || deadlineChanged
      ? [{ type: 'budget.raised', budget: config.budget, deadline: config.deadline, at } as const]
      : []),
  ];
  // A lab that was killed could not say that it closed: the time since its last word is nobody's wall time.
  const events: Event[] = state.open ? [{ type: 'lab.closed', at: state.now }, ...news] : news;
  journal.append(events);
  return events.reduce(reduce, state);
}

/** Rules of the file that are not those of the study any more; undefined when all are. */
function amendment(before: StudyConfig, after: StudyConfig): Record<string, unknown> | undefined {
  const changed = AMENDABLE.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  if (changed.length === 0) return undefined;
  return Object.fromEntries(changed.map((key) => [key, after[key] ?? null]));
}

/** Runs that are to be confined need what confines them: never fall through silently. */
function checkSandbox(config: StudyConfig): void {
  const why = config.sandbox === 'bwrap' ? whyUnconfined() : undefined;
  if (why === undefined) return;
  throw new UserError('no-sandbox', `runs are to be confined, and cannot be here: ${why}`, {
    where: config.model === undefined ? 'sandbox in ansatz.yaml' : 'model.changes in ansatz.yaml',
    why: 'code that nobody has read would run with your rights: it can read your files and reach the network',
    fix: 'apt install bubblewrap   # or write  sandbox: none  to accept that, in a container or on a machine of its own',
  });
}

/** Settings that change the question, by name. */
function differences(before: StudyConfig, after: StudyConfig): string[] {
  const free = new Set([
    'name',
    'folder',
    'budget',
    'deadline',
    'slots',
    'sampler',
    'pruner',
    'pause',
    'warmstart',
    'seedNumber',
    ...AMENDABLE,
  ]);
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof StudyConfig)[];
  const changed = keys.filter((key) => !free.has(key) && JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  // Levels, target and share may change; at what scale trials are compared may not.
  const scale = ({ fidelity }: StudyConfig): string | undefined =>
    fidelity && JSON.stringify([fidelity.via, settingsAt(fidelity, fidelity.base)]);
  return scale(before) === scale(after) ? changed : [...changed, 'fidelity'];
}

async function work(held: HeldStudy, config: StudyConfig, options: RunOptions, file: string): Promise<number> {
  const { folder, journal, points } = held;
  const out = process.stdout;
  const terminal = out.isTTY && options.plain !== true && options.json !== true && process.env['CI'] === undefined;
  const [host, pid] = identity().split(' ');
  const repository = repositoryOf(folder, config.folder);
  // The code that judges is what it was before the first run, whatever happens to the folder.
  if (config.evaluate !== undefined || config.heldout !== undefined) repository.base();
  const seal = sealedBy(journal, config);
  const { now: last } = held.state ?? { now: 0 };
  journal.append(selfJudged(journal.state()!).map((event) => ({ ...event, at: Math.max(Date.now(), last) })));
  const steering = [relative(config.folder, file), GUIDANCE];
  const environment = environmentOf(config.folder, config.command);
  const print = fingerprintOf(config, environment);
  const executor = reusing(
    localExecutor({ config, runs: folder.runs, repository, seal, steering }),
    earlierRuns(journal.state()!, print, otherStudies(config)),
  );
  let view: ReturnType<typeof openLiveView> | undefined;
  let deaf = false;

  const say = (text: string): void => {
    if (deaf || options.json === true) return;
    if (view !== undefined) view.say(text);
    else out.write(`${text}\n`);
  };
  const watch = (event: Event, state: State): void => {
    if (deaf) return;
    if (options.json === true) {
      out.write(`${JSON.stringify(event)}\n`);
      return;
    }
    view?.show(state);
    if (view !== undefined && !noteworthy(event)) return;
    const line = eventLine(event, state);
    if (line !== undefined) say(line);
  };

  if (options.json !== true) out.write(`${intro(folder.path, held.state !== undefined)}\n`);
  // Signals are heard before the lab's first line is printed: who reads it may answer at once.
  const early: EventBody[] = [];
  let post = (event: EventBody): void => void early.push(event);
  let asked = 0;
  const interrupt = (): void => {
    asked++;
    const event: EventBody = asked === 1 ? { type: 'study.draining' } : { type: 'study.killed' };
    post(event);
    if (view === undefined && asked === 1 && !deaf) {
      process.stderr.write('draining: runs under way finish, no new ones start; Ctrl-C again stops them\n');
    }
  };
  const hangUp = (): void => {
    // The terminal went away; the lab was told to work unattended, so it does.
    deaf = true;
    const last = view;
    view = undefined;
    try {
      last?.close();
    } catch {
      // A terminal that is gone need not be tidied.
    }
  };
  // So does a reader that had enough (`ansatz run | head`), and so does a full disk under a redirected output.
  const unheard = (error: NodeJS.ErrnoException): void => {
    if (deaf) return;
    hangUp();
    process.stderr.write(
      `nobody reads the output any more (${error.code ?? error.message}): the study goes on; ansatz status shows it, ansatz stop ends it\n`,
    );
  };
  const mute = (): void => {};
  out.on('error', unheard);
  process.stderr.on('error', mute);
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  process.on('SIGHUP', hangUp);
  const { researcher, close: closeResearchers } = openResearchers(config, repository, folder);
  const lab = openLab({
    journal,
    series: points,
    executor,
    researcher,
    ...stoppingOf(config.pruner),
    world: realWorld(),
    identity: {
      host: host!,
      pid: Number(pid),
      version: version(),
      environment,
      ...(print === undefined ? {} : { print }),
    },
    slots: config.slots,
    watch,
    requests: () => readRequests(folder),
  });
  post = lab.post;
  early.forEach(lab.post);

  const renewal = setInterval(() => {
    try {
      journal.renew(Date.now());
    } catch {
      // A lost lease stops the lab at its next append; a busy or full disk is told there too.
    }
  }, RENEW_MS);
  const page = options.ui === true ? openPage(folder.name, say) : undefined;
  if (terminal) view = openLiveView(out, process.stdin, lab.post, interrupt);
  view?.show(lab.state());

  try {
    const state = await lab.done;
    closeResearchers();
    view?.close();
    view = undefined;
    if (!deaf && options.json !== true) out.write(`${summary(state, folder.path).join('\n')}\n`);
    if (trialOf(state, 1).verdict === 'crash') throw baselineError(state, folder.path);
    return exitCode(state);
  } finally {
    view?.close();
    clearInterval(renewal);
    page?.kill('SIGTERM');
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    process.off('SIGHUP', hangUp);
    executor.close();
    // The two listeners for errors stay: what was written last may fail a moment later.
  }
}

/** In the live view only what is worth keeping on the screen goes above the picture. */
function noteworthy(event: Event): boolean {
  switch (event.type) {
    case 'trial.judged':
      return event.verdict === 'keep' || event.verdict === 'crash';
    case 'knob.died':
    case 'warning.raised':
    case 'study.ended':
      return true;
    default:
      return false;
  }
}

function intro(path: string, resumed: boolean): string {
  return `${resumed ? 'going on with' : 'new study'} ${path}`;
}

/** What a study came to, and what to type next. */
export function summary(state: State, path: string): string[] {
  const paint = paintFor(process.stdout);
  const one = statusOf(state);
  const taken = one.reused === undefined ? '' : ` (${one.reused.runs} taken over from earlier studies)`;
  // The script as it is has been kept from nobody.
  const keeps = one.best === undefined ? one.verdicts.keep : one.verdicts.keep - 1;
  const lines = [
    '',
    `${paint.bold(one.study)}: ${one.ended === undefined ? 'stopped before its end' : one.ended.text}`,
    `  ${one.objective.metric}: ${headline(one, paint)}`,
    `  ${counted(one.runs, 'run')}${taken} of ${counted(one.trials, 'trial')}, ${seconds(one.spent.deviceSeconds)} of device time: ${keeps} keep, ${one.verdicts.discard} discard, ${one.verdicts.inconclusive} inconclusive, ${one.verdicts.crash} crash`,
  ];
  if (one.believed !== undefined) {
    const { trial } = one.believed;
    const near = nearMisses(state).find((miss) => miss.trial === trial);
    lines.push(
      `  ${believedText(one.believed)}`,
      `    ansatz best --believed   that one; ${goOn(state, Math.max(10, near?.runsToSettle ?? 0))}   may prove it`,
    );
  }
  if (one.noise !== undefined && !one.noise.deterministic)
    lines.push(`  noise floor: sd ${num(one.noise.sd, 2)} of one run`);
  lines.push(
    '',
    one.ended === undefined ? '  ansatz run           goes on from here' : '  ansatz trials        all of them',
    ...(one.best === undefined
      ? []
      : [
          `  ansatz best --as ${patchesFiles(state) ? 'patch ' : 'argv  '}the best settings, to ${patchesFiles(state) ? 'apply' : 'paste'}`,
        ]),
    '  ansatz report        one HTML file to forward',
    paint.dim(`  ${path}`),
  );
  return lines;
}

/** What to type for so many more runs: raises whatever ended the study, and nothing where it was only stopped. */
function goOn(state: State, more: number): string {
  const { budget } = state.config;
  const { spent } = state.ledger;
  if (state.ended === undefined) return 'ansatz run';
  const words = ['ansatz run'];
  if (budget.runs !== undefined && spent.runs + more > budget.runs) words.push(`--runs ${budget.runs + more}`);
  // A run holds its limit besides what it takes.
  const each = Math.max(1, state.pace.longest) * 4 + state.config.run.graceSeconds + 1;
  const seconds = Math.ceil(more * Math.max(1, state.pace.seconds / Math.max(1, state.pace.count)) + each);
  const raise = (flag: string, cap: number | undefined, used: number): void => {
    if (cap !== undefined && used + seconds > cap) words.push(`${flag} ${Math.ceil(cap + seconds)}s`);
  };
  raise('--device', budget.deviceSeconds, spent.deviceSeconds);
  raise('--wall', budget.wallSeconds, state.wallSeconds);
  if (budget.money !== undefined && spent.money + (seconds / 3600) * state.config.price > budget.money)
    words.push(`--money ${Number((budget.money * 1.5).toPrecision(3))}`);
  if (state.ended.reason === 'deadline') words.push('--deadline +8h');
  return words.join(' ');
}

function patchesFiles(state: State): boolean {
  return state.config.knobs.some(({ via }) => via.by === 'constant' || via.by === 'file');
}

function exitCode(state: State): number {
  const baseline = trialOf(state, 1);
  if (baseline.verdict === 'crash') return EXIT.baselineFailed;
  if (state.phase !== 'ended') return EXIT.interrupted;
  if (baseline.values.length === 0) return EXIT.budget;
  return state.incumbent === undefined || state.incumbent === 1 ? EXIT.noImprovement : EXIT.ok;
}

/** The script fails as it is: say so with its own last words. */
function baselineError(state: State, path: string): UserError {
  const baseline = trialOf(state, 1);
  const failed = baseline.runs.map((id) => state.runs[id - 1]!).findLast((run) => run.status !== 'done');
  const tail = (failed?.tail ?? []).slice(-8).map((line) => `| ${line}`);
  const metric = /closest: "([^"]+)"/.exec(baseline.why ?? '')?.[1];
  const logs = failed === undefined ? path : join(path, 'runs', String(failed.id));
  return new UserError('baseline-failed', `the script fails as it is: ${baseline.why}`, {
    where: logs,
    why:
      failed?.reason === 'no-metric' && metric !== undefined
        ? 'the objective is read from what the script prints'
        : tail.join('\n') || undefined,
    fix:
      metric !== undefined
        ? `metric: ${metric}   # in ansatz.yaml, then: ansatz run --new`
        : failed?.reason === 'no-metric'
          ? 'print it as "name: number", and give its name as metric; where it is in a file:  evaluate: cat FILE  with  artifacts: [FILE]   # docs/config.md'
          : `run it by hand: ${joinWords(prepareCommand(state.config, defaults(spaceOf(state.config)), failed?.seed ?? state.config.seedNumber))}`,
  });
}

function sayEnded(state: State, options: RunOptions): void {
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(statusOf(state))}\n`);
    return;
  }
  process.stdout.write(
    [
      `study "${state.config.name}" has ended: ${state.ended?.text ?? ''}`,
      `  ${goOn(state, 20)}   raises its budget and goes on`,
      '  ansatz run --new       starts another one',
      '  ansatz report          what it found',
      '',
    ].join('\n'),
  );
}

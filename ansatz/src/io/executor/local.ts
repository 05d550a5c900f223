/** Runs as processes of this machine, each under a supervisor that outlives the lab. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, rm, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Slot, StudyConfig } from '../../study/config.ts';
import { type Capture, matchMetric, type Metric, openCapture } from '../capture/index.ts';
import { hashOf, refusalsIn, type Repository, type Seal, sealCheck } from '../workspace/index.ts';
import type { Executor, Exit, RunSpec, Tell } from './executor.ts';
import { keep, letGo, machineMemory, readPaused, rebind, writeLimit } from './pausing.ts';
import { prepareEvaluation } from './evaluation.ts';
import { runFolder } from './places.ts';
import { commandOf, prepare, type Prepared } from './prepare.ts';
import { alive, bootId, signal, treeOf, treeUsage, uptime, withEnvironment } from './process.ts';
import { deliver } from '../knobs/deliver.ts';
import { arrived } from '../knobs/verify.ts';
import { killNewborn, lastSign, readExit, readStarted, type Started } from './signs.ts';
import { judgingBegun, passed, type Stage, stageFolder, stageLimit, stageReached, stagesOf } from './stages.ts';
import { countLines, headOf, shorten, tailOf } from './tail.ts';

const SUPERVISOR = fileURLToPath(new URL('supervise.sh', import.meta.url));
const POLL_MS = 100;
/** A supervisor that made its lock and then nothing for this long was killed at birth. */
const BIRTH_MS = 3000;
/** Bytes of output parsed per run and poll, so that one loud run does not keep the others waiting. */
const BYTES_PER_POLL = 4 << 20;
/** Memory and CPU of a tree are sampled at every poll at first, then every second. */
const SAMPLE_EVERY = 10;
/** A supervisor that was asked to pause its run and has not is asked again. */
const ASK_AGAIN_MS = 1000;
/** A paused run outlives the lab that paused it by this much; a lab that comes back later finds it ended. */
const LEASE_SECONDS = 900;

interface Live {
  readonly spec: RunSpec;
  /** The folder of the run. */
  readonly home: string;
  readonly tell: Tell;
  /** The part of the run that is under way: its folder, its limit and what is heard of it. */
  stage: Stage;
  dir: string;
  limit: number;
  capture: Capture;
  /** Seconds of the parts before, those of the smoke run apart. */
  spent: number;
  smoked: number;
  cpuBefore: number;
  /** What a smoke run or a held-out check has said. */
  readonly said: Metric[];
  tampered?: NonNullable<Exit['tampered']>;
  /** Hashes of the files that steer the study when its process began; empty for a run that cannot write them. */
  steering: ReadonlyMap<string, string | undefined>;
  child?: ChildProcess;
  started?: Started;
  /** An earlier lab began it, and may have begun what comes next as well. */
  adopted: boolean;
  submittedAt: number;
  /** Its tree is being made: there is no process yet. */
  preparing: boolean;
  /** Stopped before it was launched. */
  cancelled: boolean;
  /** How each knob was written, to look for in the output. */
  spelled?: Prepared['spelled'];
  polls: number;
  peakBytes: number;
  cpuSeconds: number;
  ended: boolean;
  /** How it should stand; absent as long as nobody has paused it. */
  wanted?: 'paused' | 'running';
  /** When its supervisor was last asked for that. */
  askedAt: number;
  /** The slot whose CPUs it is bound to; absent when another lab has seen to that. */
  slot?: number;
  /** It is being moved to the CPUs of another slot. */
  moving: boolean;
}

export interface LocalOptions {
  readonly config: StudyConfig;
  /** Folder of the study's runs; each run gets `<runs>/<number>`. */
  readonly runs: string;
  /** How long a paused run waits for a lab to come back; default 15 minutes. */
  readonly leaseSeconds?: number;
  /** Where the code of trials is kept that change it. */
  readonly repository?: Repository;
  /** What no run may change. */
  readonly seal?: Seal;
  /** Files of the project that steer the study, by their paths in it: looked at around each run that is not confined. */
  readonly steering?: readonly string[];
}

/** What every process of a run carries in its environment. Different for equal run numbers of other studies. */
export function tokenOf(runs: string, run: number): string {
  return `${createHash('sha256').update(runs).digest('hex').slice(0, 16)}-${run}`;
}

function tokenEntry(runs: string, run: number): string {
  return `ANSATZ_RUN=${tokenOf(runs, run)}`;
}

/** An executor for the slots in `config`. */
export function localExecutor({
  config,
  runs,
  leaseSeconds = LEASE_SECONDS,
  repository,
  seal = {},
  steering = [],
}: LocalOptions): Executor {
  const differing = sealCheck(seal);
  const live = new Map<number, Live>();
  const checks = new Map<number, Live>();
  let timer: NodeJS.Timeout | undefined;
  // What is on its way when the lab lets go is for the next one: it finds how far each run has come.
  const closing = new AbortController();

  /** What is heard of a part of a run. */
  const listen = (dir: string, stage: Stage, fresh: boolean): Capture => {
    const judges = stage === 'evaluate' || stage === 'heldout';
    return openCapture({
      dir,
      folder: config.run.workspace === 'copy' || stage !== 'run' ? join(dir, 'tree') : config.folder,
      files: judges ? [] : config.capture.files,
      pattern: config.capture.pattern,
      // A run in place finds the rows of earlier ones in its metric files.
      fresh,
    });
  };

  const watch = (spec: RunSpec, tell: Tell, stage: Stage, adopted: boolean): Live => {
    const home = runFolder(runs, spec.run);
    const dir = stageFolder(home, stage);
    const smoked = stage === 'smoke' || stage === 'heldout' ? 0 : (readExit(join(home, 'smoke'))?.seconds ?? 0);
    const spent = stage === 'evaluate' ? (readExit(home)?.seconds ?? 0) : 0;
    const entry: Live = {
      spec,
      home,
      tell,
      stage,
      dir,
      limit: stageLimit(stage, spec, spent + smoked),
      capture: listen(dir, stage, !adopted),
      spent,
      smoked,
      cpuBefore: 0,
      said: [],
      steering: new Map(),
      adopted,
      submittedAt: performance.now(),
      preparing: false,
      cancelled: false,
      polls: 0,
      peakBytes: 0,
      cpuSeconds: 0,
      ended: false,
      askedAt: -Infinity,
      slot: adopted ? undefined : spec.slot,
      moving: false,
    };
    (stage === 'heldout' ? checks : live).set(spec.run, entry);
    timer ??= setInterval(poll, POLL_MS);
    return entry;
  };

  const start = (spec: RunSpec, tell: Tell): void => {
    if (!live.has(spec.run)) begin(spec, tell, stagesOf(config, spec)[0]!);
  };

  const begin = (spec: RunSpec, tell: Tell, stage: Stage): void => {
    try {
      mkdirSync(stageFolder(runFolder(runs, spec.run), stage), { recursive: true });
      prepareAndLaunch(watch(spec, tell, stage, false));
    } catch (error) {
      const exit: Exit = { how: 'unstarted', seconds: 0, tail: [], text: (error as Error).message };
      if (stage === 'heldout') tell({ type: 'heldout.exited', run: spec.run, exit, metrics: [] });
      else tell({ type: 'run.exited', run: spec.run, exit });
    }
  };

  const prepareAndLaunch = (entry: Live): void => {
    entry.preparing = true;
    const work = async (): Promise<void> => {
      const touched = differing(config.folder);
      if (touched.length > 0) {
        entry.tampered = { files: touched, original: true };
        end(entry, { how: 'unstarted', seconds: 0, tail: [], text: 'it was not begun' });
        return;
      }
      const prepared = await prepareStage(entry);
      if (entry.ended || closing.signal.aborted) return;
      entry.preparing = false;
      if (entry.cancelled) {
        end(entry, { how: 'exited', code: 143, cut: 'cancelled', seconds: 0, tail: [] });
        return;
      }
      entry.spelled = prepared.spelled;
      if (config.sandbox !== 'bwrap' && entry.steering.size === 0)
        entry.steering = new Map(steering.map((path) => [path, hashOf(join(config.folder, path))]));
      entry.submittedAt = performance.now();
      launch(entry, prepared.argv, prepared.cwd, prepared.env);
    };
    work().catch((error: Error) => {
      end(entry, { how: 'unstarted', seconds: 0, tail: [], text: error.message });
    });
  };

  const prepareStage = ({ spec, stage, dir, home }: Live): Promise<Prepared> => {
    const command = stage === 'evaluate' ? config.evaluate : stage === 'heldout' ? config.heldout : undefined;
    if (command === undefined) return prepare(config, spec, dir, repository, closing.signal);
    if (repository === undefined) throw new Error('an evaluator needs the study’s repository');
    return prepareEvaluation(config, spec, { command, made: join(home, 'tree'), dir, repository }, closing.signal);
  };

  const launch = (entry: Live, argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv): void => {
    const { spec } = entry;
    const call = randomUUID();
    writeFileSync(join(entry.dir, 'call'), `${call}\n`);
    const args = [
      SUPERVISOR,
      entry.dir,
      entry.limit.toFixed(3),
      config.run.graceSeconds.toFixed(3),
      tokenOf(runs, spec.run),
      call,
      ...commandOf(config.slots[spec.slot], argv),
    ];
    const child = spawn('/bin/sh', args, { cwd, env, detached: true, stdio: 'ignore' });
    child.unref();
    entry.child = child;
    child.on('exit', () => look(entry));
    child.on('error', (error) => {
      end(entry, { how: 'unstarted', seconds: 0, tail: [], text: error.message });
    });
  };

  /** See how a run stands, and end it in our books when it is over. */
  const look = (entry: Live): void => {
    if (entry.ended || entry.preparing || closing.signal.aborted) return;
    const exit = readExit(entry.dir);
    if (exit !== undefined) {
      over(entry, exit);
      return;
    }
    entry.started ??= readStarted(entry.dir);
    if (entry.started === undefined) {
      const born = entry.child === undefined || entry.child.exitCode !== null || entry.child.signalCode !== null;
      if (born && performance.now() - entry.submittedAt > BIRTH_MS) {
        // It may have started the command before it died, or be about to: nobody would ever end that one.
        killNewborn(entry.dir);
        killTree(entry);
        end(entry, { how: 'lost', seconds: 0, tail: [], text: 'its supervisor died at birth' });
      }
      return;
    }
    if (alive(entry.started.supervisor)) {
      steer(entry);
      return;
    }
    // The supervisor may have written its last word between our two looks.
    const late = readExit(entry.dir);
    over(entry, late ?? abandoned(entry));
  };

  /** A part of a run has ended: the next one begins where there is one and this one went well. */
  const over = (entry: Live, exit: Exit): void => {
    const stages = stagesOf(config, entry.spec);
    const next = passed(entry.stage, exit) ? stages[stages.indexOf(entry.stage) + 1] : undefined;
    if (next === undefined || entry.stage === 'heldout') {
      end(entry, exit);
      return;
    }
    entry.tampered ??= tampering(entry);
    if (entry.tampered !== undefined) {
      end(entry, exit);
      return;
    }
    const limit = stageLimit(next, entry.spec, entry.spent + entry.smoked + exit.seconds);
    if (limit <= 0) {
      end(entry, { ...exit, code: 137, cut: 'time-limit' });
      return;
    }
    hearOut(entry);
    if (entry.stage === 'run') verify(entry, exit);
    if (entry.stage === 'smoke') entry.smoked += exit.seconds;
    else entry.spent += exit.seconds;
    entry.said.length = 0;
    entry.cpuBefore += Math.max(exit.cpuSeconds ?? 0, entry.cpuSeconds);
    rmLater(entry.stage === 'smoke' ? join(entry.dir, 'tree') : undefined);
    entry.stage = next;
    entry.dir = stageFolder(entry.home, next);
    entry.limit = limit;
    entry.started = undefined;
    entry.child = undefined;
    entry.cpuSeconds = 0;
    entry.polls = 0;
    // The lab before may have called for it with its last breath, later than this one looked how far the run has come.
    const begun = entry.adopted && stageReached(entry.home, stages) === next;
    entry.adopted = begun;
    // A run that is not confined may have made it, to speak for its judge.
    if (next === 'evaluate' && !begun) rmSync(entry.dir, { recursive: true, force: true });
    mkdirSync(entry.dir, { recursive: true });
    entry.capture = listen(entry.dir, next, !begun);
    if (begun) entry.submittedAt = performance.now();
    else prepareAndLaunch(entry);
  };

  /** Sealed files that have changed in the copy that this part of a run worked in, or in the project. */
  const tampering = ({ spec, stage, dir }: Live): Exit['tampered'] => {
    const original = differing(config.folder);
    const tree = join(dir, 'tree');
    const own = (stage === 'run' || stage === 'smoke') && existsSync(join(dir, 'lock'));
    const copied = own && (config.run.workspace === 'copy' || stage === 'smoke' || existsSync(tree));
    const patched = copied ? deliver(config, spec.point, undefined).patches.map(({ file }) => file) : [];
    const files = [...new Set([...original, ...(copied ? differing(tree, patched) : [])])];
    return files.length === 0 ? undefined : { files, original: original.length > 0 };
  };

  /** Tell what was heard: of a smoke run nothing, of a held-out check when it has ended. */
  const told = (entry: Live, metrics: Metric[]): void => {
    const { stage, spec, tell } = entry;
    if (metrics.length === 0) return;
    if (stage === 'run') tell({ type: 'run.heard', run: spec.run, metrics });
    else if (stage === 'evaluate') tell({ type: 'run.heard', run: spec.run, metrics, by: 'evaluator' });
    else for (const metric of metrics) entry.said.push(metric);
    if (stage === 'smoke' && underWay(entry.said)) cutSmoke(entry);
  };

  /** Whether a script has got to its work: it has said the objective, or something a second time. */
  const underWay = (said: readonly Metric[]): boolean =>
    new Set(said.map(({ key }) => key)).size < said.length ||
    said.some(({ key }) => matchMetric(config.objective.metric, [key]) !== undefined);

  const cutSmoke = (entry: Live): void => {
    entry.started ??= readStarted(entry.dir);
    if (entry.started !== undefined && alive(entry.started.supervisor)) signal(entry.started.supervisor.pid, 'SIGTERM');
  };

  const hearOut = (entry: Live): void => {
    try {
      told(entry, entry.capture.finish());
      entry.capture.close();
    } catch (error) {
      entry.tell({ type: 'warning.raised', code: 'capture', text: (error as Error).message, run: entry.spec.run });
    }
  };

  /** The supervisor was killed. Nobody guards the run any more: end what is left of it and charge what it had. */
  const abandoned = (entry: Live): Exit => {
    const { command, at } = entry.started!;
    const now = uptime();
    const orphan = alive(command);
    const paused = readPaused(entry.dir);
    const until = paused.since ?? (orphan && now !== undefined ? now : at + lastSign(entry.dir));
    killTree(entry);
    return {
      how: 'lost',
      seconds: Math.max(0, until - at - paused.seconds),
      tail: [],
      text: 'its supervisor was killed',
    };
  };

  /** See that a run stands as it was asked to. A signal may be lost, so it is asked again until it does. */
  const steer = (entry: Live): void => {
    const { wanted, started, dir } = entry;
    if (wanted === undefined || started === undefined || entry.moving) return;
    if (performance.now() - entry.askedAt < ASK_AGAIN_MS) return;
    if ((readPaused(dir).since === undefined) === (wanted === 'running')) return;
    entry.askedAt = performance.now();
    signal(started.supervisor.pid, wanted === 'paused' ? 'SIGUSR1' : 'SIGUSR2');
  };

  const moved = async (entry: Live, slot: number): Promise<void> => {
    entry.moving = true;
    entry.slot = slot;
    await rebind(treeOf(entry.started!.supervisor.pid, tokenEntry(runs, entry.spec.run)), config.slots[slot]);
    entry.moving = false;
    if (!entry.ended) look(entry);
  };

  const killTree = (entry: Live): void => {
    if (entry.started !== undefined && alive(entry.started.command)) signal(-entry.started.command.pid, 'SIGKILL');
    for (let round = 0; round < 10; round++) {
      const pids = withEnvironment(tokenEntry(runs, entry.spec.run));
      if (pids.length === 0) return;
      for (const pid of pids) signal(pid, 'SIGKILL');
    }
  };

  const end = (entry: Live, exit: Exit): void => {
    if (entry.ended || closing.signal.aborted) return;
    entry.ended = true;
    const { stage, spec, tell, dir } = entry;
    const { run } = spec;
    (stage === 'heldout' ? checks : live).delete(run);
    if (live.size + checks.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    hearOut(entry);
    const tampered = entry.tampered ?? tampering(entry);
    if (stage === 'run') verify(entry, exit);
    const steered = [...entry.steering].filter(([path, hash]) => hashOf(join(config.folder, path)) !== hash);
    const refused = config.sandbox === 'bwrap' ? refusalsIn([...headOf(dir), ...tailOf(dir)]) : [];
    const cpuSeconds = entry.cpuBefore + Math.max(exit.cpuSeconds ?? 0, entry.cpuSeconds);
    const whole: Exit = {
      ...exit,
      // What came before has been, whatever became of this part.
      ...(exit.how === 'unstarted' && entry.spent + entry.smoked > 0 ? { how: 'exited', code: 126 } : {}),
      seconds: entry.spent + (stage === 'smoke' ? 0 : exit.seconds),
      ...(stage === 'smoke' || entry.smoked > 0
        ? { smokeSeconds: entry.smoked + (stage === 'smoke' ? exit.seconds : 0) }
        : {}),
      ...(stage === 'smoke' || stage === 'evaluate' ? { stage } : {}),
      ...(tampered === undefined ? {} : { tampered }),
      ...(steered.length === 0 ? {} : { steering: steered.map(([path]) => path) }),
      ...(refused.length === 0 ? {} : { refused }),
      cpuSeconds: cpuSeconds > 0 ? cpuSeconds : undefined,
      peakBytes: entry.peakBytes > 0 ? entry.peakBytes : undefined,
      tail: exit.how === 'unstarted' && exit.text !== undefined ? [exit.text] : tailOf(dir),
      lines: countLines(dir),
    };
    if (stage !== 'run') rmLater(join(dir, 'tree'));
    if (stage === 'heldout') tell({ type: 'heldout.exited', run, exit: whole, metrics: entry.said });
    else tell({ type: 'run.exited', run, exit: whole });
  };

  /** A value that the script says it did not take makes the whole trial a lie: say so. */
  const verify = (entry: Live, exit: Exit): void => {
    if (entry.spelled === undefined || exit.code !== 0) return;
    for (const { knob, seen, evidence } of arrived(entry.spec.point, { spelled: entry.spelled }, headOf(entry.dir))) {
      if (seen !== 'no') continue;
      const text = `knob ${knob} did not arrive: it was set to ${String(entry.spec.point[knob])}, the script says "${evidence ?? ''}"`;
      entry.tell({ type: 'warning.raised', code: 'not-arrived', text, run: entry.spec.run });
    }
  };

  /** What a script said before its evaluator began, for a lab that comes back later. */
  const hearAgain = (spec: RunSpec, tell: Tell): void => {
    const capture = listen(runFolder(runs, spec.run), 'run', false);
    const metrics = capture.finish();
    capture.close();
    if (metrics.length > 0) tell({ type: 'run.heard', run: spec.run, metrics });
  };

  const poll = (): void => {
    for (const entry of [...live.values(), ...checks.values()]) {
      try {
        if (!entry.preparing) told(entry, entry.capture.poll(BYTES_PER_POLL));
      } catch (error) {
        entry.tell({ type: 'warning.raised', code: 'capture', text: (error as Error).message, run: entry.spec.run });
      }
      sample(entry);
      look(entry);
    }
  };

  const sample = (entry: Live): void => {
    const turn = entry.polls++;
    if (entry.started === undefined || (turn > SAMPLE_EVERY && turn % SAMPLE_EVERY !== 0)) return;
    const usage = treeUsage(entry.started.supervisor.pid);
    if (usage === undefined) return;
    entry.peakBytes = Math.max(entry.peakBytes, usage.residentBytes, usage.peakBytes);
    entry.cpuSeconds = Math.max(entry.cpuSeconds, usage.cpuSeconds);
  };

  return {
    canPause: process.platform === 'linux',
    memory: () => machineMemory(),
    submit: start,
    pause(run) {
      const entry = live.get(run);
      if (entry === undefined || entry.wanted === 'paused') return;
      entry.wanted = 'paused';
      entry.askedAt = -Infinity;
      // Written first: who finds the run paused must find who cares for it.
      keep(entry.dir, leaseSeconds);
      look(entry);
    },
    resume(run, slot, leftSeconds) {
      const entry = live.get(run);
      if (entry === undefined || entry.wanted === 'running') return;
      entry.wanted = 'running';
      entry.askedAt = -Infinity;
      entry.started ??= readStarted(entry.dir);
      if (leftSeconds !== undefined && entry.started !== undefined) {
        const { seconds, since = Infinity } = readPaused(entry.dir);
        const limit = since - entry.started.at - seconds + leftSeconds;
        // Of one that goes on already, the limit was set when it did.
        if (limit < entry.limit) writeLimit(entry.dir, limit);
      }
      if (slot === entry.slot || entry.started === undefined) look(entry);
      else void moved(entry, slot);
    },
    stop(run) {
      const entry = live.get(run);
      if (entry === undefined) return;
      entry.wanted = undefined;
      if (entry.preparing) {
        entry.cancelled = true;
        return;
      }
      entry.started ??= readStarted(entry.dir);
      const pid = entry.started?.supervisor.pid ?? entry.child?.pid;
      // Before it has written `started` the supervisor may not have set its trap: TERM would kill it unheard.
      if (entry.started === undefined) setTimeout(() => this.stop(run), 20);
      else if (pid !== undefined && alive(entry.started.supervisor)) signal(pid, 'SIGTERM');
    },
    adopt(specs, tell) {
      for (const spec of specs) {
        const home = runFolder(runs, spec.run);
        // No lock: the last lab wrote its intention and died. Starting now is safe, the lock sees to the rest.
        const stage = stageReached(home, stagesOf(config, spec));
        if (stage === undefined) {
          rmSync(home, { recursive: true, force: true });
          start(spec, tell);
          continue;
        }
        if (stage === 'evaluate') hearAgain(spec, tell);
        const entry = watch(spec, tell, stage, true);
        if (readPaused(entry.dir).since === undefined) continue;
        entry.wanted = 'paused';
        keep(entry.dir, leaseSeconds);
      }
    },
    check(spec, tell) {
      if (checks.has(spec.run)) return;
      const home = runFolder(runs, spec.run);
      if (judgingBegun(home, 'heldout')) {
        watch(spec, tell, 'heldout', true);
        return;
      }
      rmSync(stageFolder(home, 'heldout'), { recursive: true, force: true });
      begin(spec, tell, 'heldout');
    },
    clean(run) {
      const dir = runFolder(runs, run);
      rmLater(join(dir, 'tree'));
      for (const name of ['stdout', 'stderr']) shorten(join(dir, name));
    },
    close() {
      closing.abort();
      clearInterval(timer);
      timer = undefined;
      for (const entry of [...live.values(), ...checks.values()]) {
        entry.capture.close();
        if (entry.wanted === 'paused') letGo(entry.dir);
      }
      live.clear();
      checks.clear();
    },
  };
}

function rmLater(folder: string | undefined): void {
  if (folder !== undefined) rm(folder, { recursive: true, force: true }, () => {});
}

/** Whether any process of a run still lives: for `doctor` and `stop` when no lab does. */
export function runAlive(runs: string, run: number): boolean {
  const started = readStarted(runFolder(runs, run));
  if (started === undefined || started.supervisor.boot !== bootId()) return false;
  return alive(started.supervisor) || alive(started.command);
}

/** Describe a slot in words. */
export function slotText(slot: Slot): string {
  if (slot.gpus.length > 0) return `gpu ${slot.gpus.join(',')}`;
  if (slot.cpus.length > 0) return `cpu ${slot.cpus.join(',')}`;
  return 'shared cpu';
}

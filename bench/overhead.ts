/**
 * What the lab itself costs: busy slots, simulated trials, folding, storing, starting up. Rival: Optuna with its SQLite
 * storage, per trial of an objective that does nothing, timed in the same run, in turns with ours.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulation } from '../ansatz/src/io/executor/simulated.ts';
import { memoryJournal } from '../ansatz/src/io/store/memory.ts';
import { memoryPoints, openPoints } from '../ansatz/src/io/store/points.ts';
import { openStudyDatabase } from '../ansatz/src/io/store/sqlite.ts';
import { openLab } from '../ansatz/src/lab/lab.ts';
import { numericResearcher, spaceOf } from '../ansatz/src/lab/researcher/index.ts';
import { studyFolder } from '../ansatz/src/lab/studies.ts';
import { quantile } from '../ansatz/src/methods/math/index.ts';
import { pruners } from '../ansatz/src/methods/pruning/index.ts';
import { samplers } from '../ansatz/src/methods/sampling/index.ts';
import { defaults } from '../ansatz/src/methods/space/index.ts';
import { simpleConfig } from '../ansatz/src/study/config.fixture.ts';
import type { Event } from '../ansatz/src/study/events/index.ts';
import { reduce } from '../ansatz/src/study/reduce.ts';
import { type State } from '../ansatz/src/study/state.ts';
import { optunaPython } from './optuna.ts';
import type { Bench, Figure } from './main.ts';

const CLI = join(import.meta.dirname, '..', 'ansatz', 'bin', 'ansatz.cjs');
const REPEATS = 5;

/** Median and quartiles of a measurement made several times. */
function figure(values: readonly number[], unit: string, bound: string, holds: (median: number) => boolean): Figure {
  const value = quantile(values, 0.5);
  return { value, unit, quartiles: [quantile(values, 0.25), quantile(values, 0.75)], bound, pass: holds(value) };
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

export async function bench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-bench-'));
  try {
    const figures: Record<string, Figure> = {};
    const notes: string[] = [];
    const simulated: number[] = [];
    let events: Event[] = [];
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      events = await simulateStudy(10_000, i + 1);
      simulated.push((performance.now() - start) / 1000);
    }
    figures['simulated_10000_trials'] = figure(simulated, 's', '≤ 10 s', (s) => s <= 10);

    const million = repeatEvents(events, 1_000_000);
    const file = join(folder, 'fold.db');
    const writer = openStudyDatabase(file, 'write');
    writer.take('bench', 0);
    for (let i = 0; i < million.length; i += 10_000) writer.append(million.slice(i, i + 10_000));
    writer.close();
    const folds: number[] = [];
    for (let i = 0; i < 3; i++) {
      folds.push(
        timed(() => {
          const reader = openStudyDatabase(file, 'read');
          let state: State | undefined;
          for (const event of reader.read()) state = reduce(state, event);
          reader.close();
          if (state?.seq !== million.length) throw new Error('the fold lost events');
        }) / 1000,
      );
    }
    figures['fold_1e6_events'] = figure(folds, 's', '≤ 5 s, read from disk', (s) => s <= 5);

    const writes: number[] = [];
    const reads: number[] = [];
    for (let i = 0; i < REPEATS; i++) {
      const path = join(folder, `points${i}.db`);
      const points = openPoints(path, 'write');
      writes.push(
        timed(() => {
          for (let run = 1; run <= 10; run++) {
            for (let at = 0; at < 100_000; at += 100) {
              points.write(
                run,
                Array.from({ length: 100 }, (_, k) => ({
                  key: 'loss',
                  step: at + k,
                  value: 1 / (at + k + 1),
                  source: 'stdout',
                  resolution: 1e-4,
                })),
              );
            }
            points.flush();
          }
        }) / 1000,
      );
      points.close();
      const reader = openPoints(path, 'read');
      reads.push(
        timed(() => {
          if (reader.read(3, 'loss').values.length !== 100_000) throw new Error('points were lost');
        }),
      );
      reader.close();
    }
    figures['store_1e6_points'] = figure(writes, 's', '≤ 5 s', (s) => s <= 5);
    figures['read_1e5_points'] = figure(reads, 'ms', '≤ 50 ms', (ms) => ms <= 50);

    const project = join(folder, 'project');
    await storeStudy(project, events);
    const statuses: number[] = [];
    const helps: number[] = [];
    for (let i = 0; i < REPEATS; i++) {
      statuses.push(timed(() => execFileSync(process.execPath, [CLI, 'status'], { cwd: project })));
      helps.push(timed(() => execFileSync(process.execPath, [CLI, '--help'])));
    }
    figures['status_10000_trials'] = figure(statuses, 'ms', '≤ 300 ms, whole command', (ms) => ms <= 300);
    figures['help'] = figure(helps, 'ms', '≤ 150 ms, whole command', (ms) => ms <= 150);

    const busy: number[] = [];
    for (let i = 0; i < 3; i++) busy.push(busyShare(join(folder, `busy${i}`)));
    figures['busy_share_2_slots_0.3s'] = figure(busy, '', '≥ 0.85', (share) => share >= 0.85);

    const ours: number[] = [];
    const theirs: number[] = [];
    const python = optunaPython();
    for (let i = 0; i < 3; i++) {
      ours.push(await perTrial(join(folder, `ours${i}.db`), i + 1));
      if (python !== undefined) theirs.push(optunaPerTrial(python, join(folder, `optuna${i}.db`), i + 1));
    }
    figures['per_trial_durable'] = {
      ...figure(ours, 'ms', 'below Optuna', (ms) => theirs.length === 0 || ms < quantile(theirs, 0.5)),
      rival:
        theirs.length === 0
          ? undefined
          : {
              name: 'Optuna 5 TPE, SQLite storage',
              value: quantile(theirs, 0.5),
              quartiles: [quantile(theirs, 0.25), quantile(theirs, 0.75)],
            },
      note: 'propose, start, end, judge and store one trial, 200 trials, every hold and charge synced to disk',
    };
    if (python === undefined) notes.push('Optuna is not installed and could not be: no rival figure');
    return { seeds: [1, 2, 3], figures, notes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A whole study in virtual time; gives its events. */
export async function simulateStudy(trials: number, seed: number): Promise<Event[]> {
  const config = simpleConfig({ budget: { runs: trials + 2000 }, seedNumber: seed });
  const journal = memoryJournal([{ type: 'study.created', config, baseline: defaults(spaceOf(config)), at: 0 }]);
  await lab(config, journal, seed);
  const done = journal.events.filter((event) => event.type === 'trial.judged').length;
  if (done < trials) throw new Error(`only ${done} trials were judged`);
  return journal.events;
}

async function lab(
  config: ReturnType<typeof simpleConfig>,
  journal: Parameters<typeof openLab>[0]['journal'],
  seed: number,
): Promise<void> {
  const { executor, world } = simulation(
    (point, run) => {
      const x = Math.log10(Number(point['lr'])) + 1;
      const final = 1 + 0.2 * x * x + 0.05 * Math.sin(37 * run * (x + seed));
      return { seconds: 60, curve: [final + 0.6, final + 0.3, final + 0.1, final] };
    },
    'loss',
    journal.state()!.now,
  );
  await openLab({
    journal,
    series: memoryPoints(),
    executor,
    // What a Gaussian process costs is another question (bench -- search): here it is the lab.
    researcher: numericResearcher(samplers.tpe, config),
    pruner: pruners.auto,
    world,
    identity: { host: 'bench', pid: 1, version: '0' },
  }).done;
}

/** A long journal made of a study's own events, repeated under new numbers. */
function repeatEvents(events: readonly Event[], length: number): Event[] {
  const reported = events.filter((event) => event.type === 'run.reported');
  const result = events.slice(0, length);
  // The mix of a real journal, then the kind of event that long studies have most of.
  const rest = events.filter((event) => !['study.created', 'study.ended'].includes(event.type));
  let trials = rest.filter((event) => event.type === 'trial.proposed').length + 1;
  let runs = rest.filter((event) => event.type === 'run.started').length;
  const [oldTrials, oldRuns] = [trials, runs];
  while (result.length + rest.length <= length) {
    const [addTrials, addRuns] = [trials - 1, runs];
    for (const event of rest) {
      if (result.length >= length) break;
      if ('trial' in event && event.type !== 'knob.died') {
        const moved = event.trial === 1 ? 1 : event.trial + addTrials;
        if (event.trial === 1 && event.type === 'trial.judged') continue;
        result.push({ ...event, trial: moved, ...('run' in event ? { run: event.run + addRuns } : {}) });
      } else if ('run' in event) result.push({ ...event, run: event.run! + addRuns });
    }
    trials += oldTrials - 1;
    runs += oldRuns;
  }
  for (let i = 0; result.length < length; i++) result.push(reported[i % reported.length]!);
  return result.map((event) =>
    event.type === 'study.created' ? { ...event, config: { ...event.config, budget: {} } } : event,
  );
}

export async function storeStudy(project: string, events: readonly Event[]): Promise<void> {
  const { mkdirSync } = await import('node:fs');
  const where = studyFolder(project, 'simple');
  mkdirSync(where.path, { recursive: true });
  const journal = openStudyDatabase(where.journal, 'write');
  journal.take('bench', 0);
  for (let i = 0; i < events.length; i += 4000) journal.append(events.slice(i, i + 4000));
  journal.snapshot(journal.state()!);
  journal.release();
  journal.close();
}

/** Share of the time between the first start and the last end in which two slots had a run's process. */
function busyShare(folder: string): number {
  execFileSync('mkdir', ['-p', folder]);
  writeFileSync(join(folder, 'script.sh'), 'sleep 0.3\necho "loss: $X"\n');
  writeFileSync(
    join(folder, 'ansatz.yaml'),
    'command: sh script.sh\nmetric: loss\ndirection: minimize\nbudget: { runs: 60 }\nslots: 2\nrun: { limit: 10s, grace: 1s }\nname: busy\nknobs:\n  x: { from: 0, to: 1, default: 0.5, via: env X }\n',
  );
  spawnSync(process.execPath, [CLI, 'run', '--plain'], { cwd: folder, stdio: 'ignore' });
  const reader = openStudyDatabase(studyFolder(folder, 'busy').journal, 'read');
  const state = reader.state()!;
  reader.close();
  const first = Math.min(...state.runs.map((run) => run.startedAt));
  const last = Math.max(...state.runs.map((run) => run.endedAt!));
  const busy = state.runs.reduce((sum, run) => sum + run.seconds!, 0);
  return busy / (2 * ((last - first) / 1000));
}

/** Milliseconds per trial with a journal on disk. */
async function perTrial(file: string, seed: number): Promise<number> {
  const config = simpleConfig({
    budget: { runs: 200 },
    seedNumber: seed,
    pruner: 'none',
    repeats: { baseline: 2, most: 2 },
  });
  const journal = openStudyDatabase(file, 'write');
  journal.take('bench', 0);
  journal.append([{ type: 'study.created', config, baseline: defaults(spaceOf(config)), at: 0 }]);
  const start = performance.now();
  await lab(config, journal, seed);
  const elapsed = performance.now() - start;
  const trials = journal.state()!.trials.length;
  journal.close();
  return elapsed / trials;
}

const OPTUNA = `
import sys, time, optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.create_study(storage='sqlite:///' + sys.argv[1], sampler=optuna.samplers.TPESampler(seed=int(sys.argv[2])))
def objective(trial):
    lr = trial.suggest_float('lr', 1e-4, 1, log=True)
    hidden = trial.suggest_int('hidden', 8, 128)
    for step in range(4):
        trial.report(lr + step, step)
    return lr
start = time.perf_counter()
study.optimize(objective, n_trials=200)
print((time.perf_counter() - start) * 1000 / 200)
`;

function optunaPerTrial(python: string, file: string, seed: number): number {
  return Number(execFileSync(python, ['-c', OPTUNA, file, String(seed)], { encoding: 'utf8' }).trim());
}

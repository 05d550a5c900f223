/** A study whose lab and supervisors are killed again and again, and what is left of the truth afterwards. */

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStudyDatabase } from '../ansatz/src/io/store/sqlite.ts';
import { reduce } from '../ansatz/src/study/reduce.ts';
import { type State } from '../ansatz/src/study/state.ts';

export const CLI = join(import.meta.dirname, '..', 'ansatz', 'bin', 'ansatz.cjs');

export interface Torture {
  readonly runs: number;
  readonly slots: number;
  /** How often the lab is killed. */
  readonly labKills: number;
  /** How often a supervisor is killed. */
  readonly supervisorKills: number;
  readonly seed: number;
}

export interface Outcome {
  readonly state: State;
  /** How often each run's command was executed, by run number. */
  readonly executions: ReadonlyMap<number, number>;
  readonly labsKilled: number;
  readonly supervisorsKilled: number;
  /** Smallest free budget seen in the database while it ran, in device-seconds. */
  readonly leastFree: number;
  readonly books: readonly { resource: string; budget: number | null; held: number; spent: number }[];
  /** Processes of the study that live on after its end. */
  readonly survivors: number;
  readonly wallSeconds: number;
}

/** Run a study of short shell runs under fire, then to its end. */
export async function torture(options: Torture): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-torture-'));
  const record = join(folder, 'executions');
  writeFileSync(record, '');
  writeFileSync(
    join(folder, 'script.sh'),
    // Writes down that it was executed, works a little, leaves its process group, prints a result.
    `echo "$ANSATZ_RUN" >> "${record}"\nsleep 0.$((2 + $$ % 4))\necho "loss: 0.$((100 + $$ % 800))"\n`,
  );
  writeFileSync(
    join(folder, 'ansatz.yaml'),
    [
      'command: sh script.sh',
      'metric: loss',
      'direction: minimize',
      `budget: { runs: ${options.runs}, device: 30m }`,
      `slots: ${options.slots}`,
      'run: { limit: 20s, grace: 1s, workspace: inplace }',
      'knobs:',
      '  x: { from: 0, to: 1, default: 0.5, via: env X }',
      'sampler: random',
    ].join('\n'),
  );
  const journal = join(folder, '.ansatz', 'torture', 'journal.db');
  const startedAt = performance.now();
  let leastFree = Infinity;
  let labsKilled = 0;
  let supervisorsKilled = 0;
  let chance = options.seed;
  const random = (): number => {
    chance = (Math.imul(chance, 1664525) + 1013904223) >>> 0;
    return chance / 2 ** 32;
  };
  const look = (): void => {
    try {
      const database = openStudyDatabase(journal, 'read');
      for (const { resource, budget, held, spent } of database.ledger()) {
        if (resource === 'deviceSeconds' && budget !== null) leastFree = Math.min(leastFree, budget - held - spent);
      }
      database.close();
    } catch {
      // Not there yet.
    }
  };

  for (;;) {
    const lab = spawn(process.execPath, [CLI, 'run', '--plain', '--study', 'torture'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let complaints = '';
    lab.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    const exited = new Promise<number | null>((resolve) => lab.on('exit', resolve));
    if (labsKilled < options.labKills) {
      await sleep(600 + 1400 * random());
      look();
      if (
        supervisorsKilled < options.supervisorKills &&
        killSupervisor(join(folder, '.ansatz', 'torture', 'runs'), random)
      )
        supervisorsKilled++;
      lab.kill('SIGKILL');
      labsKilled++;
      await exited;
      continue;
    }
    const code = await exited;
    // The last lab may end a study without any improvement; anything else is a failure of ours.
    if (code !== 0 && code !== 4) throw new Error(`the lab ended with ${code}: ${complaints}`);
    break;
  }
  look();

  const database = openStudyDatabase(journal, 'read');
  let state: State | undefined;
  for (const event of database.read()) state = reduce(state, event);
  const books = database.ledger();
  database.close();
  const executions = new Map<number, number>();
  for (const token of readFileSync(record, 'utf8').trim().split('\n')) {
    const run = Number(token.split('-')[1]);
    executions.set(run, (executions.get(run) ?? 0) + 1);
  }
  const survivors = processesIn(folder);
  rmSync(folder, { recursive: true, force: true });
  return {
    state: state!,
    executions,
    labsKilled,
    supervisorsKilled,
    leastFree,
    books,
    survivors,
    wallSeconds: (performance.now() - startedAt) / 1000,
  };
}

/** Kill the supervisor of a random run that is under way. */
function killSupervisor(runs: string, random: () => number): boolean {
  // On a busy machine a lab may be killed before it has begun its first run.
  if (!existsSync(runs)) return false;
  const live = readdirSync(runs).filter((run) => {
    const files = readdirSync(join(runs, run));
    return files.includes('started') && !files.includes('exit');
  });
  const run = live[Math.floor(random() * live.length)];
  if (run === undefined) return false;
  const pid = Number(readFileSync(join(runs, run, 'started'), 'utf8').split(' ')[0]);
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/** Living processes whose command line names the folder, guards aside: those end by themselves. */
function processesIn(folder: string): number {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      return words.includes(folder) && !words.includes('supervise.sh');
    } catch {
      return false;
    }
  }).length;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

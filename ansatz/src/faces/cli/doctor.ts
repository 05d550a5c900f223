/** `ansatz doctor`: what this machine offers, what is wrong in this folder, and what to do about it. */

import { counted } from '../../io/logs/table.ts';
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statfsSync } from 'node:fs';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { readConfig, thisMachine } from '../../io/config/index.ts';
import { runAlive } from '../../io/executor/local.ts';
import { whyUnconfined } from '../../io/workspace/index.ts';
import { openStudyDatabase } from '../../io/store/sqlite.ts';
import {
  chooseStudy,
  findProject,
  held,
  listStudies,
  mendJournal,
  networkFileSystem,
  readStudy,
  studyFolder,
} from '../../lab/studies.ts';
import { RESOURCES } from '../../study/ledger.ts';
import { closest, UserError } from '../../study/error.ts';
import { bytes, paintFor } from './text.ts';

interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'note' | 'bad';
  readonly text: string;
  readonly fix?: string;
}

export interface DoctorOptions {
  json?: boolean;
  /** How an altered journal is to be put right: `cut` or `accept`. */
  journal?: string;
  study?: string;
}

/** Print the findings; exit code 6 when something is bad. */
export function doctor(options: DoctorOptions): void {
  if (options.journal !== undefined) mend(options.journal, options.study);
  const findings = [...machine(), ...folder()];
  if (findings.some((finding) => finding.state === 'bad')) process.exitCode = 6;
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(findings)}\n`);
    return;
  }
  const paint = paintFor(process.stdout);
  const mark = { ok: paint.green('ok  '), note: paint.yellow('note'), bad: paint.red('bad ') };
  for (const { what, state, text, fix } of findings) {
    process.stdout.write(`${mark[state]}  ${what.padEnd(12)} ${text}\n`);
    if (fix !== undefined) process.stdout.write(`${' '.repeat(19)}${paint.cyan('fix')} ${fix}\n`);
  }
}

/** Put an altered journal right, as somebody has decided who has looked at it. */
function mend(how: string, name: string | undefined): void {
  if (how !== 'cut' && how !== 'accept') {
    throw new UserError('bad-option', `--journal is cut or accept, not "${how}"${closest(how, ['cut', 'accept'])}`, {
      fix: 'ansatz doctor --journal cut',
    });
  }
  const folder = chooseStudy(process.cwd(), name);
  const { kept, aside } = mendJournal(folder, how);
  process.stderr.write(`study "${folder.name}": ${kept} events are its journal now; what it was is ${aside}\n`);
}

/** Whether runs of code that nobody has read can be confined. */
function sandbox(): Finding {
  const why = whyUnconfined();
  return why === undefined
    ? { what: 'sandbox', state: 'ok', text: 'bubblewrap: runs can be confined' }
    : {
        what: 'sandbox',
        state: 'note',
        text: `code of a model cannot be confined: ${why}`,
        fix: 'apt install bubblewrap',
      };
}

function machine(): Finding[] {
  const { gpus, cpus } = thisMachine();
  const found: Finding[] = [
    { what: 'node', state: 'ok', text: `${process.version} (${process.platform} ${process.arch})` },
    { what: 'cpu', state: 'ok', text: `${cpus} of ${availableParallelism()} CPUs may be used` },
    { what: 'memory', state: 'ok', text: `${bytes(freemem())} free of ${bytes(totalmem())}` },
    { what: 'gpu', state: 'ok', text: gpus.length === 0 ? 'none visible' : gpus.join(', ') },
    program('git', ['--version'], 'patches (ansatz best --as patch) need it'),
    sandbox(),
    program(
      'sh',
      ['-c', 'command -v setsid || command -v perl'],
      'runs cannot get a session of their own without setsid or perl',
    ),
  ];
  if (process.platform === 'linux') {
    found.push(
      existsSync('/proc/self/environ')
        ? { what: 'processes', state: 'ok', text: '/proc is readable: children that leave their group are found' }
        : {
            what: 'processes',
            state: 'note',
            text: '/proc is not readable: only the process group of a run can be ended',
          },
    );
  } else {
    found.push({
      what: 'processes',
      state: 'note',
      text: `on ${process.platform} only the process group of a run can be ended, memory is not sampled`,
    });
  }
  return found;
}

function program(name: string, args: string[], why: string): Finding {
  try {
    const text = execFileSync(name, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return { what: name, state: 'ok', text: text.split('\n')[0]! };
  } catch {
    return { what: name, state: 'note', text: `not found: ${why}` };
  }
}

function folder(): Finding[] {
  const project = findProject(process.cwd());
  const here = project ?? process.cwd();
  const found: Finding[] = [];
  try {
    accessSync(here, constants.W_OK);
    found.push({ what: 'folder', state: 'ok', text: here });
  } catch {
    found.push({ what: 'folder', state: 'bad', text: `${here} cannot be written`, fix: 'work in a copy of it' });
  }
  const network = networkFileSystem(here);
  if (network !== undefined) {
    found.push({
      what: 'disk',
      state: 'bad',
      text: `${network}: a journal is not safe on a network file system`,
      fix: 'ln -s /a/local/folder .ansatz',
    });
  }
  const { bavail, bsize } = statfsSync(here);
  const room = bavail * bsize;
  found.push({ what: 'room', state: room < 200 * 2 ** 20 ? 'bad' : 'ok', text: `${bytes(room)} free` });
  found.push(config(here));
  for (const name of listStudies(here)) found.push(...study(here, name));
  return found;
}

function config(here: string): Finding {
  const file = join(here, 'ansatz.yaml');
  if (!existsSync(file)) return { what: 'ansatz.yaml', state: 'note', text: 'none here', fix: 'ansatz init train.py' };
  try {
    const read = readConfig(file, { now: Date.now(), machine: thisMachine() });
    return {
      what: 'ansatz.yaml',
      state: 'ok',
      text: `${read.knobs.length} knobs, ${read.slots.length} slots, ${read.objective.direction} ${read.objective.metric}`,
    };
  } catch (error) {
    const user = error instanceof UserError ? error : undefined;
    return {
      what: 'ansatz.yaml',
      state: 'bad',
      text: `${user?.where ?? file}: ${(error as Error).message}`,
      fix: user?.fix,
    };
  }
}

function study(here: string, name: string): Finding[] {
  const where = studyFolder(here, name);
  const found: Finding[] = [];
  try {
    const { state, lease } = readStudy(where);
    const working = held(lease);
    found.push({
      what: 'study',
      state: 'ok',
      text: `${name}: ${counted(state.trials.length, 'trial')}, ${counted(state.runs.length, 'run')}, ${working ? `held by process ${lease!.owner.split(' ')[1]}` : state.phase === 'ended' ? 'ended' : 'can be resumed'}`,
    });
    const database = openStudyDatabase(where.journal, 'read');
    try {
      const broken = database.broken();
      if (broken !== undefined) {
        found.push({
          what: 'journal',
          state: 'bad',
          text: `${name}: it was changed by somebody: ${broken.text}`,
          fix: `ansatz doctor --journal cut --study ${name}   # goes on from the ${broken.seq - 1} events before it; accept: takes all as they are`,
        });
      }
      const books = new Map(database.ledger().map((row) => [row.resource, row]));
      const wrong = RESOURCES.filter(
        (resource) => Math.abs((books.get(resource)?.spent ?? 0) - state.ledger.spent[resource]) > 1e-3,
      );
      if (wrong.length > 0 && !working) {
        found.push({
          what: 'ledger',
          state: 'bad',
          text: `${name}: the sums of ${wrong.join(', ')} do not match the events`,
        });
      }
    } finally {
      database.close();
    }
    const orphans = working ? [] : [...state.running, ...state.paused].filter((run) => runAlive(where.runs, run));
    if (orphans.length > 0) {
      found.push({
        what: 'orphans',
        state: 'note',
        text: `${name}: runs ${orphans.join(', ')} go on without a lab; each ends at its limit, a paused one after 15 minutes`,
        fix: 'ansatz run   # adopts them',
      });
    }
    const old = existsSync(where.runs) ? readdirSync(where.runs).filter((entry) => entry.includes('.old')) : [];
    if (old.length > 0)
      found.push({
        what: 'leftovers',
        state: 'note',
        text: `${name}: ${old.length} run folders of a lost journal tail`,
        fix: `rm -r ${join(where.runs, '*.old*')}`,
      });
  } catch (error) {
    const user = error instanceof UserError ? error : undefined;
    found.push({ what: 'study', state: 'bad', text: `${name}: ${(error as Error).message}`, fix: user?.fix });
  }
  return found;
}

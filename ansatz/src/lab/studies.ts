/** Where studies live on disk, and who may work on one. */

import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { alive, birthOf, bootId } from '../io/executor/process.ts';
import { LeaseLost } from '../io/store/journal.ts';
import { openPoints } from '../io/store/points.ts';
import { salvage, type Salvaged } from '../io/store/salvage.ts';
import type { SeriesStore } from '../io/store/series.ts';
import { type Lease, openStudyDatabase, type StudyDatabase } from '../io/store/sqlite.ts';
import { Repository } from '../io/workspace/repository.ts';
import { closest, UserError } from '../study/error.ts';
import { isHistory } from '../study/events/history.ts';
import type { CodeRef, EventBody } from '../study/events/index.ts';
import type { State } from '../study/state.ts';
import { MOST_ASKED } from './steering.ts';

/** Folder beside ansatz.yaml that holds all studies. */
export const STUDIES = '.ansatz';

/** The files of one study. */
export interface StudyFolder {
  readonly name: string;
  readonly path: string;
  readonly journal: string;
  readonly points: string;
  readonly runs: string;
  readonly inbox: string;
  /** Bare git repository of the code that was tried. */
  readonly code: string;
}

/** The layout of study `name` in the project at `project`. Makes nothing. */
export function studyFolder(project: string, name: string): StudyFolder {
  const path = join(resolve(project), STUDIES, name);
  return {
    name,
    path,
    journal: join(path, 'journal.db'),
    points: join(path, 'points.db'),
    runs: join(path, 'runs'),
    inbox: join(path, 'inbox'),
    code: join(path, 'code.git'),
  };
}

/** The code of a study, kept beside its journal; `project` is the folder of the script. */
export function repositoryOf(folder: StudyFolder, project: string): Repository {
  return new Repository(folder.code, project, folder.name);
}

/** Names of the studies in a project, the one worked on last first. */
export function listStudies(project: string): string[] {
  let names: string[];
  try {
    names = readdirSync(join(project, STUDIES), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(project, STUDIES, entry.name, 'journal.db')))
      .map((entry) => entry.name);
  } catch {
    return [];
  }
  const current = readCurrent(project);
  return names.sort((a, b) => Number(b === current) - Number(a === current) || (a < b ? -1 : 1));
}

function readCurrent(project: string): string | undefined {
  try {
    return readFileSync(join(project, STUDIES, 'current'), 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Remember the study that commands without `--study` mean. */
export function setCurrent(project: string, name: string): void {
  writeFileSync(join(project, STUDIES, 'current'), `${name}\n`);
}

/** The nearest folder at or above `from` that has an ansatz.yaml or studies; undefined when there is none. */
export function findProject(from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'ansatz.yaml')) || existsSync(join(folder, STUDIES))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/** The study meant by `--study name`, or the current one. Throws a UserError when there is none. */
export function chooseStudy(from: string, name: string | undefined): StudyFolder {
  const project = findProject(from);
  const studies = project === undefined ? [] : listStudies(project);
  if (project === undefined || studies.length === 0) {
    throw new UserError('no-study', 'there is no study here', {
      where: resolve(from),
      why: `neither this folder nor one above it has ${STUDIES}/`,
      fix: 'ansatz init train.py && ansatz run',
    });
  }
  if (name === undefined) return studyFolder(project, studies[0]!);
  if (!studies.includes(name)) {
    throw new UserError('no-study', `no study is called "${name}"${closest(name, studies)}`, {
      where: join(project, STUDIES),
      fix: `ansatz status --study ${studies[0]}   # there are: ${studies.join(', ')}`,
    });
  }
  return studyFolder(project, name);
}

/** Read a study without touching it. */
export function readStudy(folder: StudyFolder): { readonly state: State; readonly lease: Lease | undefined } {
  const database = openGuarded(folder, 'read');
  try {
    const state = guarded(folder, () => database.state());
    if (state === undefined) {
      throw new UserError('empty-study', `study "${folder.name}" has no events`, {
        where: folder.journal,
        fix: `rm -r ${folder.path} && ansatz run`,
      });
    }
    return { state, lease: database.lease() };
  } finally {
    database.close();
  }
}

/** The metric points of a study, for reading. */
export function readPoints(folder: StudyFolder): SeriesStore {
  return openPoints(folder.points, 'read');
}

/** A study opened for work: this process holds its lease until `close`. */
export interface HeldStudy {
  readonly folder: StudyFolder;
  readonly journal: StudyDatabase;
  readonly points: SeriesStore;
  readonly state: State | undefined;
  /** What had to be repaired when it was opened. */
  readonly repaired: string | undefined;
  close(): void;
}

/** A lab on another host that was not heard of for this long is taken to be dead. */
const FOREIGN_MS = 60_000;
/** How often a lab says that it is there. */
export const RENEW_MS = 10_000;

/**
 * Take a study for work, making its folder when there is none. Throws a UserError when another lab works on it,
 * when the disk cannot hold a journal safely, or when the journal is beyond repair.
 */
export function holdStudy(folder: StudyFolder): HeldStudy {
  makeFolders(folder);
  refuseNetwork(folder.path);
  let repaired: string | undefined;
  let journal: StudyDatabase;
  let state: State | undefined;
  try {
    ({ journal, state } = openForWork(folder));
  } catch (error) {
    if (!isDamage(error)) throw explain(error, folder);
    // Only the holder may mend a journal, and a damaged one cannot say who that is: the file beside it can.
    refuseHeld(folder, readHolder(folder));
    const { kept, aside } = salvage(folder.journal);
    repaired = `the journal was damaged: ${kept} events were saved, the damaged file is ${aside}`;
    ({ journal, state } = openForWork(folder));
  }
  let points: SeriesStore;
  try {
    points = openPoints(folder.points, 'write');
  } catch (error) {
    if (!isDamage(error)) throw explain(error, folder);
    // Points can be heard again from the runs' output; nothing is decided by them.
    for (const suffix of ['', '-wal', '-shm']) rmSync(folder.points + suffix, { force: true });
    points = openPoints(folder.points, 'write');
    repaired = [repaired, 'the metric points were damaged and start empty'].filter(Boolean).join('; ');
  }
  return {
    folder,
    journal,
    points,
    state,
    repaired,
    close() {
      points.close();
      try {
        journal.release();
      } finally {
        journal.close();
      }
    },
  };
}

function openForWork(folder: StudyFolder): { journal: StudyDatabase; state: State | undefined } {
  const journal = openStudyDatabase(folder.journal, 'write');
  try {
    // Damage in an old page may hide behind a snapshot until the page is written again; then it is too late.
    if (!journal.sound()) throw Object.assign(new Error('a page of the file is damaged'), { errcode: CORRUPT });
    refuseHeld(folder, journal.lease());
    refuseAltered(folder, journal);
    journal.take(identity(), Date.now());
    // Words meant for a lab that is gone: a stop asked of it must not stop this one.
    dropOrders(folder);
    writeFileSync(join(folder.path, 'holder'), identity());
    return { journal, state: journal.state() };
  } catch (error) {
    journal.close();
    throw error;
  }
}

/** Events that somebody has changed since they were written say nothing about any run. */
function refuseAltered(folder: StudyFolder, journal: StudyDatabase): void {
  const broken = journal.broken();
  if (broken === undefined) return;
  throw new UserError(
    'altered-journal',
    `the journal of study "${folder.name}" was changed by somebody: ${broken.text}`,
    {
      where: folder.journal,
      why: 'what runs came to is read from it: results that were changed afterwards prove nothing',
      fix: `ansatz doctor --journal cut      # goes on from the ${broken.seq - 1} events before it\n       ansatz doctor --journal accept   # takes the events as they are now`,
    },
  );
}

/**
 * Put an altered journal right: `cut` keeps the events before the first that is not what was written, `accept` takes all as
 * they are. The file as it was is kept beside it. Throws a UserError where another lab works on it, or nothing is wrong.
 */
export function mendJournal(folder: StudyFolder, how: 'cut' | 'accept'): Salvaged {
  const journal = openGuarded(folder, 'write');
  try {
    refuseHeld(folder, journal.lease());
    if (journal.broken() === undefined)
      throw new UserError('nothing-altered', `the journal of study "${folder.name}" is what was written`, {
        where: folder.journal,
        fix: 'ansatz doctor   # tells what else may be wrong',
      });
  } finally {
    journal.close();
  }
  return salvage(folder.journal, how === 'accept');
}

/** `host pid birth boot` of this process. */
export function identity(): string {
  return [hostname(), process.pid, birthOf(process.pid) ?? '0', bootId()].join(' ');
}

function readHolder(folder: StudyFolder): Lease | undefined {
  try {
    return { epoch: 0, owner: readFileSync(join(folder.path, 'holder'), 'utf8'), renewed: 0 };
  } catch {
    return undefined;
  }
}

/** Whether the holder of a lease is still there. */
export function held(lease: Lease | undefined): boolean {
  if (lease === undefined || lease.owner === '') return false;
  const [host, pid, birth, boot] = lease.owner.split(' ');
  if (host !== hostname()) return Date.now() - lease.renewed < FOREIGN_MS;
  return alive({ pid: Number(pid), birth: birth!, boot: boot! });
}

function refuseHeld(folder: StudyFolder, lease: Lease | undefined): void {
  if (!held(lease) || lease!.owner === identity()) return;
  const [host, pid] = lease!.owner.split(' ');
  throw new UserError('study-held', `another lab works on study "${folder.name}"`, {
    where: `process ${pid} on ${host}`,
    why: 'two labs on one study would spend its budget twice',
    fix: `ansatz status              # to watch it\n       ansatz stop                # to end it\n       ansatz run --study other   # to start another study beside it`,
  });
}

function makeFolders(folder: StudyFolder): void {
  try {
    for (const path of [folder.path, folder.runs, folder.inbox]) mkdirSync(path, { recursive: true });
    const ignore = join(dirname(folder.path), '.gitignore');
    if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
  } catch (error) {
    // A recursive mkdir on a read-only disk says that a parent does not exist; asking outright gets the truth.
    try {
      accessSync(dirname(dirname(folder.path)), constants.W_OK);
    } catch (truth) {
      throw explain(truth, folder);
    }
    throw explain(error, folder);
  }
}

/** Names of network file systems by the magic number of statfs(2). */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9p'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x00c36400, 'Ceph'],
  [0x19830326, 'BeeGFS'],
  [0x5346414f, 'AFS'],
  [0x65735546, 'FUSE'],
]);

/** The network file system a path is on, or undefined. `typeOf` is statfs's type field. */
export function networkFileSystem(
  path: string,
  typeOf: (path: string) => number = (p) => statfsSync(p).type,
): string | undefined {
  return NETWORK.get(typeOf(path) >>> 0);
}

function refuseNetwork(path: string): void {
  const kind = networkFileSystem(path);
  if (kind === undefined || process.env['ANSATZ_ALLOW_NETWORK_DISK'] === '1') return;
  throw new UserError('network-disk', `the study's folder is on a network file system (${kind})`, {
    where: path,
    why: 'SQLite cannot lock a journal safely there: a crash could spend the budget twice',
    fix: 'keep the project on a local disk, or link the folder there:\n       mkdir -p /var/tmp/ansatz && ln -s /var/tmp/ansatz .ansatz',
  });
}

function openGuarded(folder: StudyFolder, mode: 'read' | 'write'): StudyDatabase {
  return guarded(folder, () => openStudyDatabase(folder.journal, mode));
}

function guarded<T>(folder: StudyFolder, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explain(error, folder);
  }
}

interface SystemError {
  readonly code?: string;
  readonly errcode?: number;
  readonly message: string;
}

const CORRUPT = 11;
const NOT_A_DATABASE = 26;
const FULL = 13;
const READ_ONLY = 8;
const CANNOT_OPEN = 14;
const BUSY = 5;
const IO_ERROR = 10;

/** Whether an error says that the file itself is broken. */
function isDamage(error: unknown): boolean {
  if (error instanceof SyntaxError) return true;
  const code = (error as SystemError).errcode;
  return code !== undefined && [CORRUPT, NOT_A_DATABASE].includes(code & 0xff);
}

/** Whether an error says that the disk is full. */
export function isDiskFull(error: unknown): boolean {
  const { code, errcode, message } = error as SystemError;
  if (code === 'ENOSPC' || code === 'EDQUOT') return true;
  return (
    errcode !== undefined &&
    ((errcode & 0xff) === FULL || ((errcode & 0xff) === IO_ERROR && /full|ENOSPC/i.test(message)))
  );
}

/** Turn what the system says about a study's files into something to act on; other errors pass through. */
export function explain(error: unknown, folder: StudyFolder): unknown {
  if (error instanceof UserError) return error;
  if (error instanceof LeaseLost) {
    return new UserError('study-held', 'another lab took over this study', {
      where: error.message,
      why: 'this one was silent for too long, or was thought to be dead; its runs go on under the other',
      fix: 'ansatz status',
    });
  }
  const { code, errcode, message } = error as SystemError;
  const sqlite = errcode === undefined ? undefined : errcode & 0xff;
  if (isDiskFull(error)) {
    return new UserError('disk-full', 'the disk is full', {
      where: folder.path,
      why: 'nothing is started that cannot be written down; runs under way go on and will be settled',
      fix: `make room, then: ansatz run   # resumes "${folder.name}"`,
    });
  }
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM' || sqlite === READ_ONLY || sqlite === CANNOT_OPEN) {
    return new UserError('read-only', 'the study cannot be written here', {
      where: folder.path,
      why: message,
      fix: `make ${dirname(folder.path)} writable, or run in a copy of the project`,
    });
  }
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    return new UserError('in-the-way', 'a file is where the study should be', {
      where: folder.path,
      why: message,
      fix: `mv ${folder.path} somewhere else, or: ansatz run --study other`,
    });
  }
  if (isDamage(error)) {
    return new UserError('damaged-journal', `the journal of study "${folder.name}" is damaged`, {
      where: folder.journal,
      why: message,
      fix: 'ansatz run   # saves what can be read and goes on from there',
    });
  }
  if (sqlite === BUSY) {
    return new UserError('study-busy', `study "${folder.name}" is locked by another process`, {
      where: folder.journal,
      fix: 'try again in a moment; if it stays so: ansatz doctor',
    });
  }
  return error;
}

/** Types of events another process may ask a lab to record. */
const REQUESTS = new Set([
  'study.paused',
  'study.resumed',
  'study.draining',
  'study.killed',
  'budget.raised',
  'trial.proposed',
  'history.imported',
  'bet.steered',
  'idea.noted',
  'run.stopping',
  'trial.repeated',
  'trial.noted',
]);

/** Whether what a file holds is a request a lab can fold: anybody may write into the inbox. */
function isRequest(event: EventBody): boolean {
  if (!REQUESTS.has(event.type)) return false;
  if (event.type === 'history.imported') return isHistory(event);
  if (event.type === 'budget.raised') {
    const amounts = Object.values(event.budget ?? { none: NaN });
    const { deadline = 0 } = event;
    return [...amounts, deadline].every((amount) => Number.isFinite(amount) && amount >= 0);
  }
  if (event.type === 'run.stopping') {
    return Number.isInteger(event.run) && event.reason === 'killed' && typeof event.why === 'string';
  }
  if (event.type === 'trial.repeated') return isRepeat(event);
  if (event.type === 'trial.noted') return isNote(event);
  if (event.type === 'idea.noted') return typeof event.text === 'string' && typeof (event.by ?? '') === 'string';
  if (event.type === 'bet.steered') {
    const shares = [event.floor ?? 0, event.cap ?? 0];
    return typeof event.bet === 'string' && typeof event.open === 'boolean' && shares.every((x) => x >= 0 && x <= 1);
  }
  if (event.type !== 'trial.proposed') return true;
  const { ask, parent, point, researcher, hypothesis, bet = '', by = '', most = 1, request = '' } = event;
  return (
    ask === 0 &&
    Number.isFinite(most) &&
    most > 0 &&
    typeof request === 'string' &&
    event.operator === undefined &&
    event.of === undefined &&
    [bet, by].every((text) => typeof text === 'string') &&
    isCode(event.code) &&
    Number.isInteger(parent) &&
    [researcher, hypothesis].every((text) => typeof text === 'string') &&
    typeof point === 'object' &&
    point !== null
  );
}

/** Whether a request for further runs is a person's: the judge's own words (levels, looks) are not for others to say. */
function isRepeat(event: Extract<EventBody, { type: 'trial.repeated' }>): boolean {
  const { trial, more, why, purpose } = event;
  return (
    Object.keys(event).every((key) => ['type', 'trial', 'more', 'why', 'purpose'].includes(key)) &&
    purpose === 'asked' &&
    Number.isInteger(trial) &&
    Number.isInteger(more) &&
    more >= 1 &&
    more <= MOST_ASKED &&
    typeof why === 'string'
  );
}

function isNote({ trial, text = '', tags = [], by = '' }: Extract<EventBody, { type: 'trial.noted' }>): boolean {
  return (
    Number.isInteger(trial) &&
    typeof text === 'string' &&
    typeof by === 'string' &&
    Array.isArray(tags) &&
    tags.every((tag) => typeof tag === 'string')
  );
}

/** Whether a code of a request is one: names of git objects and paths, nothing that a shell or git would take for more. */
function isCode(code: CodeRef | undefined): boolean {
  if (code === undefined) return true;
  const hash = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
  return (
    typeof code === 'object' &&
    code !== null &&
    [code.commit, code.tree].every((name) => typeof name === 'string' && hash.test(name)) &&
    Array.isArray(code.files) &&
    code.files.every((file) => typeof file === 'string')
  );
}

/** Ask the lab that holds a study to record an event. */
export function postRequest(folder: StudyFolder, event: EventBody): void {
  mkdirSync(folder.inbox, { recursive: true });
  const name = `${Date.now()}-${process.pid}-${Math.floor(performance.now() * 1000)}`;
  const file = join(folder.inbox, `${name}.new`);
  writeFileSync(file, JSON.stringify(event));
  renameSync(file, join(folder.inbox, `${name}.json`));
}

/** Orders to a lab that is gone are not for the next one; ideas and wishes wait for it. */
const ORDERS = new Set([
  'study.paused',
  'study.resumed',
  'study.draining',
  'study.killed',
  'budget.raised',
  'run.stopping',
]);

function dropOrders(folder: StudyFolder): void {
  for (const file of requestFiles(folder)) {
    const event = requestIn(file);
    if (event === undefined || ORDERS.has(event.type)) rmSync(file, { force: true });
  }
}

/** The requests in a study's inbox, oldest first, and a way to clear them away once they are written down. */
export interface Requests {
  readonly events: readonly EventBody[];
  done(): void;
}

/** Read a study's inbox. What is no request goes with the rest when it is cleared. */
export function readRequests(folder: StudyFolder): Requests {
  const files = requestFiles(folder);
  const events = files.flatMap((file) => requestIn(file) ?? []);
  return { events, done: () => files.forEach((file) => rmSync(file, { force: true })) };
}

function requestFiles(folder: StudyFolder): string[] {
  try {
    const names = readdirSync(folder.inbox).filter((name) => name.endsWith('.json'));
    return names.sort().map((name) => join(folder.inbox, name));
  } catch {
    return [];
  }
}

/** What a file of the inbox asks for; undefined for what nobody of ours wrote. */
function requestIn(file: string): EventBody | undefined {
  try {
    const event = JSON.parse(readFileSync(file, 'utf8')) as EventBody;
    return isRequest(event) ? event : undefined;
  } catch {
    return undefined;
  }
}

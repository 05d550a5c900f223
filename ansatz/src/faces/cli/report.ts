/** `ansatz report`: what was spent, gained and learned, as one file to forward. */

import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { chooseStudy, explain, held, readPoints, readStudy, type StudyFolder } from '../../lab/studies.ts';
import { UserError } from '../../study/error.ts';
import { htmlOf, markdownOf, type Report, reportOf } from '../report/index.ts';
import { diffToParent } from './code.ts';
import { version } from './version.ts';

export interface ReportOptions {
  study?: string;
  md?: boolean;
  output?: string;
  json?: boolean;
}

/** Write the report, or print it. */
export function report(options: ReportOptions): void {
  if (options.md === true && options.json === true) {
    throw new UserError('two-forms', '--md and --json ask for two forms at once', { fix: 'ansatz report --md' });
  }
  const folder = chooseStudy(process.cwd(), options.study);
  const gathered = gather(folder);
  if (options.json === true) deliver(`${JSON.stringify(gathered)}\n`, options.output);
  else if (options.md === true) deliver(markdownOf(gathered), options.output);
  else {
    const file = options.output === undefined ? join(folder.path, 'report.html') : resolve(options.output);
    save(htmlOf(gathered), file, folder);
    process.stdout.write(`${shown(file)}\n`);
  }
}

function gather(folder: StudyFolder): Report {
  const { state, lease } = readStudy(folder);
  const points = existsSync(folder.points) ? readPoints(folder) : undefined;
  try {
    return reportOf(state, {
      version: version(),
      open: held(lease),
      points,
      diff: (trial) => diffToParent(state, folder, trial),
    });
  } finally {
    points?.close();
  }
}

/** Text that was asked for on standard output goes there, unless a file was named. */
function deliver(text: string, output: string | undefined): void {
  if (output === undefined || output === '-') {
    process.stdout.write(text);
    return;
  }
  save(text, resolve(output));
  process.stdout.write(`${shown(resolve(output))}\n`);
}

/** Whole or not at all: somebody may have the last one open. */
function save(text: string, file: string, folder?: StudyFolder): void {
  if (existsSync(file) && statSync(file).isDirectory()) {
    throw new UserError('not-a-file', 'the report cannot be written over a folder', {
      where: file,
      fix: `ansatz report -o ${join(shown(file), 'report.html')}`,
    });
  }
  const fresh = `${file}.${process.pid}.new`;
  try {
    writeFileSync(fresh, text);
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    if (folder !== undefined && file.startsWith(folder.path)) throw explain(error, folder);
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UserError(code === 'ENOSPC' ? 'disk-full' : 'cannot-write', 'the report cannot be written there', {
      where: file,
      why: code === 'ENOENT' ? 'the folder does not exist' : message,
      fix: 'ansatz report -o report.html',
    });
  }
}

function shown(file: string): string {
  const near = relative(process.cwd(), file);
  return near.startsWith('..') ? file : near;
}

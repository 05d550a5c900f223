/** `ansatz audit`: what a log of experiments that others have run is worth. */

import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readLog } from '../../io/logs/index.ts';
import { closest, UserError } from '../../study/error.ts';
import { isRow } from '../../study/logbook-chain.ts';
import { auditLog, type Log, type Logbook } from '../../study/logbook.ts';
import { logbookHtml } from '../report/logbook.ts';
import { auditLines, auditTable } from './audit-lines.ts';
import { errorText } from './errors.ts';
import { version } from './version.ts';

/** Options as they are typed. */
export interface AuditOptions {
  html?: string;
  json?: boolean;
  noiseSd?: string;
  metric?: string;
  direction?: string;
  statusColumn?: string;
  baseline?: string;
}

/** Audit one log or several. */
export function audit(files: readonly string[], options: AuditOptions): void {
  if (options.html !== undefined && files.length > 1) {
    throw new UserError('bad-option', `--html makes a page of one log, and ${files.length} were given`, {
      fix: `ansatz audit ${files[0]} --html ${options.html}`,
    });
  }
  const failed: UserError[] = [];
  const books = files.flatMap((file) => {
    try {
      return [bookOf(file, options)];
    } catch (error) {
      // Of many logs those that can be read are; what is wrong with the others is told after them.
      if (files.length === 1 || !(error instanceof UserError)) throw error;
      failed.push(error);
      return [];
    }
  });
  if (options.json === true) {
    const all = books.map(auditJson);
    process.stdout.write(`${JSON.stringify(files.length === 1 ? all[0] : all)}\n`);
  } else {
    const lines = files.length === 1 ? auditLines(books[0]!) : auditTable(books);
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  if (options.html !== undefined) {
    save(logbookHtml(books[0]!, version()), resolve(options.html));
    if (options.json !== true) process.stdout.write(`\n${options.html}\n`);
  }
  const last = failed.pop();
  for (const error of failed) process.stderr.write(errorText(error));
  if (last !== undefined) throw last;
}

/** Read and audit one file. */
export function bookOf(file: string, options: AuditOptions): Logbook {
  const log = readLog(file, {
    ...(options.metric === undefined ? {} : { metric: options.metric }),
    ...(options.statusColumn === undefined ? {} : { statusColumn: options.statusColumn }),
    ...(options.direction === undefined ? {} : { direction: directionOption(options.direction) }),
  });
  if (options.baseline !== undefined) checkBaseline(log, options.baseline);
  return auditLog(log, {
    ...(options.noiseSd === undefined ? {} : { noiseSd: sdOption(options.noiseSd) }),
    ...(options.baseline === undefined ? {} : { baseline: options.baseline }),
  });
}

/** `min`, `max` and their longer spellings. */
export function directionOption(given: string): 'minimize' | 'maximize' {
  if (/^(?:min|minimi[sz]e|lower|down)$/i.test(given)) return 'minimize';
  if (/^(?:max|maximi[sz]e|higher|up)$/i.test(given)) return 'maximize';
  throw new UserError('bad-option', `--direction does not know "${given}"${closest(given, ['min', 'max'])}`, {
    fix: '--direction min|max',
  });
}

function sdOption(given: string): number {
  const sd = Number(given);
  if (given.trim() !== '' && Number.isFinite(sd) && sd >= 0) return sd;
  throw new UserError('bad-option', `--noise-sd takes a number from 0, in the metric's unit, not "${given}"`, {
    fix: '--noise-sd 0.0007',
  });
}

function checkBaseline(log: Log, asked: string): void {
  const found = log.rows.find((row) => isRow(row, asked));
  if (found?.value !== undefined) return;
  const names = log.rows.flatMap((row) =>
    [row.id, row.commit, row.text].filter((name) => name !== undefined && name.length < 80),
  );
  throw new UserError(
    'no-row',
    found === undefined
      ? `no row is called "${asked}"${closest(asked, names as string[])}`
      : `row ${found.row} ("${asked}") has no value to compare with`,
    {
      where: log.file,
      why: 'a baseline is named by its line, id, commit or description',
      fix: `--baseline ${log.rows.find((row) => row.value !== undefined)?.row ?? 2}`,
    },
  );
}

/** What `--json` prints for one file. Numbers that are not known are null. */
export function auditJson(book: Logbook): Record<string, unknown> {
  const { log, counts, claims, noise, total, repeats, plan } = book;
  return {
    file: log.file,
    dialect: log.dialect,
    rows: log.rows.length,
    keeps: counts.keep,
    discards: counts.discard,
    crashes: counts.crash,
    gains: claims.length,
    medianGain: known(book.medianGain),
    noiseSd: known(noise.sd),
    noiseFrom: noise.from,
    standing: known(book.standing),
    expectedFalseKeeps: known(book.expectedFalseKeeps),
    repeats: repeats.count,
    nearMisses: book.nearMisses.length,
    guesses: book.guesses,
    metric: log.metric,
    direction: log.direction,
    groups: book.groups,
    noiseMeasured: noise.measured,
    threshold: known(book.threshold),
    keepsWithoutGain: book.keepsWithoutGain,
    total: total ?? null,
    repeatSeconds: known(repeats.seconds),
    claims,
    near: book.nearMisses,
    plan: plan ?? null,
  };
}

function known(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}

/** Whole or not at all: somebody may have the last one open. */
function save(text: string, file: string): void {
  const fresh = `${file}.${process.pid}.new`;
  try {
    writeFileSync(fresh, text);
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UserError(code === 'ENOSPC' ? 'disk-full' : 'cannot-write', 'the page cannot be written there', {
      where: file,
      why:
        code === 'ENOENT'
          ? 'the folder does not exist'
          : code === 'EISDIR' || code === 'ENOTEMPTY'
            ? 'it is a folder'
            : message,
      fix: 'ansatz audit results.tsv --html audit.html',
    });
  }
}

/** A log of experiments: a file, the dialect it is written in, what its columns are, and its rows. */

import type { Direction } from '../../study/config.ts';
import { closest, UserError } from '../../study/error.ts';
import type { Log, LogRow, LogStatus } from '../../study/logbook-log.ts';
import type { Value } from '../../methods/space/space.ts';
import { guessDirection, matchMetric } from '../capture/index.ts';
import { hasDecimalComma, isNothing, momentIn, numberIn, plain } from './cells.ts';
import { DIALECTS } from './dialects.ts';
import { directionFor } from './direction.ts';
import { readOdd } from './odd.ts';
import { type Roles, rolesOf } from './roles.ts';
import { withoutStandIns } from './standins.ts';
import type { Cells, Table } from './table.ts';
import { readLogText } from './text.ts';
import { secondsOfRow } from './times.ts';
import { flagOf, type Word, wordOf } from './verdicts.ts';

/** What the user says instead of letting it be guessed. */
export interface LogOptions {
  readonly metric?: string;
  readonly direction?: Direction;
  readonly statusColumn?: string;
}

/** Read a log from a file. Throws a UserError when there is nothing in it that could be one. */
export function readLog(file: string, options: LogOptions = {}): Log {
  const { text, guesses } = readLogText(file);
  return parseLog(text, file, options, guesses);
}

/** Read a log from its text; `file` is only named. `before` are guesses made about the text. */
export function parseLog(text: string, file: string, options: LogOptions = {}, before: readonly string[] = []): Log {
  const table = tableOf(text, file);
  const asked = {
    ...(options.metric === undefined ? {} : { metric: columnFor(table, options.metric, file) }),
    ...(options.statusColumn === undefined ? {} : { status: statusFor(table, options.statusColumn, file) }),
  };
  const guesses = [...before, ...table.guesses];
  const roles = rolesOf(table, asked);
  const metric =
    (roles.metric === table.metricColumn ? table.metric : undefined) ?? roles.metric ?? table.metric ?? 'none';
  const column = (name: string | undefined): string[] =>
    name === undefined ? [] : table.records.map(({ cells }) => cells.get(name) ?? '');
  const comma = hasDecimalComma(column(roles.metric));
  if (comma) guesses.push('numbers: the decimal mark is a comma');
  const known = column(roles.metric)
    .map((cell) => numberIn(cell, comma))
    .filter((value) => value !== undefined && Number.isFinite(value)) as number[];
  const records = [...table.records, ...readOdd(table.odd ?? [], roles, known, guesses)].sort(
    (a, b) => a.line - b.line,
  );

  const { words, told, judged } = verdictsOf(records, roles);
  const first = records.map((record, i) => rowOf(record, roles, words[i], comma));
  const rows = withoutStandIns(first, guesses);
  const { direction, why } =
    options.direction !== undefined
      ? { direction: options.direction, why: 'as asked' }
      : directionFor(table, metric, rows);
  guesses.push(
    roles.metric === undefined
      ? 'metric: no column looks like one; --metric names it'
      : `metric: ${metric === roles.metric ? '' : `${metric}, in column `}${roles.metric}${asked.metric === undefined ? otherMetrics(table, roles) : ' (as asked)'}`,
    `direction: ${direction === 'minimize' ? 'lower' : 'higher'} is better, ${why}`,
    ...told,
    ...columnsTold(roles),
  );
  return { file, dialect: table.dialect, columns: table.columns, metric, direction, judged, rows, guesses };
}

function tableOf(text: string, file: string): Table {
  for (const dialect of Object.values(DIALECTS)) {
    const table = dialect(text);
    if (table !== undefined && table.records.length + (table.odd?.length ?? 0) > 0) return table;
    if (table !== undefined && table.columns.length > 1) {
      throw new UserError('empty-log', `"${file}" has a header and no rows`, {
        where: `columns ${table.columns.join(', ')}`,
      });
    }
  }
  throw new UserError('no-table', `"${file}" holds no table of experiments`, {
    why: 'neither TSV, CSV, JSON, JSON lines nor a Markdown table was found in it',
    fix: 'a log has a header and a row for each experiment, for example: commit<TAB>val_loss<TAB>status<TAB>description',
  });
}

function columnFor(table: Table, name: string, file: string): string {
  const found = matchMetric(name, table.columns);
  if (found !== undefined) return found;
  // JSON lines of pi-autoresearch name the metric in one place and its column in another.
  if (table.metric === name && table.metricColumn !== undefined) return table.metricColumn;
  throw new UserError('no-metric', `no column is called "${name}"${closest(name, table.columns)}`, {
    where: file,
    why: `there are: ${table.columns.join(', ')}`,
  });
}

function statusFor(table: Table, name: string, file: string): string {
  const found = matchMetric(name, table.columns);
  if (found !== undefined) return found;
  throw new UserError('no-column', `no column is called "${name}"${closest(name, table.columns)}`, {
    where: file,
    why: `there are: ${table.columns.join(', ')}`,
  });
}

/** The word of every row, whether they amount to verdicts, and how they were read. */
function verdictsOf(
  records: readonly Cells[],
  roles: Roles,
): { words: (Word | undefined)[]; told: string[]; judged: boolean } {
  const { status } = roles;
  if (status === undefined) {
    return {
      words: records.map(() => undefined),
      told: ['status: no such column; the best so far counts as kept'],
      judged: false,
    };
  }
  const seen = new Map<string, { word: Word | undefined; n: number }>();
  const words = records.map(({ cells }) => {
    const cell = cells.get(status) ?? '';
    const word = flagOf(status, cell) ?? wordOf(cell);
    const name = /^\S+/.exec(plain(cell) || cell)?.[0] ?? '(empty)';
    const entry = seen.get(name);
    if (entry === undefined) seen.set(name, { word, n: 1 });
    else entry.n++;
    return word;
  });
  const times = (word: Word): number => words.filter((one) => one === word).length;
  // Where others were reverted, what merely passed was kept.
  const passed =
    times('ran') > 2 * times('keep') &&
    times('discard') > 0 &&
    ![...seen.keys()].some((name) => /^(?:pruned|complete)/i.test(name));
  const final = passed ? words.map((word) => (word === 'ran' ? 'keep' : word)) : words;
  const judged = final.includes('keep') || (times('discard') > 0 && times('ran') === 0);
  const list = [...seen].sort((a, b) => b[1].n - a[1].n);
  const meaning = ({ word }: { word: Word | undefined }, name: string): string =>
    word === undefined && name !== '(empty)'
      ? 'not understood'
      : word === undefined || word === 'open'
        ? 'no verdict'
        : word === 'ran'
          ? passed
            ? 'keep'
            : 'ran, no verdict'
          : word;
  const shown = list.slice(0, 12).map(([name, entry]) => `${name} → ${meaning(entry, name)} (${entry.n})`);
  const more = list.length > 12 ? `, and ${list.length - 12} other words` : '';
  const told = [`status: column ${status}: ${shown.join(', ')}${more}`];
  if (!judged) told.push('verdicts: the status tells only how runs ended; the best so far counts as kept');
  return { words: final, told, judged };
}

function rowOf({ line, cells, group }: Cells, roles: Roles, word: Word | undefined, comma: boolean): LogRow {
  const cell = (name: string | undefined): string | undefined => {
    const found = name === undefined ? undefined : cells.get(name);
    return found === undefined || found.trim() === '' ? undefined : found.trim();
  };
  const number = (name: string | undefined): number | undefined => {
    const value = numberIn(cell(name) ?? '', comma);
    return value !== undefined && Number.isFinite(value) ? value : undefined;
  };
  const metric = cell(roles.metric);
  const value = number(roles.metric);
  const verdict: LogStatus | undefined = word === 'ran' || word === 'open' ? undefined : word;
  // A run that nobody judged did not succeed when its metric is FAILED, nan, null or a dash; an empty cell may mean anything.
  const status = verdict ?? (metric !== undefined && value === undefined ? 'crash' : undefined);
  const knobs = roles.knobs.flatMap((name): [string, Value][] => {
    const given = cell(name);
    return given === undefined || isNothing(given) ? [] : [[knobName(name), settingOf(given)]];
  });
  const found = {
    text: cell(roles.text),
    value: status === 'crash' ? undefined : value,
    status,
    knobs: knobs.length === 0 ? undefined : Object.fromEntries(knobs),
    config: cell(roles.config),
    id: cell(roles.id),
    seed: cell(roles.seed),
    seconds: secondsOfRow(cells, roles),
    money: number(roles.money),
    memory: number(roles.memory),
    commit: cell(roles.commit),
    group: group ?? cell(roles.group),
    at: momentIn(cell(roles.at) ?? cell(roles.span?.start) ?? ''),
  };
  const filled = Object.fromEntries(Object.entries(found).filter(([, one]) => one !== undefined));
  return { row: line, raw: Object.fromEntries(cells), ...filled };
}

/** `params_lr`, `params.lr` and `config.lr` are `lr`. */
function knobName(column: string): string {
  return column
    .replace(/^(?:params?|config|hparams?|hyperparameters?|cfg|user_attrs_params)[._ /]/i, '')
    .replace(/\.value$/, '');
}

function settingOf(cell: string): Value {
  if (/^(?:true|false)$/i.test(cell)) return /^t/i.test(cell);
  const value = Number(cell);
  return cell !== '' && Number.isFinite(value) ? value : cell;
}

function otherMetrics(table: Table, roles: Roles): string {
  const used = new Set([roles.metric, roles.memory, roles.seconds?.column]);
  const others = table.columns.filter(
    (name) =>
      !used.has(name) &&
      guessDirection(name) !== undefined &&
      table.records.some(({ cells }) => numberIn(cells.get(name) ?? '') !== undefined),
  );
  return others.length === 0 || others.length > 6 ? '' : ` (not ${others.join(', ')})`;
}

function columnsTold(roles: Roles): string[] {
  const { text, id, commit, config, seed, group, seconds, span, money, memory, at, knobs } = roles;
  const names: readonly (readonly [string, string | undefined])[] = [
    ['description', text],
    ['id', id],
    ['commit', commit],
    ['configuration', config],
    ['seed', seed],
    ['group', group],
    ['memory', memory],
    ['money', money],
    ['moment', at],
  ];
  const list = names.flatMap(([part, name]) =>
    name === undefined ? [] : [part === name ? part : `${part} = ${name}`],
  );
  const took =
    seconds !== undefined
      ? `time: column ${seconds.column}, in ${{ 1e-3: 'milliseconds', 1: 'seconds', 60: 'minutes', 3600: 'hours' }[seconds.unit] ?? 'seconds'}`
      : span === undefined
        ? 'time: no such column'
        : `time: from ${span.start} to ${span.end}`;
  return [
    ...(list.length > 0 ? [`columns: ${list.join(', ')}`] : []),
    took,
    ...(knobs.length > 0
      ? [
          `settings: ${knobs.length > 8 ? `${knobs.slice(0, 8).join(', ')} and ${knobs.length - 8} more columns` : knobs.join(', ')}`,
        ]
      : []),
  ];
}

/** `ansatz export`: trials, runs and metric points as CSV, JSON lines or Parquet. */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { chooseStudy, readPoints, readStudy, type StudyFolder } from '../../lab/studies.ts';
import type { Value } from '../../methods/space/point.ts';
import { closest, UserError } from '../../study/error.ts';
import { csvOf, type Flat, flatRuns, flatTrials } from '../../study/flat.ts';
import type { State } from '../../study/state.ts';
import { redact } from '../report/redact.ts';

const FORMS = ['csv', 'json', 'parquet'] as const;
const TABLES = ['trials', 'runs', 'points'] as const;
type Form = (typeof FORMS)[number];
type Table = (typeof TABLES)[number];

export interface ExportOptions {
  readonly study?: string;
  readonly as?: string;
  readonly table?: string;
  readonly output?: string;
}

/** Write the tables into a folder, or one of them to standard output. */
export async function exportStudy(options: ExportOptions): Promise<void> {
  const form = one('--as', options.as ?? 'csv', FORMS);
  const tables = options.table === undefined ? TABLES : [one('--table', options.table, TABLES)];
  const folder = chooseStudy(process.cwd(), options.study);
  const { state } = readStudy(folder);
  if (options.output === '-') {
    if (tables.length !== 1) {
      throw new UserError('two-forms', 'standard output holds one table', { fix: 'ansatz export --table trials -o -' });
    }
    process.stdout.write(await bytesOf(flat(state, folder, tables[0]!), form));
    return;
  }
  const into = resolve(options.output ?? `${folder.name}-export`);
  try {
    mkdirSync(into, { recursive: true });
    for (const table of tables) {
      const file = join(into, `${table}.${form === 'json' ? 'jsonl' : form}`);
      writeFileSync(file, await bytesOf(flat(state, folder, table), form));
      process.stdout.write(`${relative(process.cwd(), file)}\n`);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new UserError('cannot-write', `the tables cannot be written: ${(error as Error).message}`, {
      where: into,
      fix: 'ansatz export -o another-folder',
    });
  }
}

function one<Name extends string>(option: string, given: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === given);
  if (found !== undefined) return found;
  throw new UserError('bad-option', `${option} does not know "${given}"${closest(given, names)}`, {
    fix: `${option} ${names.join('|')}`,
  });
}

function flat(state: State, folder: StudyFolder, table: Table): Flat {
  const made = table === 'trials' ? flatTrials(state) : table === 'runs' ? flatRuns(state) : flatPoints(state, folder);
  // Words of scripts and people leave the machine with this file.
  const safe = (value: Value | null): Value | null =>
    typeof value === 'string' ? redact(value, state.config.folder) : value;
  return { columns: made.columns.map(({ name, cells }) => ({ name, cells: cells.map(safe) })) };
}

/** Every point of every metric, in the order they were heard. */
function flatPoints(state: State, folder: StudyFolder): Flat {
  const cells: Record<'run' | 'trial' | 'metric' | 'step' | 'value', (Value | null)[]> = {
    run: [],
    trial: [],
    metric: [],
    step: [],
    value: [],
  };
  const points = existsSync(folder.points) ? readPoints(folder) : undefined;
  for (const run of state.runs) {
    for (const { key } of points?.list(run.id) ?? []) {
      const { steps, values } = points!.read(run.id, key);
      for (let i = 0; i < steps.length; i++) {
        cells.run.push(run.id);
        cells.trial.push(run.trial);
        cells.metric.push(key);
        cells.step.push(steps[i]!);
        cells.value.push(Number.isFinite(values[i]!) ? values[i]! : null);
      }
    }
  }
  points?.close();
  return { columns: Object.entries(cells).map(([name, list]) => ({ name, cells: list })) };
}

async function bytesOf(table: Flat, form: Form): Promise<string | Uint8Array> {
  if (form === 'csv') return csvOf(table);
  if (form === 'json') return jsonLines(table);
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const buffer = parquetWriteBuffer({
    columnData: table.columns.map(({ name, cells }) => {
      const type = typeOf(cells);
      return {
        name,
        type,
        nullable: true,
        data: type === 'STRING' ? cells.map((cell) => (cell === null ? null : String(cell))) : [...cells],
      };
    }),
  });
  return new Uint8Array(buffer);
}

/** A column has one type in Parquet: text where its cells are of several. */
function typeOf(cells: readonly (Value | null)[]): 'BOOLEAN' | 'DOUBLE' | 'STRING' {
  const kinds = new Set(cells.flatMap((cell) => (cell === null ? [] : [typeof cell])));
  if (kinds.size !== 1) return kinds.size === 0 ? 'DOUBLE' : 'STRING';
  return kinds.has('number') ? 'DOUBLE' : kinds.has('boolean') ? 'BOOLEAN' : 'STRING';
}

function jsonLines({ columns }: Flat): string {
  const length = columns[0]?.cells.length ?? 0;
  let text = '';
  for (let i = 0; i < length; i++) {
    text += `${JSON.stringify(Object.fromEntries(columns.flatMap(({ name, cells }) => (cells[i] === null ? [] : [[name, cells[i]!]]))))}\n`;
  }
  return text;
}

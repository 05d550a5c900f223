/** `ansatz memory`: what all studies of a project have taught: search it, show a record, its lessons, all of it as JSON lines. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { openMemory, type MemoryStore } from '../../io/memory/index.ts';
import { chooseStudy, findProject, listStudies, readStudy, STUDIES, studyFolder } from '../../lab/studies.ts';
import { closest, UserError } from '../../study/error.ts';
import {
  fullLine,
  idOf,
  type Lesson,
  lessonsOf,
  rank,
  recall,
  recordsOf,
  type TrialRecord,
} from '../../study/memory/index.ts';
import { fit, num, paintFor, seconds, valueText } from './text.ts';

interface Options {
  readonly study?: string;
  readonly json?: boolean;
  readonly most?: string;
  readonly tokens?: string;
}

/** Print the records nearest to some words, or with `--tokens` what a researcher would be told. */
export function searchMemory(words: readonly string[], options: Options): void {
  const most = numberOf('--most', options.most, 10);
  const budget = options.tokens === undefined ? undefined : numberOf('--tokens', options.tokens, 0);
  withMemory(options.study, (store, of) => {
    const text = words.join(' ');
    if (budget !== undefined) {
      const lessons = lessonsOf([...store.all()]);
      const told = recall(store, { text, knobs: words }, budget, { lessons });
      process.stdout.write(options.json === true ? `${JSON.stringify(told)}\n` : `${told.text}\n`);
      return;
    }
    const found = rank(store, { text, knobs: words }, of === undefined ? most : store.size)
      .flatMap(({ document, score }) => {
        const record = store.record(document);
        return record === undefined || (of !== undefined && record.study !== of) ? [] : [{ score, record }];
      })
      .slice(0, most);
    if (options.json === true) {
      process.stdout.write(`${JSON.stringify(found)}\n`);
      return;
    }
    const wide = process.stdout.columns ?? 200;
    for (const { record } of found) process.stdout.write(`${fit(fullLine(record), wide)}\n`);
    process.stdout.write(
      paintFor(process.stdout).dim(
        found.length === 0
          ? 'nothing is remembered that fits\n'
          : `${found.length} of ${store.count} records; ansatz memory show <id>\n`,
      ),
    );
  });
}

/** Print a record, what it is linked with, and the lessons it is evidence for. */
export function showMemory(id: string, options: Options): void {
  withMemory(options.study, (store, of) => {
    const { record, lesson } = find(store, id, of);
    if (record === undefined) {
      process.stdout.write(
        options.json === true ? `${JSON.stringify(lesson)}\n` : `${lessonLines(lesson!).join('\n')}\n`,
      );
      return;
    }
    const linked = [...store.all()].flatMap((other) =>
      other.links.filter(({ to }) => to === record.id).map(({ kind }) => ({ kind, from: other.id })),
    );
    const lessons = lessonsOf([...store.all()]).filter(({ evidence }) => evidence.includes(record.id));
    if (options.json === true) {
      process.stdout.write(`${JSON.stringify({ ...record, linkedBy: linked, lessons })}\n`);
      return;
    }
    process.stdout.write(`${recordLines(record, linked, lessons).join('\n')}\n`);
  });
}

/** Print the lessons, the contradictions first. */
export function memoryLessons(options: Options): void {
  withMemory(options.study, (store, of) => {
    const lessons = lessonsOf([...store.all(of)]);
    if (options.json === true) {
      process.stdout.write(`${JSON.stringify(lessons)}\n`);
      return;
    }
    const most = numberOf('--most', options.most, 30);
    for (const lesson of lessons.slice(0, most)) process.stdout.write(`${lessonLines(lesson).join('\n')}\n`);
    const rest = lessons.length > most ? `; ${lessons.length - most} more with --most ${lessons.length}` : '';
    process.stdout.write(paintFor(process.stdout).dim(`${lessons.length} lessons${rest}\n`));
  });
}

/** Write every record as a line of JSON. */
export function exportMemory(options: Options): void {
  withMemory(options.study, (store, of) => {
    for (const record of store.all(of)) process.stdout.write(`${JSON.stringify(record)}\n`);
  });
}

/** Bring the index up to date with the journals of the project, and use it. `of` is the study that was asked for. */
function withMemory(name: string | undefined, use: (store: MemoryStore, of: string | undefined) => void): void {
  // Says what is wrong where there is no study, or none of this name.
  const chosen = chooseStudy(process.cwd(), name);
  const project = findProject(process.cwd())!;
  const store = openIndex(join(project, STUDIES, 'memory.db'));
  try {
    const studies = listStudies(project);
    store.keepOnly(studies);
    for (const study of studies) {
      const stamp = stampOf(studyFolder(project, study).journal);
      if (store.stamp(study) === stamp) continue;
      try {
        store.put(study, stamp, recordsOf(readStudy(studyFolder(project, study)).state));
      } catch (error) {
        // One study that cannot be read must not hide what the others remember.
        if (!(error instanceof UserError) || study === name) throw error;
        process.stderr.write(`note: study "${study}" is left out: ${error.message}\n`);
      }
    }
    use(store, name === undefined ? undefined : chosen.name);
  } finally {
    store.close();
  }
}

/** The index is only a convenience: where it cannot be written, or is damaged, one in memory does. */
function openIndex(file: string): MemoryStore {
  try {
    return openMemory(file, 'write');
  } catch {
    return openMemory(':memory:', 'write');
  }
}

/** Changes whenever somebody wrote to the journal. */
function stampOf(journal: string): string {
  return ['', '-wal']
    .map((end) => {
      const found = statSync(`${journal}${end}`, { throwIfNoEntry: false });
      return found === undefined ? '-' : `${found.mtimeMs} ${found.size}`;
    })
    .join(' ');
}

/** A record by its id, or by a trial's number in the study meant; or a lesson by its id. */
function find(
  store: MemoryStore,
  id: string,
  study: string | undefined,
): { readonly record?: TrialRecord; readonly lesson?: Lesson } {
  const whole = /^\d+$/.test(id) ? idOf(study ?? chooseStudy(process.cwd(), undefined).name, Number(id)) : id;
  const record = store.get(whole);
  if (record !== undefined) return { record };
  const lesson = id.startsWith('lesson:') ? lessonsOf([...store.all()]).find((one) => one.id === id) : undefined;
  if (lesson !== undefined) return { lesson };
  const ids = Array.from(store.all(), (one) => one.id);
  throw new UserError('no-record', `nothing is remembered under "${id}"${closest(whole, ids)}`, {
    why: `ids are study/trial, study/log:row and lesson:…; there are ${ids.length} records`,
    fix: 'ansatz memory search learning rate',
  });
}

function recordLines(
  record: TrialRecord,
  linked: readonly { readonly kind: string; readonly from: string }[],
  lessons: readonly Lesson[],
): string[] {
  const { context, outcome, change, cost, links } = record;
  const sign = context.direction === 'minimize' ? 1 : -1;
  const rows: [string, string][] = [
    ['what', record.hypothesis],
    ...change.knobs.map(({ name, from, to }): [string, string] => [
      'change',
      `${name} ${valueText(from)} → ${valueText(to)}`,
    ]),
    ['verdict', `${outcome.verdict ?? 'none'} (${outcome.status}): ${outcome.why ?? ''}`],
    ...(outcome.loss === undefined
      ? []
      : [[context.metric, `${num(sign * outcome.loss, 6)} from ${outcome.n} runs`] satisfies [string, string]]),
    ...(outcome.effect === undefined
      ? []
      : [
          [
            'effect',
            `${num(outcome.effect)}${outcome.margin === undefined ? '' : ` ± ${num(outcome.margin)}`}`,
          ] satisfies [string, string],
        ]),
    ...(outcome.signature === undefined ? [] : [['error', outcome.signature] satisfies [string, string]]),
    ['by', `${context.researcher}${context.bet === undefined ? '' : `, bet ${context.bet}`}`],
    ['cost', `${seconds(cost.deviceSeconds)}${cost.tokens > 0 ? `, ${cost.tokens} tokens` : ''}`],
    ...links.map(({ kind, to }): [string, string] => [kind, to]),
    ...linked.map(({ kind, from }): [string, string] => [`${kind} this`, from]),
    ...lessons.map(({ id, text }): [string, string] => ['lesson', `[${id}] ${text}`]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [record.id, ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)];
}

function lessonLines({ id, text, when, whenNot, evidence, helpful, harmful }: Lesson): string[] {
  const condition = (list: Lesson['when']): string =>
    list
      .slice(0, 6)
      .map(({ knob, is }) => `${knob} ${is === undefined ? 'is not set' : `= ${is.map(valueText).join(' or ')}`}`)
      .join(', ');
  return [
    `[${id}] ${text}`,
    ...(when.length === 0 ? [] : [`  when      ${condition(when)}`]),
    ...(whenNot.length === 0 ? [] : [`  not when  ${condition(whenNot)}`]),
    `  from      ${evidence.slice(0, 6).join(', ')}${evidence.length > 6 ? ` and ${evidence.length - 6} more` : ''}`,
    ...(helpful + harmful === 0 ? [] : [`  cited     by ${helpful} that were kept, ${harmful} that were not`]),
  ];
}

function numberOf(option: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new UserError('bad-option', `${option} takes a whole number from 1, not "${given}"`, { fix: `${option} 10` });
}

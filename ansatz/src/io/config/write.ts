/** A draft of a study written as a short commented `ansatz.yaml`, which `parseConfig` reads back. */

import type { Budget, Delivery, Knob, Objective, StudyConfig } from '../../study/config.ts';
import type { Value } from '../../methods/space/space.ts';
import { directionOf } from './direction.ts';
import { formatDuration } from './duration.ts';
import { formatVia } from './via.ts';
import { joinWords } from './words.ts';

/** A knob and what a person should know about it. */
export type DraftKnob = Knob & {
  /** Shown behind the line: where it was found, what it means. */
  readonly comment?: string;
};

/** What goes into a file; everything absent is left to the defaults of `parseConfig`. */
export interface Draft {
  readonly name?: string;
  readonly command: readonly string[];
  readonly objective: Objective;
  /** Shown behind the metric: where the name comes from, what else the script prints. */
  readonly metricComment?: string;
  readonly curve?: StudyConfig['curve'];
  readonly minEffect?: number;
  readonly budget: Budget;
  readonly deadline?: number;
  readonly price?: number;
  readonly slots?: { readonly count: number; readonly threads?: number; readonly gpus?: number | readonly string[] };
  readonly run?: Partial<StudyConfig['run']>;
  readonly knobs: readonly DraftKnob[];
  /** Knobs that were found but are not proposed: written as comments, to be switched on by removing the `#`. */
  readonly spare?: readonly DraftKnob[];
  /** What was left out on purpose, and why. */
  readonly skipped?: readonly { readonly name: string; readonly why: string }[];
  readonly seed?: Delivery;
  readonly fidelity?: StudyConfig['fidelity'];
  readonly constraints?: readonly string[];
  readonly repeats?: StudyConfig['repeats'];
  readonly sampler?: StudyConfig['sampler'];
  readonly pruner?: StudyConfig['pruner'];
  readonly pause?: StudyConfig['pause'];
  readonly capture?: StudyConfig['capture'];
  readonly seedNumber?: number;
  /** Sentences for the head of the file. */
  readonly notes?: readonly string[];
}

function fidelityText({ knob, via, levels, base, target, along, floor, cap }: NonNullable<Draft['fidelity']>): string {
  const others = along.map(
    (one) =>
      `${scalar(one.name)}: { values: [${one.values.map((value) => (typeof value === 'string' ? scalar(value) : String(value))).join(', ')}], via: ${scalar(formatVia(one.via))} }`,
  );
  const parts = [
    `knob: ${scalar(knob)}`,
    `via: ${scalar(formatVia(via))}`,
    `levels: [${levels.join(', ')}]`,
    `base: ${base}`,
    `target: ${target}`,
    ...(others.length === 0 ? [] : [`along: { ${others.join(', ')} }`]),
    `share: ${floor}..${cap}`,
  ];
  return `{ ${parts.join(', ')} }`;
}

/** The text of the file. Comments say the unit of each number; `parseConfig` reads everything else back as drafted. */
export function renderConfig(draft: Draft): string {
  const lines: string[] = ['# A study for ansatz. Start it with:  ansatz run'];
  const put = (text: string, comment = '') =>
    lines.push(comment === '' ? text : `${text}${gap(text)}# ${oneLine(comment)}`);
  for (const note of draft.notes ?? []) put(`# ${oneLine(note)}`);
  if (draft.name !== undefined) put(`name: ${scalar(draft.name)}`);
  put(`command: ${commandText(draft.command)}`, 'started without a shell, in a private copy of this folder');
  const { metric, direction, value } = draft.objective;
  const minEffect = draft.minEffect ?? 0;
  if (value === 'last' && minEffect === 0) {
    put(`metric: ${scalar(metric)}`, draft.metricComment ?? 'as the script prints it');
  } else {
    const more = [value === 'best' ? ', value: best' : '', minEffect === 0 ? '' : `, min-effect: ${minEffect}`];
    put(`metric: { name: ${scalar(metric)}${more.join('')} }`, draft.metricComment ?? 'as the script prints it');
  }
  put(`direction: ${direction}`, directionOf(metric) === undefined ? 'a guess: check it' : '');
  if (draft.curve !== undefined) {
    const { metric: name, direction: better } = draft.curve;
    const text = directionOf(name) === better ? scalar(name) : `{ name: ${scalar(name)}, direction: ${better} }`;
    put(`curve: ${text}`, 'runs are stopped by it, once it is seen to order trials as the metric does');
  }
  lines.push('');
  put(`budget: { ${budgetText(draft.budget)} }`, budgetComment(draft.budget));
  if (draft.deadline !== undefined) put(`deadline: ${new Date(draft.deadline).toISOString()}`);
  if (draft.price) put(`price: ${draft.price}`, 'money per device-hour');
  if (draft.slots !== undefined) put(`slots: ${slotsText(draft.slots)}`, 'runs at a time');
  const run = runText(draft.run ?? {});
  if (run !== '') put(`run: { ${run} }`, 'limit: most wall time of one run');
  lines.push('');
  writeKnobs(draft, put);
  if (draft.seed !== undefined)
    put(`seed: ${scalar(formatVia(draft.seed))}`, 'repeats of a trial differ in this alone');
  if (draft.constraints?.length) {
    put('constraints:', 'a point that breaks one is never run');
    for (const constraint of draft.constraints) put(`  - ${JSON.stringify(constraint)}`);
  }
  if (draft.repeats !== undefined) {
    const { baseline, most } = draft.repeats;
    put(`repeats: { baseline: ${baseline}, most: ${most} }`, 'runs that measure the noise; most runs of one trial');
  }
  if (draft.sampler !== undefined) put(`sampler: ${draft.sampler}`);
  if (draft.pruner !== undefined) put(`pruner: ${draft.pruner}`);
  if (draft.pause !== undefined) put(`pause: ${draft.pause}`);
  writeCapture(draft.capture, put);
  if (draft.fidelity !== undefined) put(`fidelity: ${fidelityText(draft.fidelity)}`, 'what makes runs bigger');
  if (draft.seedNumber !== undefined) put(`random-seed: ${draft.seedNumber}`, 'same seed, same proposals');
  writeSkipped(draft.skipped ?? [], put);
  return `${lines.join('\n')}\n`;
}

type Put = (text: string, comment?: string) => void;

function writeKnobs(draft: Draft, put: Put): void {
  const spare = draft.spare ?? [];
  const rows = draft.knobs.map((knob) => ({
    text: `  ${scalar(knob.name)}: ${knobText(knob)}`,
    comment: knob.comment,
  }));
  const spareRows = spare.map((knob) => ({
    text: `  # ${scalar(knob.name)}: ${knobText(knob)}`,
    comment: knob.comment,
  }));
  if (rows.length === 0 && spareRows.length === 0) put('knobs: {}', 'none were found; add what may vary');
  else put(rows.length === 0 ? '# knobs:' : 'knobs:', 'what may vary; default is what the script uses today');
  for (const row of rows) put(row.text, row.comment);
  if (spareRows.length > 0)
    put(
      `  # found too; remove the # in front of those that should vary as well${rows.length === 0 ? ', and in front of knobs' : ''}`,
    );
  for (const row of spareRows) put(row.text, row.comment);
}

function writeCapture(capture: StudyConfig['capture'] | undefined, put: Put): void {
  if (capture === undefined || (capture.files.length === 0 && capture.pattern === undefined)) return;
  put('capture:');
  const files = capture.files.map((file) => `{ path: ${scalar(file.path)}, format: ${file.format} }`);
  if (files.length > 0) put(`  files: [${files.join(', ')}]`);
  if (capture.pattern !== undefined) put(`  pattern: ${JSON.stringify(capture.pattern)}`);
}

function writeSkipped(skipped: NonNullable<Draft['skipped']>, put: Put): void {
  if (skipped.length === 0) return;
  const byReason = Map.groupBy(skipped, (entry) => entry.why);
  put('');
  put('# Found but left alone:');
  for (const [why, entries] of byReason)
    put(`#   ${oneLine(`${entries.map((entry) => entry.name).join(', ')}: ${why}`)}`);
}

function gap(text: string): string {
  return ' '.repeat(Math.max(2, 44 - text.length));
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

function commandText(words: readonly string[]): string {
  // A variable or an operator that reached us as a word must stay one: only the list form says so without quotes.
  const plain = words.every((word) => /^[\w@%+=:,./-]+$/.test(word)) && !/^[A-Za-z_]\w*=/.test(words[0] ?? '');
  return plain ? scalar(joinWords(words)) : `[${words.map(scalar).join(', ')}]`;
}

function budgetText(budget: Budget): string {
  const { runs, wallSeconds, deviceSeconds, money } = budget;
  return [
    runs === undefined ? [] : `runs: ${runs}`,
    wallSeconds === undefined ? [] : `wall: ${formatDuration(wallSeconds)}`,
    deviceSeconds === undefined ? [] : `device: ${formatDuration(deviceSeconds)}`,
    money === undefined ? [] : `money: ${decimal(money)}`,
  ]
    .flat()
    .join(', ');
}

function budgetComment(budget: Budget): string {
  return [
    budget.runs === undefined ? [] : 'runs: processes started',
    budget.wallSeconds === undefined ? [] : 'wall: time on the clock',
    budget.deviceSeconds === undefined ? [] : 'device: devices x time',
    budget.money === undefined ? [] : 'money: at price per device-hour',
  ]
    .flat()
    .join('; ');
}

function slotsText(slots: NonNullable<Draft['slots']>): string {
  const { count, threads, gpus } = slots;
  if (threads === undefined && gpus === undefined) return String(count);
  const more = [
    threads === undefined ? [] : `threads: ${threads}`,
    gpus === undefined ? [] : `gpus: ${typeof gpus === 'number' ? gpus : `[${gpus.map(scalar).join(', ')}]`}`,
  ].flat();
  return `{ ${[`count: ${count}`, ...more].join(', ')} }`;
}

function runText(run: Partial<StudyConfig['run']>): string {
  const env = Object.entries(run.env ?? {}).map(([name, value]) => `${scalar(name)}: ${scalar(value)}`);
  return [
    run.limitSeconds === undefined ? [] : `limit: ${formatDuration(run.limitSeconds)}`,
    run.graceSeconds === undefined ? [] : `grace: ${formatDuration(run.graceSeconds)}`,
    run.workspace === undefined ? [] : `workspace: ${run.workspace}`,
    env.length === 0 ? [] : `env: { ${env.join(', ')} }`,
  ]
    .flat()
    .join(', ');
}

function knobText(knob: Knob): string {
  const via = [...conditionText(knob), `via: ${scalar(formatVia(knob.via))}`];
  const initial = knob.default === undefined ? [] : `default: ${valueText(knob.default)}`;
  if (knob.kind === 'choice') {
    const [only, ...others] = knob.choices;
    if (only !== undefined && others.length === 0) return `{ ${[`fixed: ${valueText(only)}`, ...via].join(', ')} }`;
    const ordered = knob.ordered === undefined ? [] : `ordered: ${knob.ordered}`;
    const choices = `choices: [${knob.choices.map(valueText).join(', ')}]`;
    return `{ ${[choices, ordered, initial, via].flat().join(', ')} }`;
  }
  const parts = [
    `from: ${decimal(knob.low)}`,
    `to: ${decimal(knob.high)}`,
    knob.kind === 'int' ? 'type: int' : [],
    knob.scale === 'log' ? 'scale: log' : [],
    knob.step === undefined ? [] : `step: ${decimal(knob.step)}`,
    initial,
    via,
  ];
  return `{ ${parts.flat().join(', ')} }`;
}

function conditionText(knob: Knob): string[] {
  const { when, prior } = knob;
  const words: string[] = [];
  if (prior !== undefined && prior.width === undefined && prior.strength === undefined)
    words.push(`guess: ${valueText(prior.value)}`);
  else if (prior !== undefined) {
    const more = (['width', 'strength'] as const).flatMap((key) =>
      prior[key] === undefined ? [] : `, ${key}: ${decimal(prior[key])}`,
    );
    words.push(`prior: { value: ${valueText(prior.value)}${more.join('')} }`);
  }
  if (when !== undefined) words.push(`when: ${JSON.stringify(when)}`);
  return words;
}

function valueText(value: Value): string {
  return typeof value === 'number' ? decimal(value) : typeof value === 'string' ? scalar(value) : String(value);
}

/** A number the way a person writes it: `1e-4`, not `0.0001`; `200000`, not `2e5`. */
function decimal(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return Object.is(value, -0) ? '-0.0' : String(value);
  const size = Math.abs(value);
  return size < 1e-2 || size >= 1e15 ? value.toExponential() : String(value);
}

/** Text plain where YAML reads it back as the same text, in double quotes otherwise. */
function scalar(text: string): string {
  const plain =
    /^[A-Za-z_./][\w./=@%+-]*(?: [\w./=@%+-]+)*(?:\(\w*\))?$|^--?[A-Za-z][\w./=-]*$/.test(text) &&
    !/^(?:true|false|null|yes|no|on|off|y|n|\.nan|\.inf|[.\d+-][\d_.e+-]*)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}

/** `ansatz show <trial>`: one trial, whole; `ansatz show knobs` is in knobs.ts. */

import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Transform } from 'node:stream';
import { runFolder } from '../../io/executor/places.ts';
import { clean, tailOf } from '../../io/executor/tail.ts';
import type { SeriesStore } from '../../io/store/series.ts';
import { chooseStudy, readPoints, readStudy, type StudyFolder } from '../../lab/studies.ts';
import { valueAt } from '../../methods/space/index.ts';
import { closest, UserError } from '../../study/error.ts';
import { everyRun, runOf, type State, type Trial, trialOf } from '../../study/state.ts';
import { contradiction } from '../../study/heldout.ts';
import { familyOf } from '../../study/account.ts';
import { changes, resultOf, type RunRow, runRow, trialRow } from '../../study/views.ts';
import { diffToParent } from './code.ts';
import { findTrial } from './find.ts';
import { showKnobs } from './knobs.ts';
import { verdictMark } from './status.ts';
import {
  bytes,
  changesText,
  changeText,
  effectText,
  num,
  paintFor,
  resultText,
  seconds,
  sparkline,
  table,
  valueText,
} from './text.ts';

export interface ShowOptions {
  study?: string;
  json?: boolean;
  log?: boolean;
  metric?: string;
  diff?: boolean;
}

/** Print one trial. */
export async function show(given: string, options: ShowOptions): Promise<void> {
  const folder = chooseStudy(process.cwd(), options.study);
  const { state } = readStudy(folder);
  if (given === 'knobs') {
    showKnobs(state, options.json === true);
    return;
  }
  const trial = findTrial(state, given);
  if (options.diff === true) {
    const text = diffToParent(state, folder, trial);
    if (text !== '') process.stdout.write(`${text}\n`);
    return;
  }
  const lastRun = trial.runs.at(-1);
  if (options.log === true) {
    if (lastRun === undefined) throw new UserError('no-run', `trial ${trial.id} has not run yet`);
    await printLog(folder, lastRun);
    return;
  }
  const runs = everyRun(trial).map((id) => runRow(state, runOf(state, id)));
  const points = existsSync(folder.points) ? readPoints(folder) : undefined;
  try {
    if (options.json === true) {
      const curves = Object.fromEntries(runs.map((run) => [run.run, points?.list(run.run) ?? []]));
      const row = trialRow(state, trial);
      const detail = {
        ...row,
        hypothesis: trial.hypothesis,
        point: trial.point,
        parent: trial.parent,
        runs,
        metrics: curves,
      };
      process.stdout.write(`${JSON.stringify(detail)}\n`);
      return;
    }
    process.stdout.write(`${lines(state, trial, runs, points, folder, options.metric).join('\n')}\n`);
  } finally {
    points?.close();
  }
}

/** What of the effect is believed, and how sure fresh runs make it, alone and among all that were confirmed. */
function evidenceLine(state: State, trial: Trial): string[] {
  const parts: string[] = [];
  if (trial.shrunk !== undefined) parts.push(`believed ${trial.shrunk >= 0 ? '+' : ''}${num(trial.shrunk, 3)}`);
  const family = familyOf(state);
  const own = family.find((row) => row.trial === trial.id);
  if (own !== undefined) {
    const many = family.length > 1 ? `, ${num(own.adjusted, 2)} among the ${family.length} confirmed (Holm)` : '';
    parts.push(`p ${num(own.p, 2)} at any look${many}`);
  }
  return parts.length === 0 ? [] : [`  evidence    ${parts.join('; ')}`];
}

/** What the held-out check of a keep said, beside what it said of the keep before. */
function heldoutLine(state: State, { id, heldout }: Trial): string[] {
  if (heldout === undefined) return [];
  const { value, text = '' } = heldout;
  if (value === undefined) return [`  held-out    gave nothing: ${text}`];
  const baseline = id === 1 ? undefined : trialOf(state, 1).heldout?.value;
  const against = contradiction(state, id, value);
  return [
    `  held-out    ${baseline === undefined ? '' : `${num(baseline)} → `}${num(value)}${against === undefined ? '' : `; ${against}`}`,
  ];
}

/** What memory said when it was proposed. */
function triedLine({ tried }: Trial): string[] {
  if (tried === undefined) return [];
  const records = tried.records.length === 0 ? '' : ` (${tried.records.join(', ')})`;
  return [`  memory      ${tried.why}${records}${tried.tested === true ? '; run to see whether that is so' : ''}`];
}

function whoseText({ researcher, bet, by, operator, of = [] }: Trial): string {
  const line = bet === undefined || bet === researcher ? '' : `, bet ${bet}`;
  const others = of.length === 0 || operator === 'draft' ? '' : ` of ${of.join(' and ')}`;
  return `${by === undefined ? researcher : by}${line}${operator === undefined ? '' : `, ${operator}${others}`}`;
}

function lines(
  state: State,
  trial: Trial,
  runs: readonly RunRow[],
  points: SeriesStore | undefined,
  folder: StudyFolder,
  metric: string | undefined,
): string[] {
  const paint = paintFor(process.stdout);
  const row = trialRow(state, trial);
  const baseline = trialOf(state, 1);
  const name = metric ?? state.config.objective.metric;
  const result = row.value === undefined ? 'no result' : resultText(resultOf(state, trial));
  const text = [
    `${paint.bold(`trial ${trial.id}`)}  ${verdictMark(row.state, paint).trim()}${trial.id === state.incumbent ? ' (incumbent)' : ''}  ${row.why}`,
    `  ${state.config.objective.metric}  ${result}${row.effect === undefined ? '' : `, ${effectText(row)} against the incumbent of its time${row.better === undefined ? '' : `, P(better) ${num(row.better, 3)}`}`}`,
    ...evidenceLine(state, trial),
    ...heldoutLine(state, trial),
    `  hypothesis  ${trial.hypothesis} (${whoseText(trial)})`,
    ...triedLine(trial),
  ];
  if (trial.id !== 1) {
    text.push(`  to parent   trial ${trial.parent}: ${changeText(row)}`);
    if (trial.parent !== 1) text.push(`  to baseline ${changesText(changes(baseline.point, trial.point))}`);
  }
  if (trial.code !== undefined)
    text.push(`  code        ${trial.code.files.join(', ')}   (ansatz show ${trial.id} --diff)`);
  text.push(
    `  settings    ${
      [...new Set([...Object.keys(trial.point), ...state.config.knobs.map((knob) => knob.name)])]
        .map((knob) => `${knob}=${valueText(valueAt(trial.point, knob))}`)
        .join(' ') || 'no knobs'
    }`,
    '',
  );

  const { fidelity } = state.config;
  const scaled = fidelity !== undefined && runs.some(({ level }) => level !== undefined);
  const rows = runs.map((run) => {
    const curve = curveOf(run, points, name, metric === undefined);
    return [
      String(run.run),
      ...(scaled ? [num(run.level ?? fidelity.base)] : []),
      String(run.seed),
      run.status === 'failed' ? (run.reason ?? 'failed') : run.status,
      run.value === undefined ? '-' : num(run.value),
      run.seconds === undefined ? '-' : seconds(run.seconds),
      run.cpuSeconds === undefined ? '-' : seconds(run.cpuSeconds),
      run.peakBytes === undefined ? '-' : bytes(run.peakBytes),
      sparkline(curve, 40),
    ];
  });
  text.push(
    ...table(
      ['run', ...(scaled ? [fidelity.knob] : []), 'seed', 'status', 'result', 'time', 'cpu', 'memory', name],
      rows,
      scaled ? [0, 1, 2, 4, 5, 6, 7] : [0, 1, 3, 4, 5, 6],
    ).map((line) => `  ${line}`),
  );

  for (const run of runs) {
    if (run.smokeSeconds !== undefined && run.text === undefined)
      text.push(`  run ${run.run}: its code was tried for ${seconds(run.smokeSeconds)} before`);
    const risk = (value: number | undefined): string =>
      value === undefined ? '' : `; stated risk ${num(100 * value, 2)} %`;
    if (run.status === 'stopped' && run.text !== undefined) text.push(`  run ${run.run}: ${run.text}${risk(run.risk)}`);
    if (run.audited !== undefined)
      text.push(
        `  run ${run.run} would have been stopped at step ${num(run.audited.step)}, and was let finish to see what stops cost${risk(run.audited.risk)}`,
      );
  }
  const last = runs.findLast(({ level }) => level === undefined);
  if (last === undefined) return text;
  if (metric !== undefined && points !== undefined) {
    const known = points.list(last.run).map((series) => series.key);
    if (!known.includes(metric)) {
      throw new UserError('no-metric', `run ${last.run} has no metric "${metric}"${closest(metric, known)}`, {
        where: `metrics of the run: ${known.join(', ') || 'none'}`,
      });
    }
  }
  const heard = points?.list(last.run) ?? [];
  if (heard.length > 0) {
    text.push('', `  heard in run ${last.run}:`);
    const shown = heard
      .slice(0, 12)
      .map((series) => [
        series.key,
        String(series.count),
        num(series.last, 6),
        series.source,
        series.resolution === 0 ? 'exact' : `± ${num(series.resolution / 2, 1)}`,
      ]);
    text.push(...table(['metric', 'points', 'last', 'from', 'rounding'], shown, [1, 2]).map((line) => `  ${line}`));
    if (heard.length > 12) text.push(`  and ${heard.length - 12} more`);
  }
  const tail = tailOf(runFolder(folder.runs, last.run), row.state === 'crash' ? 20 : 8);
  if (tail.length > 0) {
    text.push('', `  log of run ${last.run} (ansatz show ${trial.id} --log for all of it):`);
    text.push(...tail.map((line) => paint.dim(`  | ${line}`)));
  }
  return text;
}

/** All points of a run's metric, or the rungs of the journal when the points are not there. */
function curveOf(run: RunRow, points: SeriesStore | undefined, metric: string, objective: boolean): readonly number[] {
  const series = points?.read(run.run, metric).values;
  if (series !== undefined && series.length > 0) return [...series];
  return objective ? run.values : [];
}

/** The whole log, made safe for a terminal. */
async function printLog(folder: StudyFolder, run: number): Promise<void> {
  for (const name of ['stdout', 'stderr']) {
    const file = join(runFolder(folder.runs, run), name);
    if (!existsSync(file)) continue;
    let rest = '';
    const safe = new Transform({
      decodeStrings: false,
      transform(chunk: string, _encoding, done) {
        const parts = (rest + chunk).split('\n');
        rest = parts.pop()!.slice(-100_000);
        done(null, parts.map((line) => `${clean(line)}\n`).join(''));
      },
      flush(done) {
        done(null, rest === '' ? '' : `${clean(rest)}\n`);
      },
    });
    await pipeline(createReadStream(file, 'utf8'), safe, process.stdout, { end: false });
  }
}

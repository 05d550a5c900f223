/** `ansatz status`: a study at a glance. */

import { counted } from '../../io/logs/table.ts';
import { chooseStudy, findProject, held, listStudies, readStudy, studyFolder } from '../../lab/studies.ts';
import type { HeldoutView } from '../../study/heldout.ts';
import { priorText } from '../../study/prior.ts';
import { standInText } from '../../study/standin.ts';
import { SCALE_BET } from '../../study/state.ts';
import { statusOf, type Status } from '../../study/views.ts';
import { believedText } from '../report/believed.ts';
import { fidelityText } from '../report/fidelity.ts';
import {
  bar,
  changeText,
  effectText,
  fit,
  num,
  paintFor,
  resultText,
  seconds,
  type Paint,
  visibleWidth,
} from './text.ts';

/** Print the status of one study, or of all in the folder. */
export function status(options: { study?: string; json?: boolean; all?: boolean }): void {
  if (options.all === true) {
    const project = findProject(process.cwd());
    const names = project === undefined ? [chooseStudy(process.cwd(), undefined).name] : listStudies(project);
    const all = names.map((name) => read(studyFolder(project!, name)));
    if (options.json === true) process.stdout.write(`${JSON.stringify(all)}\n`);
    else for (const one of all) process.stdout.write(`${line(one)}\n`);
    return;
  }
  const one = read(chooseStudy(process.cwd(), options.study));
  if (options.json === true) process.stdout.write(`${JSON.stringify(one)}\n`);
  else
    process.stdout.write(`${statusLines(one, paintFor(process.stdout), process.stdout.columns ?? 100).join('\n')}\n`);
}

function read(folder: ReturnType<typeof studyFolder>): Status {
  const { state, lease } = readStudy(folder);
  // Whether a lab is there is the lease's word: a killed one never wrote that it closed.
  return { ...statusOf(state), open: held(lease) };
}

function line(one: Status): string {
  return `${one.study}: ${phaseText(one)}, ${counted(one.trials, 'trial')}, ${counted(one.runs, 'run')}, best ${resultText(one.best)} ${one.objective.metric}`;
}

function phaseText(one: Status): string {
  if (one.ended !== undefined) return `ended (${one.ended.text})`;
  if (!one.open)
    return one.running.length + one.paused.length > 0
      ? 'no lab is running, but its runs may be: ansatz run'
      : 'stopped; ansatz run goes on';
  return one.phase;
}

/** The lines of a status, for `status` and the live view. */
export function statusLines(one: Status, paint: Paint, width: number): string[] {
  const lines = [
    `${paint.bold(one.study)}  ${phaseText(one)}`,
    ...broken(`${one.objective.direction} ${paint.bold(one.objective.metric)}: ${headline(one, paint)}`, width),
    ...(one.believed === undefined ? [] : [`  likely    ${believedText(one.believed)}`]),
    `  noise     ${noiseText(one)}`,
    ...(one.heldout === undefined ? [] : [`  held-out  ${heldoutText(one.heldout)}`]),
    ...(one.priors === undefined ? [] : [`  prior     ${priorText(one.priors)}`]),
    ...(one.reused === undefined
      ? []
      : [
          `  reused    ${one.reused.runs} runs that earlier studies had made, ${seconds(one.reused.deviceSeconds)} not spent`,
        ]),
    ...(one.curve === undefined ? [] : [`  curve     ${standInText(one.curve, one.objective.metric)}`]),
    ...budgetLines(one).map((text) => `  ${text}`),
    `  trials    ${one.trials}: ${verdictText(one, paint)}; ${counted(one.runs, 'run')}, ${one.running.length} of ${one.slots} slots busy${one.sandbox === 'none' ? '' : ', confined'}${one.paused.length > 0 ? `, ${counted(one.paused.length, 'run')} paused` : ''}`,
  ];
  if (one.fidelity !== undefined) {
    const told = fidelityText(one.fidelity, one.objective.metric);
    lines.push(...told.map((text, i) => `  ${(i === 0 ? 'scale' : '').padEnd(8)}  ${text}`));
  }
  lines.push(...accountLines(one, paint).map((text) => `  ${text}`));
  if (one.savedSeconds > 0) lines.push(`  pruning   kept about ${seconds(one.savedSeconds)} from being spent`);
  if (one.audit.audited > 0) lines.push(`  audit     ${auditText(one)}`);
  for (const run of one.running) {
    const curve =
      run.values.length > 0
        ? `${one.curve?.metric ?? one.objective.metric} ${num(run.values.at(-1)!)} at step ${num(run.steps.at(-1)!)}`
        : 'no metric yet';
    lines.push(`  slot ${run.slot}    trial ${run.trial}, run ${run.run} (seed ${run.seed}): ${curve}`);
  }
  for (const row of one.last) {
    lines.push(
      `  ${verdictMark(row.state, paint)} trial ${row.trial} ${effectText(row)}  ${changeText(row, 4)}  ${paint.dim(row.why)}`,
    );
  }
  for (const knob of one.dead) lines.push(paint.yellow(`  knob ${knob} does nothing: it is left alone`));
  for (const text of one.warnings) lines.push(paint.yellow(`  ${text}`));
  return lines.map((text) => fit(text, width));
}

/** On a narrow terminal the gain gets a line of its own: it is what one looks for. */
function broken(line: string, width: number): string[] {
  const at = line.indexOf(', better by');
  if (visibleWidth(line) <= width || at < 0) return [line];
  return [line.slice(0, at), `  ${line.slice(at + 2)}`];
}

/** `baseline 3.9 ± 0.3 → best 1.8 ± 0.2 (trial 12), better by 2.1 ± 0.4 (54 %), p = 0.0003`. */
export function headline(one: Status, paint: Paint): string {
  if (one.baseline === undefined) return 'no result yet';
  const start = `baseline ${resultText(one.baseline)}`;
  if (one.gain === undefined || one.best === undefined) return `${start}, nothing better yet`;
  const { effect, margin, percent, better } = one.gain;
  // A script whose repeats are exact leaves nothing to chance, and nothing to a test either.
  const sure =
    one.noise?.deterministic === true
      ? 'repeats are exact'
      : `p ${1 - better < 1e-4 ? '< 0.0001' : `= ${num(1 - better, 2)}`}`;
  const by = `${num(effect, 3)}${margin > 0 ? ` ± ${num(margin, 2)}` : ''} (${num(percent, 3)} %)`;
  return `${start} → ${paint.green(`best ${resultText(one.best)}`)} (trial ${one.best.trial}${one.best.replicated ? ', replicated' : ''}), better by ${by}, ${sure}`;
}

/** `2.71 → 2.66 (trial 12), better by 0.05`, and what speaks against a keep. */
export function heldoutText({ baseline, best, trial, gain, contradicted, failed }: HeldoutView): string {
  const change =
    best === undefined
      ? baseline === undefined
        ? 'nothing said yet'
        : `baseline ${num(baseline)}`
      : `${baseline === undefined ? '?' : num(baseline)} → ${num(best)} (trial ${trial})`;
  const size =
    gain === undefined
      ? ''
      : gain === 0
        ? ', no difference'
        : `, ${gain > 0 ? 'better' : 'worse'} by ${num(Math.abs(gain), 3)}`;
  const against = contradicted.length === 0 ? '' : `; ${contradicted.at(-1)}`;
  return `${change}${size}${against}${failed.length === 0 ? '' : `; ${failed.length} gave nothing (${failed.at(-1)})`}`;
}

function noiseText(one: Status): string {
  if (one.noise === undefined) return 'not measured yet';
  if (one.noise.deterministic) return 'none: repeats come out exactly alike';
  return `sd ${num(one.noise.sd, 2)} of one run (${one.noise.df} degrees of freedom)`;
}

const RESOURCE: Readonly<Record<string, 'runs' | 'deviceSeconds' | 'money'>> = {
  runs: 'runs',
  device: 'deviceSeconds',
  money: 'money',
};

/** `in 40 min` at the pace so far, or the day when that is far. */
function soon(at: number, now: number): string {
  const left = (at - now) / 1000;
  return left < 36 * 3600
    ? `in ${seconds(left)} at this pace`
    : `on ${new Date(at).toLocaleString('sv-SE').slice(0, 10)} at this pace`;
}

/** One line per thing that is budgeted. */
export function budgetLines(one: Status): string[] {
  const rows: [string, number, number, number | undefined, (x: number) => string][] = [
    ['runs', one.spent.runs, one.held.runs, one.budget.runs, (x) => num(x)],
    ['device', one.spent.deviceSeconds, one.held.deviceSeconds, one.budget.deviceSeconds, seconds],
    ['money', one.spent.money, one.held.money, one.budget.money, (x) => num(x, 3)],
    ['wall', one.spent.wallSeconds, 0, one.budget.wallSeconds, seconds],
  ];
  const lines: string[] = [];
  for (const [name, spent, held, budget, text] of rows) {
    if (budget === undefined) {
      if (name === 'device') lines.push(`${name.padEnd(8)}  ${text(spent)} used, no limit`);
      continue;
    }
    const share = budget === 0 ? 1 : spent / budget;
    const holding = held > 0 ? `, ${text(held)} held` : '';
    const gone = name === 'wall' ? undefined : one.outlook.gone[RESOURCE[name]!];
    const until =
      gone === undefined || one.ended !== undefined || spent >= budget ? '' : `, gone ${soon(gone, one.now)}`;
    lines.push(`${name.padEnd(8)}  ${bar(share)} ${text(spent)} of ${text(budget)} used${holding}${until}`);
  }
  if (one.deadline !== undefined) {
    const left = (one.deadline - one.now) / 1000;
    lines.push(
      `deadline  ${new Date(one.deadline).toLocaleString('sv-SE')}${left > 0 ? `, ${seconds(left)} left` : ', over'}`,
    );
  }
  return lines;
}

/** What is still to come, what each line of enquiry and each person has had, and which dates are due. */
function accountLines(one: Status, paint: Paint): string[] {
  const lines: string[] = [];
  const { runs, another } = one.outlook;
  if (one.ended === undefined && runs !== undefined && runs > 0) {
    const chance = another === undefined ? '' : `; chance of another improvement ${percent(another)}`;
    lines.push(`ahead     ${count(runs, 'run')} at most${chance}`);
  }
  if (one.perKeep !== undefined) {
    const { keep } = one.verdicts;
    const money = one.perKeep.money > 0 ? ` and ${num(one.perKeep.money, 3)} money` : '';
    const wrong = one.expectedFalseKeeps < 0.001 ? 'fewer than 0.001' : num(one.expectedFalseKeeps, 1);
    lines.push(
      `per gain  ${seconds(one.perKeep.deviceSeconds)}${money}; of ${count(keep - 1, 'keep')} ${wrong} expected to be none`,
    );
  }
  if (one.bets.length > 1) {
    for (const bet of one.bets) {
      const word = bet.closed ? 'closed' : bet.chance === undefined ? '' : `chance to pay ${percent(bet.chance)}`;
      const made =
        bet.name === SCALE_BET && one.fidelity !== undefined
          ? [count(one.fidelity.runs, 'run')]
          : [count(bet.trials, 'trial'), `${bet.keeps} kept`];
      const parts = [...made, `${percent(bet.share)} of the time`, word];
      lines.push(`bet ${fit(bet.name, 24).padEnd(14)} ${parts.filter((part) => part !== '').join(', ')}`);
    }
  }
  for (const { name, spent, cap } of one.people) {
    const parts = [
      `${num(spent.runs)}${cap?.runs === undefined ? '' : ` of ${cap.runs}`} runs`,
      ...(cap?.deviceSeconds === undefined ? [] : [`${seconds(spent.deviceSeconds)} of ${seconds(cap.deviceSeconds)}`]),
      ...(cap?.money === undefined ? [] : [`${num(spent.money, 3)} of ${num(cap.money, 3)} money`]),
    ];
    lines.push(`person    ${name}: ${parts.join(', ')}`);
  }
  for (const due of one.milestones) {
    const when = new Date(due.at).toLocaleString('sv-SE').slice(0, 16);
    const said =
      due.state === 'met'
        ? paint.green('met')
        : due.state === 'missed'
          ? paint.red(due.text)
          : `${due.needs}: chance ${percent(due.chance)}`;
    lines.push(`milestone ${due.name}, ${when}: ${said}`);
  }
  return lines;
}

function count(n: number, what: string): string {
  return `${num(n)} ${what}${n === 1 ? '' : 's'}`;
}

/** `2 of 41 doomed runs were let finish, 0 of 2 came out better than the best of then (0 % to 66 %; stated 3 %)`. */
export function auditText({ audit }: Pick<Status, 'audit'>): string {
  const { stops, audited, finished, better, realised, stated } = audit;
  const start = `${audited} of ${stops + audited} doomed runs ${audited === 1 ? 'was' : 'were'} let finish`;
  if (realised === undefined) return start;
  const said = stated === undefined ? '' : `; stated ${percent(stated)}`;
  return `${start}, ${better} of ${finished} came out better than the best of then (${percent(realised.low)} to ${percent(realised.high)}${said})`;
}

function percent(share: number): string {
  return `${num(100 * share, 2)} %`;
}

function verdictText(one: Status, paint: Paint): string {
  const { keep, discard, inconclusive, crash } = one.verdicts;
  // The first is the script as it is, kept from nobody.
  const kept = one.best === undefined ? keep : keep - 1;
  return `${paint.green(`${kept} keep`)}, ${discard} discard, ${inconclusive} inconclusive, ${crash > 0 ? paint.red(`${crash} crash`) : '0 crash'}`;
}

/** One letter and colour per state of a trial. */
export function verdictMark(state: string, paint: Paint): string {
  switch (state) {
    case 'keep':
      return paint.green('keep        ');
    case 'discard':
      return paint.dim('discard     ');
    case 'crash':
      return paint.red('crash       ');
    case 'inconclusive':
      return paint.yellow('inconclusive');
    default:
      return state.padEnd(12);
  }
}

/** The picture of `ansatz watch`: a state and a screen in, lines of text out. */

import { keepCosts } from '../../../study/burn.ts';
import { progressOf } from '../../../study/insight.ts';
import { runOf, type State, trialOf } from '../../../study/state.ts';
import { columnsOf, pageOf, type TablePage, type TableRow, tableRow } from '../../../study/table.ts';
import { changes, statusOf } from '../../../study/views.ts';
import { UserError } from '../../../study/error.ts';
import { statusLines, verdictMark } from '../status.ts';
import {
  changesText,
  changeText,
  effectText,
  fit,
  num,
  type Paint,
  plusMinus,
  seconds,
  sparkline,
  valueText,
  visibleWidth,
} from '../text.ts';
import { braille } from './braille.ts';
import type { Screen } from './screen.ts';

/** What is drawn besides the state. */
export interface Surroundings {
  readonly paint: Paint;
  readonly width: number;
  readonly height: number;
  /** Whether a lab is at work. */
  readonly working: boolean;
  /** Lines of the log of the trial in view, the newest last. */
  readonly log: readonly string[];
  /** Points of the objective of the trial in view: of its last run, and of the baseline's first. */
  readonly curve: { readonly steps: readonly number[]; readonly values: readonly number[] };
  /** What came of the last wish. */
  readonly said: string;
}

export interface Picture {
  /** Exactly `height` lines of at most `width` characters. */
  readonly lines: readonly string[];
  readonly trials: readonly number[];
  /** Rows of a table that fit. */
  readonly page: number;
}

const PANES = [
  ['board', '1 board'],
  ['trials', '2 trials'],
  ['trial', '3 trial'],
  ['log', '4 log'],
] as const;

const HELP = [
  'keys',
  '',
  '1 2 3 4, Tab     board, trials, one trial, its log',
  'Enter, Esc       into what the cursor is on, and back',
  'j k, arrows      up and down; n N, space a page; g G first and last',
  '/                filter: state = keep and lr < 1e-3, or words; Esc clears it',
  's                sort by number, value, effect, cost',
  'p                pause or resume the lab',
  'r                run the trial again on fresh seeds (asks first)',
  'x                stop its run (asks first)',
  'q                leave; the lab goes on',
  '',
  'any key closes this',
];

/** Draw. */
export function draw(state: State, screen: Screen, around: Surroundings): Picture {
  const { width, height, paint } = around;
  const rows = tableOf(state, screen);
  const room = Math.max(1, height - 3);
  const body = screen.help
    ? HELP
    : screen.pane === 'board'
      ? board(state, around, room)
      : screen.pane === 'trials'
        ? table(state, screen, rows, around, room)
        : screen.pane === 'trial'
          ? one(state, screen, around, room).slice(screen.down)
          : around.log.slice(
              Math.max(0, around.log.length - room - screen.down),
              Math.max(0, around.log.length - screen.down),
            );
  const filled = [...body.slice(0, room), ...Array.from({ length: Math.max(0, room - body.length) }, () => '')];
  const status = statusOf(state);
  const tabs = PANES.map(([pane, name]) => (pane === screen.pane ? paint.bold(`[${name}]`) : ` ${name} `)).join(' ');
  const phase = around.working
    ? state.phase === 'running'
      ? paint.green(`${state.running.length} running`)
      : paint.yellow(state.phase)
    : paint.dim(state.phase === 'ended' ? 'ended' : 'no lab');
  const right = `${status.study}  ${phase}`;
  const gap = Math.max(1, width - visibleWidth(tabs) - visibleWidth(right));
  const footer =
    screen.asked !== undefined
      ? paint.yellow(`${screen.asked.question}  y = yes, any other key = no`)
      : screen.typing
        ? `/${screen.filter}\u2588${rows.trouble === '' ? '' : `  ${paint.red(rows.trouble)}`}`
        : around.said !== ''
          ? around.said
          : paint.dim(hints(screen));
  return {
    lines: [
      fit(`${tabs}${' '.repeat(gap)}${right}`, width),
      ...filled.map((line) => fit(line, width)),
      '',
      fit(footer, width),
    ].slice(0, height),
    trials: rows.page.rows.map(({ trial }) => trial),
    page: Math.max(1, room - 2),
  };
}

function hints(screen: Screen): string {
  switch (screen.pane) {
    case 'board':
      return 'Enter trials   p pause   / filter   ? keys   q leave';
    case 'trials':
      return `Enter open   / filter${screen.filter === '' ? '' : ` (${screen.filter})`}   s sort (${screen.sort})   r run again   ? keys   q leave`;
    case 'trial':
      return 'Enter log   Esc trials   r run again   x stop its run   ? keys   q leave';
    case 'log':
      return 'k up   j down   Esc trial   q leave';
  }
}

function tableOf(state: State, screen: Screen): { page: TablePage; trouble: string } {
  const columns = columnsOf(state);
  const rows = state.trials.map((trial) => tableRow(state, trial));
  const descending = screen.sort !== 'value' || state.config.objective.direction === 'maximize';
  const query = { sort: screen.sort, descending, limit: Infinity };
  try {
    return { page: pageOf(rows, columns, { ...query, filter: screen.filter }), trouble: '' };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // Half a filter is being typed: what was there stays.
    return { page: pageOf(rows, columns, query), trouble: error.message };
  }
}

function board(state: State, { paint, width, working }: Surroundings, room: number): string[] {
  const status = statusOf(state);
  // On a small screen the picture says more than the older verdicts; how much is spent has its bars.
  const last = status.last.slice(0, room < 30 ? 2 : 6);
  const warnings = status.warnings.filter((text) => !text.startsWith('the study has spent'));
  const text = statusLines({ ...status, last, warnings, open: working }, paint, width);
  const chartRows = Math.max(0, Math.min(12, room - text.length - 3));
  if (chartRows < 4) return text;
  const { steps, dots, spent } = progressOf(state);
  if (steps.length === 0) return text;
  const best = {
    xs: [...steps.map(({ deviceSeconds }) => deviceSeconds), spent],
    ys: [...steps.map(({ mean }) => mean), steps.at(-1)!.mean],
    look: 'step' as const,
  };
  const seen = dots.filter((dot) => dot.value !== undefined);
  const cloud = { xs: seen.map((dot) => dot.deviceSeconds), ys: seen.map((dot) => dot.value!), look: 'dots' as const };
  const values = [...best.ys, ...seen.map((dot) => dot.value!)].sort((a, b) => a - b);
  const at = (q: number): number => values[Math.round(q * (values.length - 1))]!;
  // The far tail of bad trials would press the rest flat.
  const minimize = state.config.objective.direction === 'minimize';
  const range = [
    minimize ? at(0) : Math.min(at(0.15), ...best.ys),
    minimize ? Math.max(at(0.85), ...best.ys) : at(1),
  ] as const;
  const inner = Math.min(width, 120) - 12;
  const chart = braille([best, cloud], inner, chartRows, range);
  const { metric } = state.config.objective;
  const keeps = keepCosts(state).length;
  return [
    ...text,
    '',
    paint.dim(
      `${metric}, best and every trial over ${seconds(spent)} of device time; ${keeps} confirmed ${keeps === 1 ? 'gain' : 'gains'}`,
    ),
    ...chart.rows.map(
      (row, i) =>
        `${paint.dim(pad(i === 0 ? num(chart.high) : i === chart.rows.length - 1 ? num(chart.low) : ''))} ${paint.cyan(row)}`,
    ),
  ];
}

function pad(text: string): string {
  return text.padStart(10);
}

function table(
  state: State,
  screen: Screen,
  { page, trouble }: ReturnType<typeof tableOf>,
  { paint, width }: Surroundings,
  room: number,
): string[] {
  const visible = Math.max(1, room - 2);
  const from = Math.max(0, Math.min(screen.cursor - Math.floor(visible / 2), page.rows.length - visible));
  const filtered =
    screen.filter === '' || trouble !== '' ? `${page.total} trials` : `${page.matching} of ${page.total}`;
  const wide = width >= 110;
  const head = `${pad('trial').slice(4)}  ${'verdict'.padEnd(13)}${'value'.padStart(17)} ${'effect'.padStart(15)}${wide ? ` ${'runs'.padStart(4)} ${'cost'.padStart(9)}` : ''}  changes   ${filtered}`;
  return [
    paint.dim(head),
    ...page.rows.slice(from, from + visible).map((row, i) => {
      const text = line(state, row, paint, wide);
      return from + i === screen.cursor ? paint.bold(`>${text.slice(1)}`) : text;
    }),
  ];
}

function line(state: State, row: TableRow, paint: Paint, wide: boolean): string {
  const mark = verdictMark(row.state, paint).trim();
  const value = row.value === undefined ? '-' : plusMinus(row.value, row.se);
  const name = row.trial === state.incumbent ? `*${row.trial}` : String(row.trial);
  const verdict = `${mark}${' '.repeat(Math.max(1, 13 - visibleWidth(mark)))}`;
  const more = wide
    ? ` ${String(row.runs).padStart(4)} ${(row.deviceSeconds > 0 ? seconds(row.deviceSeconds) : '').padStart(9)}`
    : '';
  return `${name.padStart(6)}  ${verdict}${value.padStart(17)} ${effectText(row).padStart(15)}${more}  ${changeText(row, 3)}  ${paint.dim(row.why)}`;
}

function one(state: State, screen: Screen, { paint, width, curve }: Surroundings, room: number): string[] {
  const trial = state.trials[screen.trial - 1];
  if (trial === undefined) return [`there is no trial ${screen.trial}`];
  const row = tableRow(state, trial);
  const { metric } = state.config.objective;
  const text = [
    `${paint.bold(`trial ${trial.id}`)}  ${verdictMark(row.state, paint).trim()}${trial.id === state.incumbent ? ' (best)' : ''}  ${row.why}`,
    `  ${metric}  ${row.value === undefined ? 'no result' : plusMinus(row.value, row.se)}${row.effect === undefined ? '' : `, ${effectText(row)} against the incumbent of its time`}${row.better === undefined ? '' : `, P(better) ${num(row.better, 3)}`}`,
    `  why      ${trial.hypothesis} (${trial.by ?? trial.researcher})`,
    ...(trial.parent > 0 ? [`  changed  ${changeText(row)}, against trial ${trial.parent}`] : []),
    ...(trial.parent > 1 ? [`  in all   ${changesText(changes(trialOf(state, 1).point, trial.point))}`] : []),
    `  settings ${Object.entries(trial.point)
      .map(([knob, value]) => `${knob}=${valueText(value)}`)
      .join(' ')}`,
    ...(trial.notes ?? []).map(
      (note) =>
        `  note     ${[note.text, ...(note.tags ?? []).map((tag) => `#${tag}`)].filter(Boolean).join(' ')}${note.by === undefined ? '' : ` (${note.by})`}`,
    ),
    '',
    ...trial.runs.map((id) => {
      const run = runOf(state, id);
      const sign = state.config.objective.direction === 'minimize' ? 1 : -1;
      const shape = sparkline(
        run.losses.map((loss) => sign * loss),
        24,
      );
      return `  run ${String(id).padEnd(5)} seed ${String(run.seed).padEnd(5)} ${(run.status === 'failed' ? (run.reason ?? 'failed') : run.status).padEnd(8)} ${(run.value === undefined ? '-' : num(run.value)).padStart(10)}  ${(run.seconds === undefined ? '' : seconds(run.seconds)).padStart(8)}  ${shape}  ${paint.dim(run.text ?? run.stopWhy ?? '')}`;
    }),
  ];
  const rows = Math.max(0, Math.min(12, room - text.length - 2));
  if (rows < 4 || curve.steps.length < 2) return text;
  const chart = braille([{ xs: curve.steps, ys: curve.values, look: 'line' }], Math.min(width, 120) - 12, rows);
  return [
    ...text,
    '',
    paint.dim(`${metric} of its last run to step ${num(curve.steps.at(-1)!)}`),
    ...chart.rows.map(
      (cells, i) =>
        `${paint.dim(pad(i === 0 ? num(chart.high) : i === chart.rows.length - 1 ? num(chart.low) : ''))} ${paint.cyan(cells)}`,
    ),
  ];
}

/** What a study would do and may cost, before anything is started. */

import { joinWords } from '../../io/config/index.ts';
import { prepareCommand } from '../../io/executor/prepare.ts';
import { cardinality, defaults } from '../../methods/space/index.ts';
import { spaceOf } from '../../lab/researcher/index.ts';
import { SLACK_SECONDS } from '../../lab/afford.ts';
import { slotText } from '../../io/executor/local.ts';
import type { Fidelity, Knob, StudyConfig } from '../../study/config.ts';
import { num, seconds, valueText } from './text.ts';

/** The plan as data, for `--json`. Amounts are upper bounds that hold whatever the script does. */
export interface Plan {
  readonly study: string;
  readonly command: string;
  readonly metric: string;
  readonly direction: string;
  readonly knobs: readonly { readonly name: string; readonly range: string; readonly default: string }[];
  readonly points: number | null;
  readonly slots: readonly string[];
  readonly baselineRuns: number;
  /** What makes runs bigger, and the shares of all spending that runs at other levels than `base` get at least and at most. */
  readonly fidelity: Pick<Fidelity, 'knob' | 'levels' | 'base' | 'target' | 'floor' | 'cap'> | null;
  /** Most that can be spent; null = not limited. */
  readonly most: {
    readonly runs: number | null;
    readonly deviceSeconds: number | null;
    readonly wallSeconds: number | null;
    readonly money: number | null;
  };
  /** Why nothing can be started with so little; null where that is not so. */
  readonly tooLittle: string | null;
  /** Held for one run while it is under way; null while the limit is learned from the first runs. */
  readonly holdPerRun: { readonly deviceSeconds: number; readonly money: number } | null;
}

/** The plan of a configuration. */
export function planOf(config: StudyConfig): Plan {
  const { budget, run } = config;
  const space = spaceOf(config);
  const devices = Math.max(1, ...config.slots.map((slot) => slot.gpus.length));
  const inAll = config.slots.reduce((sum, slot) => sum + Math.max(1, slot.gpus.length), 0);
  const perRun =
    run.limitSeconds === undefined ? undefined : (run.limitSeconds + run.graceSeconds + SLACK_SECONDS) * devices;

  const byRuns = budget.runs !== undefined && perRun !== undefined ? budget.runs * perRun : Infinity;
  const byWall = budget.wallSeconds !== undefined ? budget.wallSeconds * inAll : Infinity;
  const byMoney = budget.money !== undefined && config.price > 0 ? (budget.money / config.price) * 3600 : Infinity;
  const deviceSeconds = Math.min(budget.deviceSeconds ?? Infinity, byRuns, byWall, byMoney);
  const size = cardinality(space);
  return {
    study: config.name,
    command: joinWords(prepareCommand(config, defaults(space), config.seedNumber)),
    metric: config.objective.metric,
    direction: config.objective.direction,
    knobs: config.knobs.map((knob) => ({
      name: knob.name,
      range: rangeText(knob),
      default: knob.default === undefined ? '-' : valueText(knob.default),
    })),
    points: finite(size),
    slots: config.slots.map(slotText),
    baselineRuns: config.repeats.baseline,
    fidelity: config.fidelity === undefined ? null : scaleOf(config.fidelity),
    most: {
      runs: budget.runs ?? null,
      deviceSeconds: finite(deviceSeconds),
      wallSeconds: budget.wallSeconds ?? null,
      money: config.price > 0 ? finite((deviceSeconds / 3600) * config.price) : null,
    },
    tooLittle: tooLittle(config, Math.min(deviceSeconds / devices, budget.wallSeconds ?? Infinity)),
    holdPerRun: perRun === undefined ? null : { deviceSeconds: perRun, money: (perRun / 3600) * config.price },
  };
}

function tooLittle({ run }: StudyConfig, time: number): string | null {
  const held = run.graceSeconds + SLACK_SECONDS;
  const least = held + Math.min(run.limitSeconds ?? 1, 1);
  if (time >= least) return null;
  return `a run needs ${seconds(least)} at least: ${seconds(held)} are held for its end (run.grace); nothing will start`;
}

function scaleOf({ knob, levels, base, target, floor, cap }: Fidelity): NonNullable<Plan['fidelity']> {
  return { knob, levels, base, target, floor, cap };
}

function finite(x: number): number | null {
  return Number.isFinite(x) ? x : null;
}

function rangeText(knob: Knob): string {
  const when = knob.when === undefined ? '' : ` when ${knob.when}`;
  if (knob.kind === 'choice') return `${knob.choices.map(String).join(' | ')}${when}`;
  return `${num(knob.low)} … ${num(knob.high)}${knob.kind === 'int' ? ' whole' : ''}${knob.scale === 'log' ? ' log' : ''}${when}`;
}

function scaleLine({ fidelity }: Plan): string[] {
  if (fidelity === null) return [];
  const { knob, levels, base, target, floor, cap } = fidelity;
  const others = levels.filter((level) => level !== base).map((level) => num(level));
  const share = (x: number): string => `${num(100 * x, 3)} %`;
  return [
    `scale     trials at ${knob} ${num(base)}; runs at ${others.join(', ')} get ${share(floor)} to ${share(cap)} of the device time, for a forecast at ${num(target)}`,
  ];
}

/** The plan for people. */
export function planLines(plan: Plan): string[] {
  const most = [
    plan.most.runs === null ? undefined : `${plan.most.runs} runs`,
    plan.most.deviceSeconds === null ? undefined : `${seconds(plan.most.deviceSeconds)} of device time`,
    plan.most.wallSeconds === null ? undefined : `${seconds(plan.most.wallSeconds)} on the clock`,
    plan.most.money === null ? undefined : `${num(plan.most.money, 3)} money`,
  ].filter((text) => text !== undefined);
  return [
    `study     ${plan.study}: ${plan.direction} ${plan.metric}`,
    `command   ${plan.command}`,
    ...plan.knobs.map(
      (knob, i) => `${i === 0 ? 'knobs     ' : '          '}${knob.name}: ${knob.range} (now ${knob.default})`,
    ),
    `points    ${plan.points === null ? 'a continuous space' : `${num(plan.points)} different points`}`,
    `slots     ${plan.slots.length}: ${plan.slots.join('; ')}`,
    `first     the script as it is, ${plan.baselineRuns} times, to measure the noise`,
    ...scaleLine(plan),
    `most      ${most.join(', ') || 'no limit'}: never more, whatever the script does`,
    ...(plan.tooLittle === null ? [] : [`too little ${plan.tooLittle}`]),
    plan.holdPerRun === null
      ? 'per run   the limit is learned: 4 × the longest run so far; until one has ended, a share of the budget is held'
      : `per run   at most ${seconds(plan.holdPerRun.deviceSeconds)} of device time is held, what it used is charged`,
    'nothing was started (--dry-run)',
  ];
}

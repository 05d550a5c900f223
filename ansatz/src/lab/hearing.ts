/** From what a run prints to what the journal records: the objective's rungs, and how the run ended. */

import { matchMetric, normalKey } from '../io/capture/index.ts';
import type { Metric } from '../io/capture/index.ts';
import type { Exit } from '../io/executor/executor.ts';
import type { Direction, StudyConfig } from '../study/config.ts';
import type { EventBody, FailReason } from '../study/events/index.ts';
import { cost } from '../study/ledger.ts';
import { nearest } from '../methods/math/nearest.ts';
import { curveMetric } from '../study/standin.ts';
import { runOf, type State, underWay } from '../study/state.ts';
import { SLACK_SECONDS } from './afford.ts';

/** The first values of a curve are all recorded, later ones as their step grows by this factor. */
const DENSE = 8;
const RUNG_FACTOR = 1.1;

interface Heard {
  count: number;
  /** Those of its curve: finite, and no part of the closing summary. */
  reports: number;
  last: Metric;
  best: number | undefined;
  broken: boolean;
  /** Highest step of its curve; the closing summary is no step of it. */
  step?: number;
  /** A value of the closing summary outranks the curve. */
  summary?: Metric;
}

/** Listens to all runs of one lab. */
export interface Hearing {
  /**
   * Events that follow from newly heard metrics: rungs reached, or a diverged objective. Of a study with an evaluator only
   * what that says counts, and it says how a run ended: none.
   */
  hear(state: State, run: number, metrics: readonly Metric[], by?: 'evaluator'): EventBody[];
  /** The closing event of a run. Forgets the run. */
  conclude(state: State, run: number, exit: Exit): EventBody;
  /** Forget what was heard of a run, because it will be heard again from its start. */
  restart(run: number): void;
}

/** A hearing for a study. It keeps a few numbers per metric and run, never the points. */
export function openHearing(config: StudyConfig): Hearing {
  const runs = new Map<number, Map<string, Heard>>();
  /** What stands in for the result on the way, where that is another metric. */
  const standIns = new Map<number, Map<string, Heard>>();
  const wanted = config.objective.metric;
  const { direction } = config.objective;

  const heardOf = (run: number, by = runs): Map<string, Heard> => {
    let heard = by.get(run);
    if (heard === undefined) by.set(run, (heard = new Map()));
    return heard;
  };

  /** Rungs of a stand-in. It is evidence of nothing, not even of a failure when it is no number. */
  const rungsOf = (state: State, id: number, metrics: readonly Metric[]): EventBody[] => {
    const { metric: name, direction: way } = config.curve!;
    const heard = heardOf(id, standIns);
    const events: EventBody[] = [];
    let lastStep = state.runs[id - 1]?.steps.at(-1) ?? -Infinity;
    let count = state.runs[id - 1]?.steps.length ?? 0;
    let key = objectiveKey(name, heard);
    for (const metric of metrics) {
      const isNew = !heard.has(metric.key);
      note(heard, metric, way);
      if (isNew) key = objectiveKey(name, heard);
      if (metric.key !== key || metric.summary || !Number.isFinite(metric.value)) continue;
      if (!isRung(metric.step, lastStep, count)) continue;
      events.push(reported(id, metric, count, heard.get(metric.key)!));
      lastStep = metric.step;
      count++;
    }
    return events;
  };

  return {
    restart(run) {
      runs.delete(run);
      standIns.delete(run);
    },
    hear(state, id, metrics, by) {
      if (config.evaluate !== undefined || config.curve !== undefined) {
        const judges = config.evaluate === undefined || by === 'evaluator';
        if (judges) for (const metric of metrics) note(heardOf(id), metric, direction);
        return config.curve === undefined || by === 'evaluator' ? [] : rungsOf(state, id, metrics);
      }
      const heard = heardOf(id);
      const run = state.runs[id - 1];
      const events: EventBody[] = [];
      let lastStep = run?.steps.at(-1) ?? -Infinity;
      let count = run?.steps.length ?? 0;
      let objective = objectiveKey(wanted, heard);
      for (const metric of metrics) {
        const isNew = !heard.has(metric.key);
        note(heard, metric, direction);
        if (isNew) objective = objectiveKey(wanted, heard);
        if (metric.key !== objective) continue;
        if (!Number.isFinite(metric.value)) {
          if (
            run !== undefined &&
            underWay(run) &&
            run.stopping === undefined &&
            events.at(-1)?.type !== 'run.stopping'
          ) {
            const why = `${metric.key} became ${metric.value} at step ${metric.step}`;
            events.push({ type: 'run.stopping', run: id, reason: 'nan', why });
          }
          continue;
        }
        if (!isRung(metric.step, lastStep, count)) continue;
        events.push(reported(id, metric, count, heard.get(metric.key)!));
        lastStep = metric.step;
        count++;
      }
      return events;
    },
    conclude(state, id, exit) {
      const heard = heardOf(id);
      const stream = config.curve === undefined ? heard : heardOf(id, standIns);
      this.restart(id);
      const run = runOf(state, id);
      // As many devices as its hold was made for: the slots of this lab may not be those it was started on.
      const held = run.hold.deviceSeconds / (run.limitSeconds + config.run.graceSeconds + SLACK_SECONDS);
      const devices = Math.max(1, Math.round(held));
      const key = objectiveKey(wanted, heard);
      const base = {
        type: 'run.ended',
        run: id,
        seconds: exit.seconds,
        cpuSeconds: exit.cpuSeconds,
        peakBytes: exit.peakBytes,
        exit: exit.code,
        ...endOf(config.curve === undefined ? key : objectiveKey(config.curve.metric, stream), stream),
        ...(exit.smokeSeconds === undefined ? {} : { smokeSeconds: exit.smokeSeconds }),
        charge: cost(
          exit.how === 'unstarted' ? 0 : exit.seconds + (exit.smokeSeconds ?? 0),
          devices,
          config.slots[run.slot]?.price ?? config.price,
        ),
      } as const;
      const tail = exit.tail.slice(-12);
      const failed = (reason: FailReason, text: string): EventBody => ({
        ...base,
        status: 'failed',
        reason,
        text: `${exit.stage === undefined ? '' : STAGES[exit.stage]}${text}`,
        tail,
      });

      if (exit.tampered !== undefined) return { ...failed('tampered', tamperedText(exit)), ...unpaid(exit) };
      if (exit.how === 'unstarted') return failed('start', exit.text ?? 'it could not be started');
      const result = key === undefined ? undefined : resultOf(heard.get(key)!, config);
      if (exit.how === 'lost') return { ...base, status: 'lost', text: exit.text ?? 'its supervisor vanished', tail };
      if (run.stopping === 'nan') return failed('nan', run.stopWhy ?? 'the metric diverged');
      if (run.stopping !== undefined && exit.cut === 'cancelled') {
        return { ...base, status: 'stopped', text: run.stopWhy };
      }
      if (exit.cut === 'abandoned') return { ...base, status: 'stopped', text: 'paused, and no lab came back to it' };
      if (exit.cut === 'time-limit') {
        const limit = `${round(run.limitSeconds)} s`;
        // Out of money, not out of order: the point is not to blame.
        if (run.short === true) return { ...base, status: 'stopped', text: `the budget left it only ${limit}` };
        const learned =
          config.run.limitSeconds === undefined
            ? ' (learned: 4 × the longest run so far, 10 s or more; see run.limit)'
            : '';
        return failed('timeout', `over its limit of ${limit}${learned}`);
      }
      if (exit.code !== 0) {
        if (exit.text !== undefined) return failed('crash', exit.text);
        if (outOfMemory(exit)) return failed('oom', `out of memory${at(exit.tail, /memory|alloc/i)}`);
        return failed('crash', `${exitText(exit.code ?? -1)}${at(exit.tail, ERROR_LINE)}`);
      }
      if (key === undefined || result === undefined) return failed('no-metric', missing(wanted, heard, exit));
      if (!Number.isFinite(result.value)) return failed('nan', `${key} ended as ${result.value}`);
      return {
        ...base,
        status: 'done',
        value: result.value,
        resolution: result.resolution,
        ...othersOf(heard, config),
      };
    },
  };
}

/** A rung, after `count` others. */
function reported(run: number, { step, value }: Metric, count: number, { reports }: Heard): EventBody {
  return { type: 'run.reported', run, step, value, ...(reports === count + 1 ? {} : { nth: reports }) };
}

/** Whether a value at `step` is recorded after `count` others, the last of them at `last`. */
function isRung(step: number, last: number, count: number): boolean {
  return Number.isFinite(step) && step > last && (count < DENSE || step >= last * RUNG_FACTOR);
}

/** The series of a run's points that its curve is of, among the keys it has; undefined when none is. */
export function curveKey(config: StudyConfig, keys: readonly string[]): string | undefined {
  const { metric } = curveMetric(config);
  const printed = config.evaluate === undefined ? undefined : matchMetric(printedName(metric), keys);
  return printed ?? matchMetric(metric, keys);
}

/** What was changed, and whose it is. */
function tamperedText({ how, tampered }: Exit): string {
  const files = tampered!.files.join(', ');
  if (tampered!.how !== undefined) return `${files}: ${tampered!.how}`;
  const was = tampered!.files.length === 1 ? 'is' : 'are';
  if (how === 'unstarted') return `${files} of the project ${was} not what the study began with`;
  return `${files} ${was} not what the study began with: changed while it ran, ${tampered!.original ? 'in the project itself' : 'in its copy'}`;
}

/** A run that was not begun because of what others did costs nothing. */
function unpaid({ how }: Exit): object {
  return how === 'unstarted' ? { charge: { runs: 0, deviceSeconds: 0, money: 0 } } : {};
}

/** Which part of a run it was that failed. */
const STAGES = { smoke: 'its code, in a first short try: ', evaluate: 'the evaluator: ' } as const;

/** The objective in what a held-out check has said; undefined where it is not, or is no number. */
export function resultIn(config: StudyConfig, metrics: readonly Metric[]): number | undefined {
  const heard = new Map<string, Heard>();
  for (const metric of metrics) note(heard, metric, config.objective.direction);
  const key = objectiveKey(config.objective.metric, heard);
  const value = key === undefined ? undefined : resultOf(heard.get(key)!, config).value;
  return Number.isFinite(value) ? value : undefined;
}

/**
 * What a script prints under the names of what its evaluator says, by names of their own: people may look at it, and never
 * take it for a result.
 */
export function asPrinted({ config }: State, metrics: readonly Metric[]): readonly Metric[] {
  if (config.evaluate === undefined) return metrics;
  const names = [config.objective.metric, ...(config.guards ?? []).map((guard) => guard.metric)];
  return metrics.map((metric) =>
    names.some((name) => matchMetric(name, [metric.key]) !== undefined)
      ? { ...metric, key: printedName(metric.key) }
      : metric,
  );
}

function printedName(key: string): string {
  return `${key} (as printed)`;
}

/** Why a process that ended gave no result, in one line. */
export function whyNothing(config: StudyConfig, metrics: readonly Metric[], exit: Exit): string {
  if (exit.text !== undefined) return exit.text;
  if (exit.cut !== undefined) return exit.cut === 'time-limit' ? 'over its limit' : 'stopped';
  if (exit.code !== 0) return `${exitText(exit.code ?? -1)}${at(exit.tail, ERROR_LINE)}`;
  const heard = new Map<string, Heard>();
  for (const metric of metrics) note(heard, metric, config.objective.direction);
  return missing(config.objective.metric, heard, exit);
}

function endOf(
  key: string | undefined,
  heard: ReadonlyMap<string, Heard>,
): { readonly step?: number; readonly reports?: number } {
  const entry = key === undefined ? undefined : heard.get(key);
  return entry?.step === undefined ? {} : { step: entry.step, reports: entry.reports };
}

/** Last values of the metrics that guards ask for, where they were printed. */
function othersOf(
  heard: ReadonlyMap<string, Heard>,
  config: StudyConfig,
): { readonly others?: Readonly<Record<string, number>> } {
  const others: Record<string, number> = {};
  for (const { metric } of config.guards ?? []) {
    const key = objectiveKey(metric, heard);
    const value = key === undefined ? undefined : (heard.get(key)!.summary ?? heard.get(key)!.last).value;
    if (value !== undefined && Number.isFinite(value)) others[metric] = value;
  }
  return Object.keys(others).length === 0 ? {} : { others };
}

function note(heard: Map<string, Heard>, metric: Metric, direction: Direction): void {
  let entry = heard.get(metric.key);
  if (entry === undefined)
    heard.set(metric.key, (entry = { count: 0, reports: 0, last: metric, best: undefined, broken: false }));
  entry.count++;
  entry.last = metric;
  if (metric.summary) entry.summary = metric;
  else if (Number.isFinite(metric.step)) entry.step = Math.max(metric.step, entry.step ?? -Infinity);
  if (!Number.isFinite(metric.value)) {
    entry.broken = true;
    return;
  }
  if (!metric.summary) entry.reports++;
  const better =
    entry.best === undefined || (direction === 'minimize' ? metric.value < entry.best : metric.value > entry.best);
  if (better) entry.best = metric.value;
}

function objectiveKey(wanted: string, heard: ReadonlyMap<string, Heard>): string | undefined {
  if (heard.has(wanted)) return wanted;
  return matchMetric(wanted, heard.keys());
}

function resultOf(heard: Heard, config: StudyConfig): { value: number; resolution: number } {
  const { resolution } = heard.last;
  if (heard.summary !== undefined) return { value: heard.summary.value, resolution: heard.summary.resolution };
  if (config.objective.value === 'best' && heard.best !== undefined) return { value: heard.best, resolution };
  return { value: heard.last.value, resolution };
}

/** What to say when the script ended well and never printed the metric. */
function missing(wanted: string, heard: ReadonlyMap<string, Heard>, exit: Exit): string {
  const read = exit.lines === undefined ? '' : ` (${exit.lines} lines read)`;
  const key = nearestKey(wanted, heard);
  if (key === undefined) return `metric "${wanted}" never appeared${read}; no metric was found in its output`;
  const { count, last } = heard.get(key)!;
  return `metric "${wanted}" never appeared${read}; closest: "${key}" (${count} values, last ${last.value})`;
}

function nearestKey(wanted: string, heard: ReadonlyMap<string, Heard>): string | undefined {
  return nearest(normalKey(wanted), heard.keys()) ?? heard.keys().next().value;
}

const ERROR_LINE = /(?:\w*(?:Error|Exception|Interrupt)\b|^error\b|^fatal\b|panic|assert|not found|No such file)/i;

function outOfMemory(exit: Exit): boolean {
  const said = exit.tail.some((line) =>
    /out of memory|OutOfMemory|MemoryError|Cannot allocate memory|std::bad_alloc|heap out of memory/i.test(line),
  );
  // The kernel's own killer leaves no words, only signal 9.
  return said || (exit.code === 137 && exit.cut === undefined);
}

function exitText(code: number): string {
  const SIGNALS: Readonly<Record<number, string>> = {
    2: 'SIGINT',
    6: 'SIGABRT',
    7: 'SIGBUS',
    8: 'SIGFPE',
    9: 'SIGKILL',
    11: 'SIGSEGV',
    15: 'SIGTERM',
  };
  if (code === 127) return 'exit 127 (command not found)';
  if (code === 126) return 'exit 126 (not executable)';
  const signal = SIGNALS[code - 128];
  return signal === undefined ? `exit ${code}` : `killed by ${signal}`;
}

/** The last line of the log that looks like an error, as ` — line`. */
function at(tail: readonly string[], pattern: RegExp): string {
  const line = tail.findLast((text) => pattern.test(text))?.trim();
  return line === undefined || line === '' ? '' : ` — ${line.slice(0, 160)}`;
}

function round(seconds: number): string {
  return seconds >= 10 ? seconds.toFixed(0) : seconds.toPrecision(2);
}

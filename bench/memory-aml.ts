/** Memory on real trials: what the gate would have caught of 27 searches of one space, and which failures it foresees. */

import { mean, median, type Rng, rng } from '../ansatz/src/methods/math/index.ts';
import type { Domain, Point } from '../ansatz/src/methods/space/space.ts';
import {
  BLOCK_ABOVE,
  changesBetween,
  type Context,
  type CrashModel,
  distanceOver,
  domainsOf,
  type Ending,
  fitCrash,
  memoryOf,
  noiseRadius,
  triedBefore,
  type TrialRecord,
} from '../ansatz/src/study/memory/index.ts';
import type { Figure } from './main.ts';
import { BY_DESIGN, noiseOf, readSearches, type Search, type Trial, within } from './memory-traces.ts';

/** Trials before a failure's prediction counts, and between two fits. */
const BEGIN = 100;
const REFIT = 100;
const context = (incumbent: Point): Context => ({
  incumbent,
  metric: 'val_bpb',
  direction: 'minimize',
  code: [],
  researcher: 'replay',
});

function recordOf(search: Search, i: number, incumbent: Point): TrialRecord {
  const { point, loss, seconds } = search.trials[i]!;
  return {
    id: `${search.method}-${search.seed}/${i}`,
    study: `${search.method}-${search.seed}`,
    at: i,
    hypothesis: '',
    tags: [],
    change: { knobs: changesBetween(incumbent, point) },
    context: context(incumbent),
    outcome: {
      status: loss === undefined ? 'oom' : 'ok',
      ...(loss === undefined ? {} : { loss }),
      n: loss === undefined ? 0 : 1,
    },
    cost: { deviceSeconds: seconds, money: 0, tokens: 0 },
    links: [],
  };
}

/** What the gate says of every trial of a search, from the trials of the same search before it. */
interface Gate {
  exact: number;
  exactCaught: number;
  close: number;
  closeCaught: number;
  /** Device-hours of trials whose result was there already, and of those within tolerance of one. */
  reusedHours: number;
  closeHours: number;
  hours: number;
  warned: number;
  /** Warnings of something near, with results on both sides; and those whose results differ by no more than noise. */
  near: number;
  nearTrue: number;
  /** Trials better than the best before them; `real` by more than noise. */
  improving: number;
  improvingReal: number;
  improvingBlocked: number;
  realBlocked: number;
  improvingReused: number;
  /** Failures predicted, of the trials after the first hundred. */
  right: number;
  wrong: number;
  missed: number;
  radii: number[];
}

function endings({ trials }: Search): Ending[] {
  return trials.map(({ point, loss }) => ({ point, failed: loss === undefined }));
}

/** Failures are learned as a lab would: from other studies, which here are those of other methods, and from its own so far. */
function gate(
  search: Search,
  searches: readonly Search[],
  domains: readonly Domain[],
  noise: number,
  random: Rng,
): Gate {
  const others = searches.filter(({ method }) => method !== search.method).flatMap(endings);
  for (let i = others.length - 1; i > 0; i--) {
    const j = random.int(i + 1);
    [others[i], others[j]] = [others[j]!, others[i]!];
  }
  const own = endings(search);
  let crash: CrashModel | undefined;
  const found: Gate = {
    exact: 0,
    exactCaught: 0,
    close: 0,
    closeCaught: 0,
    reusedHours: 0,
    closeHours: 0,
    hours: 0,
    warned: 0,
    near: 0,
    nearTrue: 0,
    improving: 0,
    improvingReal: 0,
    improvingBlocked: 0,
    realBlocked: 0,
    improvingReused: 0,
    right: 0,
    wrong: 0,
    missed: 0,
    radii: [],
  };
  const distance = distanceOver(domains);
  const memory = memoryOf();
  const seen: { point: Point; loss: number }[] = [];
  const texts = new Set<string>();
  let incumbent: Trial = search.trials[0]!;
  let radius = noiseRadius([], distance);
  search.trials.forEach((trial, i) => {
    if (i % 25 === 0) radius = noiseRadius(seen, distance);
    if (i >= BEGIN && i % REFIT === 0) crash = fitCrash([...others, ...own.slice(0, i)], random);
    // The truth is told without the code under test.
    const text = JSON.stringify(Object.entries(trial.point).sort(([a], [b]) => (a < b ? -1 : 1)));
    const exact = texts.has(text);
    const close = search.trials.slice(0, i).some((other) => within(trial.point, other.point, domains));
    const options = { distance, radius, ...(crash === undefined ? {} : { crash }) };
    const answer = triedBefore(memory, { point: trial.point, context: context(incumbent.point) }, options);
    const foreseen = (answer.crash ?? 0) > BLOCK_ABOVE;
    if (crash !== undefined && foreseen) found[trial.loss === undefined ? 'right' : 'wrong']++;
    else if (crash !== undefined && trial.loss === undefined) found.missed++;
    // A repeat of what failed is as much of a repeat; that it is blocked for another reason is no miss.
    const caught = answer.decision === 'reuse' || answer.step === 'near' || answer.decision === 'block';
    const improves = i > 0 && trial.loss !== undefined && trial.loss < (incumbent.loss ?? Infinity);
    found.hours += trial.seconds / 3600;
    if (exact) {
      found.exact++;
      if (answer.decision === 'reuse') found.exactCaught++;
    }
    if (close) {
      found.close++;
      if (caught) found.closeCaught++;
    }
    if (answer.decision === 'reuse') found.reusedHours += trial.seconds / 3600;
    if (answer.decision === 'reuse' || answer.step === 'near') found.closeHours += trial.seconds / 3600;
    if (answer.decision === 'warn') found.warned++;
    const told = answer.records.flatMap(({ outcome }) => (outcome.loss === undefined ? [] : [outcome.loss]));
    if (answer.step === 'near' && told.length > 0 && trial.loss !== undefined) {
      found.near++;
      if (Math.abs(trial.loss - mean(told)) <= 2 * Math.SQRT2 * noise) found.nearTrue++;
    }
    if (improves) {
      const real = trial.loss < (incumbent.loss ?? Infinity) - 2 * Math.SQRT2 * noise;
      found.improving++;
      if (real) found.improvingReal++;
      if (real && answer.decision === 'block') found.realBlocked++;
      if (answer.decision === 'block') found.improvingBlocked++;
      if (answer.decision === 'reuse') found.improvingReused++;
    }
    memory.add(recordOf(search, i, incumbent.point));
    texts.add(text);
    if (trial.loss !== undefined) seen.push({ point: trial.point, loss: trial.loss });
    if (improves) incumbent = trial;
  });
  found.radii.push(radius);
  return found;
}

function sum<T>(list: readonly T[], of: (one: T) => number): number {
  return list.reduce((all, one) => all + of(one), 0);
}

/** Figures of the gate and of foreseen failures over all searches, and a line for each method. */
export function amlFigures(folder: string): { figures: Record<string, Figure>; notes: string[] } {
  const searches = readSearches(folder);
  const domains = domainsOf(searches.flatMap(({ trials }) => trials.map(({ point }) => point)));
  const noise = noiseOf(searches);
  const gates = searches.map((search, i) => ({ search, gate: gate(search, searches, domains, noise, rng(11, i)) }));
  const all = gates.map((one) => one.gate);
  const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);
  const exact = share(
    sum(all, (one) => one.exactCaught),
    sum(all, (one) => one.exact),
  );
  const close = share(
    sum(all, (one) => one.closeCaught),
    sum(all, (one) => one.close),
  );
  const precisionOf = (list: readonly Gate[]): number =>
    share(
      sum(list, (one) => one.right),
      sum(list, (one) => one.right + one.wrong),
    );
  const recallOf = (list: readonly Gate[]): number =>
    share(
      sum(list, (one) => one.right),
      sum(list, (one) => one.right + one.missed),
    );
  const [precision, recall] = [precisionOf(all), recallOf(all)];
  const blocked = sum(all, (one) => one.improvingBlocked);
  const notes = [
    'method: device-hours of 3 seeds, in exact repeats / in exact and near ones; exact repeats, caught; radius; failures foreseen: precision, recall',
  ];
  for (const method of new Set(searches.map((search) => search.method))) {
    const mine = gates.filter((one) => one.search.method === method).map((one) => one.gate);
    const hours = sum(mine, (one) => one.hours);
    notes.push(
      `${method.padEnd(24)} ${hours.toFixed(1)} h: ${sum(mine, (one) => one.reusedHours).toFixed(1)} / ${sum(mine, (one) => one.closeHours).toFixed(1)}${BY_DESIGN.has(method) ? ' (by design or replayed)' : ''}; ` +
        `${sum(mine, (one) => one.exact)}, ${sum(mine, (one) => one.exactCaught)}; ${mine.flatMap((one) => one.radii).join(' ')}; ` +
        `${precisionOf(mine).toFixed(3)}, ${recallOf(mine).toFixed(3)}`,
    );
  }
  const agents = gates.filter((one) => one.search.method === 'Karpathy Agent (14 HPs)').map((one) => one.gate);
  return {
    notes,
    figures: {
      'exact repeats caught': {
        value: exact,
        unit: 'share',
        bound: '= 1',
        pass: exact === 1,
        note: `of ${sum(all, (one) => one.exact)}`,
      },
      'within-noise repeats caught': {
        value: close,
        unit: 'share',
        bound: '≥ 0.95',
        pass: close >= 0.95,
        note: `of ${sum(all, (one) => one.close)}`,
      },
      'improving trials blocked': {
        value: sum(all, (one) => one.realBlocked),
        unit: 'trials',
        bound: '= 0',
        pass: sum(all, (one) => one.realBlocked) === 0,
        note: `of ${sum(all, (one) => one.improvingReal)} that beat the best before them by more than noise (2·√2·${noise.toPrecision(2)}); ${blocked} of all ${sum(all, (one) => one.improving)} that beat it at all, ${sum(all, (one) => one.improvingReused)} of which are exact repeats whose result is reused`,
      },
      'trials warned of': {
        value: share(
          sum(all, (one) => one.warned),
          sum(searches, ({ trials }) => trials.length),
        ),
        unit: 'share',
      },
      'near warnings borne out': {
        value: share(
          sum(all, (one) => one.nearTrue),
          sum(all, (one) => one.near),
        ),
        unit: 'share',
        note: `of ${sum(all, (one) => one.near)}: the result was within 2·√2 sd of the one told`,
      },
      'hours in exact repeats, 14-knob agent': { value: mean(agents.map((one) => one.reusedHours)), unit: 'h of 24' },
      'radius learned': { value: median(all.flatMap((one) => one.radii)), unit: 'of a range' },
      'failures foreseen: precision': {
        value: precision,
        unit: 'share',
        bound: '≥ 0.9',
        pass: precision >= 0.9,
        note: 'p > 0.9, after 100 trials',
      },
      'failures foreseen: recall': {
        value: recall,
        unit: 'share',
        bound: '≥ 0.8',
        pass: recall >= 0.8,
        note: `of ${sum(all, (one) => one.right + one.missed)}`,
      },
    },
  };
}

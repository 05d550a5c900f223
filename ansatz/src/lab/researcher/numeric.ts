/** The researcher that needs no key and no model: a sampler over the knobs. */

import { type Rng, rng } from '../../methods/math/rng.ts';
import { type Observation, random as byChance, type Sampler } from '../../methods/sampling/index.ts';
import {
  applicable,
  canonical,
  cardinality,
  completed,
  decodeParam,
  defineSpace,
  encodeParam,
  feasible,
  namesIn,
  valueAt,
  valuesOf,
} from '../../methods/space/index.ts';
import type { Param, Point, Space, Value } from '../../methods/space/space.ts';
import { leaderOf } from '../../study/belief.ts';
import type { StudyConfig } from '../../study/config.ts';
import type { CodeRef, HistoryEvent } from '../../study/events/index.ts';
import { runsInAll } from '../../study/outlook.ts';
import type { State, Trial } from '../../study/state.ts';
import { keyOf, trialOf } from '../../study/state.ts';
import { describe } from './describe.ts';
import type { Glance } from './glance.ts';
import type { Researcher } from './researcher.ts';

/** How often a sampler may come up with something that was tried before it is no longer asked. */
const TRIES = 4;
/** And how often chance may. */
const RANDOM_TRIES = 200;
/** Share of the run budget that may go to trying knobs one at a time. */
const LOOK_SHARE = 0.2;
/** How far a knob is moved to see whether it does anything, as a share of its encoded range. */
const FAR = 0.35;

/** A point learned from curves of any length instead of from results alone; undefined where there are no curves. */
export type FromCurves = (
  state: State,
  space: Space,
  random: Rng,
  history: readonly Observation[],
) => Point | undefined;

/** The space a configuration describes: conditions and constraints parsed, parents before children. */
export function spaceOf(config: StudyConfig): Space {
  return defineSpace(config.knobs, config.constraints);
}

/**
 * First each knob alone, moved far from its default (when the budget can pay for it: that shows which knobs are
 * dead and which matter), then whatever `sampler` says. Deterministic: ask number n of a study with the same seed
 * and history gets the same point. Asked for a bet it turns that bet's knobs only, and leaves the others as the
 * incumbent has them; it learns from the trials of that bet. With a `glance` at what was tried a point that is all but certain
 * to fail is drawn anew, once, and what was found is told with the proposal.
 */
export function numericResearcher(
  sampler: Sampler,
  config: StudyConfig,
  fromCurves?: FromCurves,
  glance?: Glance,
): Researcher {
  const whole = spaceOf(config);
  // A sampler keeps what it has learned with the space it learned it on.
  const alive = new Map<string, Space>();
  const spaceWithout = (dead: readonly string[], baseline: Point): Space => {
    const key = `${dead.join('\n')}\n${canonical(baseline)}`;
    const known = alive.get(key) ?? withoutDead(whole, dead, baseline);
    alive.set(key, known);
    return known;
  };
  // History only grows, and rarely; what it says is worked out once for each length.
  let imported: { readonly length: number; readonly list: readonly Observation[] } = { length: 0, list: [] };
  const earlier = ({ history, priors }: State, baseline: Point): readonly Observation[] => {
    const length = history.length + priors.length;
    if (length !== imported.length) {
      const logs = [...history, ...priors.map(({ study, rows }) => ({ source: `study ${study}`, rows }))];
      imported = { length, list: earlierResults(logs, whole, baseline).observations };
    }
    return imported.list;
  };
  return {
    asksAtOnce: 1,
    propose(state, ask, post) {
      // Settings are turned from what is proven; code is built upon as soon as it is believed to be better.
      const leader = leaderOf(state);
      const proven = trialOf(state, state.incumbent ?? 1);
      const parent = (leader.code?.tree === proven.code?.tree ? proven : leader).id;
      const bet = state.askedFor[ask];
      const mine = state.config.bets?.find(({ name }) => name === bet)?.knobs;
      const others = mine === undefined ? [] : whole.params.filter(({ name }) => !mine.includes(name));
      // A point is tried on the code that is best so far; results on other code are those of a related study.
      const { code } = trialOf(state, parent);
      const single = lookAtOne(state, whole, bet, mine);
      if (single !== undefined) {
        post({ type: 'trial.proposed', trial: 0, ask, researcher: 'numeric', ...single, parent: 1 });
        return;
      }
      const fixed = trialOf(state, mine === undefined ? 1 : parent).point;
      const space = spaceWithout([...state.dead, ...others.map(({ name }) => name)], fixed);
      const known = (): readonly Observation[] => {
        const before = earlier(state, fixed);
        const own = resultsFor(state, bet, code);
        return before.length === 0 ? own : [...before, ...own];
      };
      let askedAgain = false;
      for (let attempt = 0; attempt < TRIES + RANDOM_TRIES; attempt++) {
        // A sampler that has settled on one spot proposes it again and again; chance finds what is left elsewhere.
        const draw = attempt < TRIES ? sampler : byChance;
        const random = rng(config.seedNumber, ask, attempt);
        const sampled =
          (attempt < TRIES && mine === undefined ? fromCurves?.(state, space, random, known()) : undefined) ??
          draw(space, known(), random, { points: runsInAll(state) });
        // A sampled point lacks what does not matter in it; the baseline's value must not bring it back.
        const point = applicable(whole, { ...fixed, ...sampled });
        if (keyOf(point, code) in state.seen || !feasible(whole, point)) continue;
        const glanced = glance?.(state, point, code?.tree, ask);
        if (glanced?.doomed === true && !askedAgain) {
          askedAgain = true;
          continue;
        }
        const hypothesis = describe(trialOf(state, parent).point, point);
        const tried = glanced?.tried === undefined ? {} : { tried: glanced.tried };
        post({ type: 'trial.proposed', trial: 0, ask, researcher: 'numeric', hypothesis, point, parent, ...tried });
        return;
      }
      const untried = anyUntried(state, space, fixed, whole, code);
      if (untried !== undefined) {
        const hypothesis = describe(trialOf(state, parent).point, untried);
        post({ type: 'trial.proposed', trial: 0, ask, researcher: 'numeric', hypothesis, point: untried, parent });
        return;
      }
      post({ type: 'proposal.refused', ask, text: 'no point is left that was not tried', exhausted: true });
    },
  };
}

/** What a bet may learn from: its own trials and the baseline. All there is, where the study has no bets. */
function resultsFor(state: State, bet: string | undefined, code: CodeRef | undefined): readonly Observation[] {
  // The one list, where it will do: samplers keep what they have learned with it.
  if (bet === undefined && allHave(state.trials, code?.tree)) return state.observations;
  const own = state.observations.map((seen, i): Observation | undefined => {
    const trial = state.trials[i]!;
    if (bet !== undefined && i > 0 && trial.bet !== bet) return undefined;
    if (trial.code?.tree === code?.tree || seen.status === 'pending') return seen;
    return { ...seen, study: `code ${trial.code?.tree ?? 'as it is'}` };
  });
  return own.filter((seen) => seen !== undefined);
}

/** How many trials of a list that only grows have one tree, from the first on. */
const alike = new WeakMap<readonly Trial[], { readonly tree: string | undefined; readonly count: number }>();

function allHave(trials: readonly Trial[], tree: string | undefined): boolean {
  const known = alike.get(trials);
  let count = known !== undefined && known.tree === tree ? known.count : 0;
  while (count < trials.length && trials[count]!.code?.tree === tree) count++;
  alike.set(trials, { tree, count });
  return count === trials.length;
}

/** What logs of other tools say about a space, and how many of their rows say nothing. */
export interface EarlierResults {
  /** Marked by the log they come from, so that a sampler takes them on their own scale. */
  readonly observations: readonly Observation[];
  /** Rows with a value outside the ranges or choices. */
  readonly outside: number;
  /** Rows that name no knob, or have no result and did not crash either. */
  readonly unnamed: number;
}

/** Rows of logs as observations: knobs they do not name have the value of `baseline`, which a change departs from. */
export function earlierResults(
  history: readonly Pick<HistoryEvent, 'rows' | 'source'>[],
  space: Space,
  baseline: Point,
): EarlierResults {
  const observations: Observation[] = [];
  let [outside, unnamed] = [0, 0];
  for (const { rows, source } of history) {
    for (const { values = {}, loss, verdict } of rows) {
      const named = space.params.filter((param) => valueAt(values, param.name) !== undefined);
      if (named.length === 0 || (loss === undefined && verdict !== 'crash')) {
        unnamed++;
        continue;
      }
      const settings = named.map((param) => [param.name, inRange(param, values[param.name]!)] as const);
      if (settings.some(([, value]) => value === undefined)) {
        outside++;
        continue;
      }
      const point = completed(space, { ...baseline, ...(Object.fromEntries(settings) as Point) });
      observations.push(
        loss === undefined
          ? { point, status: 'crashed', study: source }
          : { point, loss, status: 'done', study: source },
      );
    }
  }
  return { observations, outside, unnamed };
}

/** A value as its parameter has it; undefined outside of its range or choices. */
export function inRange(param: Param, value: Value): Value | undefined {
  if (param.kind === 'choice') return param.choices.find((choice) => String(choice) === String(value));
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || !(number >= param.low && number <= param.high)) return undefined;
  return param.kind === 'int' && !Number.isInteger(number) ? undefined : number;
}

/**
 * The space without the knobs that do nothing. One that a condition or a constraint still asks about stays, with the
 * one value it has in the baseline.
 */
function withoutDead(space: Space, dead: readonly string[], baseline: Point): Space {
  if (dead.length === 0) return space;
  const asked = new Set([...space.constraints, ...space.params.flatMap((param) => param.when ?? [])].flatMap(namesIn));
  const params = space.params.flatMap((param): Param[] => {
    if (!dead.includes(param.name)) return [param];
    const value = valueAt(baseline, param.name);
    if (value === undefined || !asked.has(param.name)) return [];
    return [{ name: param.name, kind: 'choice', choices: [value], ...(param.when && { when: param.when }) }];
  });
  return { ...space, params };
}

/**
 * The baseline with one knob moved, for the first knob that was not looked at yet. What then comes to matter is as the script has it.
 * Nothing once the sampler has been asked: a budget that turns out to pay for more runs is better spent elsewhere than
 * around the baseline.
 */
function lookAtOne(
  state: State,
  space: Space,
  bet: string | undefined,
  only?: readonly string[],
): { point: Point; hypothesis: string } | undefined {
  const runs = runsInAll(state);
  const baseline = trialOf(state, 1).point;
  const movable = space.params.filter((param) => {
    const from = valueAt(baseline, param.name);
    if (only !== undefined && !only.includes(param.name)) return false;
    return from !== undefined && farFrom(param, from) !== from;
  });
  const most = Math.min(movable.length, Math.floor(runs * LOOK_SHARE));
  if (space.params.length < 2 || most < movable.length) return undefined;
  const looks = movable.map((param) => {
    const moved = { ...baseline, [param.name]: farFrom(param, baseline[param.name]!) };
    return { param, moved, point: completed(space, moved) };
  });
  const known = new Set(looks.map(({ point }) => canonical(point)));
  const sampled = (trial: Trial): boolean =>
    trial.id > 1 &&
    trial.researcher === 'numeric' &&
    (bet === undefined || trial.bet === bet) &&
    !known.has(canonical(trial.point));
  if (state.trials.some(sampled)) return undefined;
  for (const { param, moved, point } of looks) {
    if (canonical(point) in state.seen || !feasible(space, point)) continue;
    const rest = describe(applicable(space, moved), point);
    const gone = describe(baseline, applicable(space, moved));
    const also = rest === 'no change' ? 'all else as it is' : `${rest}, all else as it is`;
    return { point, hypothesis: `does ${param.name} matter? ${gone}, ${also}` };
  }
  return undefined;
}

function farFrom(param: Param, value: Value): Value {
  if (param.kind === 'choice') {
    const index = param.choices.indexOf(value);
    return param.choices[(index + 1) % param.choices.length]!;
  }
  const u = encodeParam(param, value);
  return decodeParam(param, u < 0.5 ? u + FAR : u - FAR);
}

/** In a small finite space, the first point nobody tried. */
function anyUntried(
  state: State,
  space: Space,
  fixed: Point,
  whole: Space,
  code: CodeRef | undefined,
): Point | undefined {
  const lists = space.params.map((param) =>
    cardinality({ params: [param], constraints: [] }) > 20_000 ? undefined : valuesOf(param),
  );
  const size = lists.reduce((all, values) => all * (values?.length ?? Infinity), 1);
  if (size > 20_000) return undefined;
  for (let index = 0; index < size; index++) {
    let rest = index;
    const chosen: Record<string, Value> = { ...fixed };
    space.params.forEach((param, i) => {
      const values = lists[i]!;
      chosen[param.name] = values[rest % values.length]!;
      rest = Math.floor(rest / values.length);
    });
    const point = applicable(whole, chosen);
    if (!(keyOf(point, code) in state.seen) && feasible(whole, point)) return point;
  }
  return undefined;
}

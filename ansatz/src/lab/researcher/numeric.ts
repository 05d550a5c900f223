/** The researcher that needs no key and no model: a sampler over the knobs. */

import { rng } from '../../methods/math/rng.ts';
import { random, type Sampler } from '../../methods/sampling/index.ts';
import { canonical, cardinality, decodeParam, defineSpace, encodeParam, feasible } from '../../methods/space/index.ts';
import type { Param, Point, Space } from '../../methods/space/space.ts';
import type { StudyConfig } from '../../study/config.ts';
import type { State } from '../../study/state.ts';
import { trialOf } from '../../study/state.ts';
import type { Researcher } from './researcher.ts';

/** How often a sampler may come up with something that was tried before it is no longer asked. */
const TRIES = 4;
/** And how often chance may. */
const RANDOM_TRIES = 200;
/** Share of the run budget that may go to trying knobs one at a time. */
const LOOK_SHARE = 0.2;
/** How far a knob is moved to see whether it does anything, as a share of its encoded range. */
const FAR = 0.35;

/** The space a configuration describes: conditions and constraints parsed, parents before children. */
export function spaceOf(config: StudyConfig): Space {
  return defineSpace(config.knobs, config.constraints);
}

/**
 * First each knob alone, moved far from its default (when the budget can pay for it: that shows which knobs are
 * dead and which matter), then whatever `sampler` says. Deterministic: ask number n of a study with the same seed
 * and history gets the same point.
 */
export function numericResearcher(sampler: Sampler, config: StudyConfig): Researcher {
  const whole = spaceOf(config);
  return {
    asksAtOnce: 1,
    propose(state, ask, post) {
      const parent = state.incumbent ?? 1;
      const single = lookAtOne(state, whole);
      if (single !== undefined) {
        const { point, knob, from } = single;
        const hypothesis = `does ${knob} matter? ${knob} ${String(from)} → ${String(point[knob])}, all else as it is`;
        post({ type: 'trial.proposed', trial: 0, ask, researcher: 'numeric', hypothesis, point, parent: 1 });
        return;
      }
      const alive = whole.params.filter((param) => !state.dead.includes(param.name));
      const space = { ...whole, params: alive };
      const fixed = trialOf(state, 1).point;
      for (let attempt = 0; attempt < TRIES + RANDOM_TRIES; attempt++) {
        // A sampler that has settled on one spot proposes it again and again; chance finds what is left elsewhere.
        const draw = attempt < TRIES ? sampler : random;
        const sampled = draw(space, state.observations, rng(config.seedNumber, ask, attempt));
        const point = { ...fixed, ...sampled };
        if (canonical(point) in state.seen || !feasible(whole, point)) continue;
        const hypothesis = describe(trialOf(state, parent).point, point);
        post({ type: 'trial.proposed', trial: 0, ask, researcher: 'numeric', hypothesis, point, parent });
        return;
      }
      const untried = anyUntried(state, space, fixed, whole);
      if (untried !== undefined) {
        const hypothesis = describe(trialOf(state, parent).point, untried);
        post({ type: 'trial.proposed', trial: 0, ask, researcher: 'numeric', hypothesis, point: untried, parent });
        return;
      }
      post({ type: 'proposal.refused', ask, text: 'no point is left that was not tried', exhausted: true });
    },
  };
}

/** The baseline with one knob moved, for the first knob that was not looked at yet. */
function lookAtOne(state: State, space: Space): { point: Point; knob: string; from: unknown } | undefined {
  const runs = state.config.budget.runs ?? Infinity;
  const most = Math.min(space.params.length, Math.floor(runs * LOOK_SHARE));
  if (space.params.length < 2 || most < space.params.length) return undefined;
  const baseline = trialOf(state, 1).point;
  for (const param of space.params) {
    const from = baseline[param.name]!;
    const point = { ...baseline, [param.name]: farFrom(param, from) };
    if (point[param.name] === from || canonical(point) in state.seen || !feasible(space, point)) continue;
    return { point, knob: param.name, from };
  }
  return undefined;
}

function farFrom(param: Param, value: Point[string]): Point[string] {
  if (param.kind === 'choice') {
    const index = param.choices.indexOf(value);
    return param.choices[(index + 1) % param.choices.length]!;
  }
  const u = encodeParam(param, value);
  return decodeParam(param, u < 0.5 ? u + FAR : u - FAR);
}

/** In a small finite space, the first point nobody tried. */
function anyUntried(state: State, space: Space, fixed: Point, whole: Space): Point | undefined {
  const size = cardinality(space);
  if (size > 20_000) return undefined;
  const steps = space.params.map((param) => cardinality({ params: [param], constraints: [] }));
  for (let index = 0; index < size; index++) {
    let rest = index;
    const point: Record<string, Point[string]> = { ...fixed };
    space.params.forEach((param, i) => {
      point[param.name] = decodeParam(param, ((rest % steps[i]!) + 0.5) / steps[i]!);
      rest = Math.floor(rest / steps[i]!);
    });
    if (!(canonical(point) in state.seen) && feasible(whole, point)) return point;
  }
  return undefined;
}

/** `lr 0.05 → 0.12, hidden 32 → 64`: what changes between two points, in words. */
export function describe(from: Point, to: Point): string {
  const changes = Object.keys(to)
    .filter((name) => from[name] !== to[name])
    .map((name) => `${name} ${String(from[name])} → ${String(to[name])}`);
  return changes.length === 0 ? 'no change' : changes.join(', ');
}

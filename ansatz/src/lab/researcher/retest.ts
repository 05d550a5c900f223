/**
 * Memory as a researcher: where one change had results that exclude each other, in contexts that differ, it is made once more
 * from the best trial of now. Which of the two holds here is then known, and whoever reads the lesson knows when it holds.
 */

import { applicable, feasible } from '../../methods/space/index.ts';
import type { Space } from '../../methods/space/space.ts';
import type { StudyConfig } from '../../study/config.ts';
import { changeKey, type Conflict, conflicts, recordsOf, type TrialRecord } from '../../study/memory/index.ts';
import { noiseOf } from '../../study/noise.ts';
import { runsLeft } from '../../study/outlook.ts';
import { keyOf, type State, trialOf } from '../../study/state.ts';
import { inRange, spaceOf } from './numeric.ts';
import type { Researcher } from './researcher.ts';

/** Trials for each one that memory may propose: one in twenty. */
const SHARE = 20;
/** Runs that must be left for others. */
const FEWEST_LEFT = 10;
/** Newest records that are compared. */
const MOST_RECORDS = 500;

/**
 * Ask memory first, at most for every twentieth trial, and `inner` where it has nothing to ask. `elsewhere` are records of
 * other studies. A bet's requests are the bet's.
 */
export function retesting(inner: Researcher, config: StudyConfig, elsewhere: readonly TrialRecord[] = []): Researcher {
  const space = spaceOf(config);
  return {
    asksAtOnce: inner.asksAtOnce,
    propose(state, ask, post) {
      const due =
        state.askedFor[ask] === undefined && mayAsk(state) ? openConflict(state, space, elsewhere) : undefined;
      const parent = trialOf(state, state.incumbent ?? 1);
      if (due !== undefined) {
        const change = Object.fromEntries(
          due.b.change.knobs.flatMap(({ name, to }) => (to === undefined ? [] : [[name, to]])),
        );
        const point = applicable(space, { ...parent.point, ...change });
        if (!(keyOf(point, parent.code) in state.seen) && feasible(space, point)) {
          const tried = { why: conflictText(due), records: [due.a.id, due.b.id] };
          const hypothesis = `which of two results of ${changeKey(due.b)!} holds here? ${tried.why}`;
          post({
            type: 'trial.proposed',
            trial: 0,
            ask,
            researcher: 'memory',
            hypothesis,
            point,
            parent: parent.id,
            tried,
          });
          return;
        }
      }
      inner.propose(state, ask, post);
    },
  };
}

function mayAsk(state: State): boolean {
  const own = state.trials.filter(({ researcher }) => researcher === 'memory').length;
  return state.trials.length >= SHARE * (own + 1) && runsLeft(state) >= FEWEST_LEFT;
}

/** The newest contradiction between contexts whose change was not tested again yet, nor is what the best trial does already. */
function openConflict(state: State, space: Space, elsewhere: readonly TrialRecord[]): Conflict | undefined {
  const { sd, df } = noiseOf(state);
  const { metric, direction } = state.config.objective;
  const params = new Map(space.params.map((param) => [param.name, param]));
  const records = [...elsewhere, ...recordsOf(state)]
    .filter(
      ({ change, context }) => change.prose !== true && context.metric === metric && context.direction === direction,
    )
    .slice(-MOST_RECORDS);
  const again = new Set(
    state.trials.flatMap(({ researcher, tried }) => (researcher === 'memory' ? (tried?.records ?? []) : [])),
  );
  const changes = new Set(records.filter(({ id }) => again.has(id)).map((record) => changeKey(record)));
  const best = trialOf(state, state.incumbent ?? 1).point;
  return conflicts(records, df > 0 ? sd : undefined).findLast(
    ({ b, differs, refutes }) =>
      !refutes &&
      differs.length > 0 &&
      b.change.knobs.length > 0 &&
      b.change.tree === undefined &&
      !changes.has(changeKey(b)) &&
      b.change.knobs.every(({ name, to }) => {
        const param = params.get(name);
        return param !== undefined && (to === undefined || inRange(param, to) === to);
      }) &&
      b.change.knobs.some(({ name, to }) => best[name] !== to),
  );
}

/** `+0.2 in s/4, −0.1 in s/9; differed: depth`. */
function conflictText({ a, b, differs }: Conflict): string {
  const side = ({ id, outcome }: Conflict['a']): string => {
    const { effect = 0 } = outcome;
    return `${effect > 0 ? '+' : ''}${Number(effect.toPrecision(3))} in ${id}`;
  };
  const about = differs.slice(0, 4).map(({ what }) => what);
  return `${side(a)}, ${side(b)}; differed: ${about.join(', ')}`;
}

import { expect, test } from 'vitest';
import { simpleConfig } from '../../study/config.fixture.ts';
import type { Knob, StudyConfig } from '../../study/config.ts';
import type { EventBody } from '../../study/events/index.ts';
import { conflicts, recordsOf } from '../../study/memory/index.ts';
import type { Point } from '../../methods/space/space.ts';
import { reduce } from '../../study/reduce.ts';
import { type State, trialOf } from '../../study/state.ts';
import { retesting } from './retest.ts';
import type { Researcher } from './researcher.ts';

const knob = (name: string): Knob => ({
  name,
  kind: 'choice',
  choices: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  default: 0,
  via: { by: 'flag', flag: `--${name}`, style: 'space' },
});
const CONFIG = simpleConfig({ name: 's', knobs: ['act', 'depth', 'rest'].map(knob), budget: { runs: 100 } });

/** A study told by what its trials changed of which, and what that was worth (± 0.02). */
class Story {
  state: State;
  private at = 0;

  constructor(config: StudyConfig = CONFIG) {
    this.state = reduce(undefined, { type: 'study.created', config, baseline: { act: 0, depth: 0, rest: 0 }, at: 0 });
    this.happen({ type: 'lab.opened', host: 'h', pid: 1, version: '0', slots: config.slots });
    for (const value of [1, 1.01, 0.99]) this.run(1, value);
    this.happen({ type: 'trial.judged', trial: 1, verdict: 'keep', why: '' });
  }

  happen(body: EventBody): void {
    this.state = reduce(this.state, { ...body, at: ++this.at });
  }

  run(trial: number, value: number): void {
    const run = this.state.runs.length + 1;
    const hold = { runs: 1, deviceSeconds: 10, money: 0 };
    const repeat = trialOf(this.state, trial).runs.length;
    this.happen({ type: 'run.started', run, trial, repeat, seed: run, slot: 0, limitSeconds: 5, hold });
    this.happen({ type: 'run.ended', run, status: 'done', value, seconds: 1, charge: { ...hold, deviceSeconds: 1 } });
  }

  /** A trial that changes `change` of trial `parent`, gains `effect`, and is kept or not. */
  trial(parent: number, change: Point, effect: number, keep = false): number {
    const trial = this.state.trials.length + 1;
    const point = { ...trialOf(this.state, parent).point, ...change };
    this.happen({ type: 'trial.proposed', trial, ask: 0, researcher: 'person', hypothesis: 'h', point, parent });
    this.run(trial, 1 - effect);
    const verdict = keep ? 'keep' : 'discard';
    this.happen({ type: 'trial.judged', trial, verdict, why: '', effect, margin: 0.02 });
    return trial;
  }

  /** Trials that contradict nobody, until there are so many. */
  fill(until: number): void {
    for (let i = 0; this.state.trials.length < until; i++)
      this.trial(1, { rest: 1 + (i % 9), depth: Math.floor(i / 9) }, 0);
  }

  /** The same change, good on the baseline and bad where `depth` is 3. */
  contradict(): readonly [number, number] {
    const good = this.trial(1, { act: 5 }, 0.3);
    const deep = this.trial(1, { depth: 3 }, 0.5, true);
    return [good, this.trial(deep, { act: 5 }, -0.3)];
  }
}

/** What is proposed for the next request: by memory, or `nothing` where the inner researcher was asked. */
function asked(state: State, ask = 1, elsewhere = recordsOf(state).slice(0, 0)) {
  let found: Extract<EventBody, { type: 'trial.proposed' }> | 'nothing' = 'nothing';
  const inner: Researcher = { asksAtOnce: 1, propose: () => {} };
  retesting(inner, state.config, elsewhere).propose(state, ask, (event) => {
    if (event.type === 'trial.proposed') found = event;
  });
  return found as Extract<EventBody, { type: 'trial.proposed' }> | 'nothing';
}

test('a contradiction between contexts that differ is tested once more, from the best of now, with both records as the reason', () => {
  const story = new Story();
  const [good, bad] = story.contradict();
  story.fill(19);
  expect(conflicts(recordsOf(story.state), 0.01).length).toBeGreaterThan(0);
  expect(asked(story.state)).toBe('nothing');
  story.fill(20);
  // Where the best trial stands now the change was tried already: nothing new would come of it.
  expect(asked(story.state)).toBe('nothing');
  const best = story.trial(3, { rest: 9 }, 0.2, true);
  const again = asked(story.state);
  expect(again).toMatchObject({
    researcher: 'memory',
    parent: best,
    point: { act: 5, depth: 3, rest: 9 },
    tried: { records: [`s/${good}`, `s/${bad}`], why: `+0.3 in s/${good}, -0.3 in s/${bad}; differed: depth` },
  });
  expect((again as { hypothesis: string }).hypothesis).toMatch(/^which of two results of act=5 holds here\? \+0\.3/);
});

test('once for each change, and for one trial in twenty at most', () => {
  const story = new Story();
  story.contradict();
  story.fill(20);
  story.trial(3, { rest: 9 }, 0.2, true);
  const again = asked(story.state);
  if (again === 'nothing') throw new Error('nothing was asked');
  story.happen({ ...again, trial: story.state.trials.length + 1 });
  story.run(story.state.trials.length, 0.9);
  story.happen({
    type: 'trial.judged',
    trial: story.state.trials.length,
    verdict: 'discard',
    why: '',
    effect: -0.1,
    margin: 0.02,
  });
  story.fill(60);
  expect(story.state.trials.at(-1)!.id).toBe(60);
  expect(asked(story.state)).toBe('nothing');
  // Another change may be tested again, at the right distance from the last.
  story.trial(1, { act: 7 }, 0.3);
  story.trial(3, { act: 7 }, -0.3);
  expect(asked(story.state)).toMatchObject({ researcher: 'memory', point: { act: 7 } });
});

test('a bet’s requests, a budget that is nearly gone, and repeats that differ in nothing ask nothing', () => {
  const story = new Story();
  story.contradict();
  story.fill(20);
  story.trial(3, { rest: 9 }, 0.2, true);
  expect(asked(story.state)).not.toBe('nothing');
  story.happen({ type: 'proposal.asked', ask: 9, bet: 'mine' });
  expect(asked(story.state, 9)).toBe('nothing');
  const poor = new Story({ ...CONFIG, budget: { runs: 28 } });
  poor.contradict();
  poor.fill(20);
  poor.trial(3, { rest: 9 }, 0.2, true);
  expect(asked(poor.state)).toBe('nothing');
  const alike = new Story();
  alike.fill(22);
  expect(asked(alike.state)).toBe('nothing');
});

test('records of other studies of the same metric contradict as well, where their values are in range', () => {
  const other = new Story({ ...CONFIG, name: 'before' });
  const deep = other.trial(1, { depth: 4 }, 0.5, true);
  other.trial(deep, { act: 6 }, -0.4);
  const story = new Story();
  story.trial(1, { act: 6 }, 0.3);
  story.fill(20);
  story.trial(1, { depth: 8 }, 0.5, true);
  expect(asked(story.state)).toBe('nothing');
  expect(asked(story.state, 1, recordsOf(other.state))).toMatchObject({ point: { act: 6, depth: 8 } });
  const elsewhere = recordsOf({
    ...other.state,
    config: { ...other.state.config, objective: { metric: 'acc', direction: 'minimize', value: 'last' } },
  });
  expect(asked(story.state, 1, elsewhere)).toBe('nothing');
});

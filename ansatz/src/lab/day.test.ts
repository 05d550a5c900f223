/**
 * A day of a lab whose model is slow, fails, and is away for hours, in virtual time: the real loop, the real researchers,
 * runs and answers computed.
 */

import { describe, expect, test } from 'vitest';
import { simulation, type SimulatedScript } from '../io/executor/simulated.ts';
import type { Answer, Ask } from '../io/llm/index.ts';
import { memoryJournal } from '../io/store/memory.ts';
import { memoryPoints } from '../io/store/points.ts';
import { Repository } from '../io/workspace/index.ts';
import { rng } from '../methods/math/rng.ts';
import { stoppingOf } from '../methods/pruning/index.ts';
import { samplers } from '../methods/sampling/index.ts';
import { defaults } from '../methods/space/index.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import type { ModelConfig, StudyConfig } from '../study/config.ts';
import type { Event } from '../study/events/index.ts';
import type { State } from '../study/state.ts';
import { openLab } from './lab.ts';
import { MOST_QUESTIONS, tokenCost, worstCase } from './model.ts';
import { mixedResearcher, modelResearcher, numericResearcher, type Researcher, spaceOf } from './researcher/index.ts';

const HOUR = 3600;
const MODEL: ModelConfig = {
  provider: 'openai',
  model: 'm',
  share: 0.5,
  after: 5,
  changes: 'knobs',
  price: { input: 3, output: 15 },
  limitSeconds: 120,
  maxOutput: 4000,
  maxInput: 4000,
};

const SLOT = simpleConfig().slots[0]!;

function dayConfig(hours: number, changes: Partial<StudyConfig> = {}): StudyConfig {
  return simpleConfig({
    slots: [SLOT, SLOT, SLOT, SLOT],
    model: MODEL,
    price: 1,
    deadline: hours * HOUR * 1000,
    budget: { money: 4 * hours + 20 },
    reserve: 0.05,
    ...changes,
  });
}

/** Twenty minutes, give or take; one in twenty-five crashes; falls towards lr = 0.1, hidden = 64. */
const script: SimulatedScript = (point, seed) => {
  const lr = Math.log10(Number(point['lr'])) + 1;
  const hidden = (Number(point['hidden']) - 64) / 64;
  const random = rng(seed, Math.round(lr * 1e6), Math.round(hidden * 1e6));
  const final = 1 + 0.3 * lr * lr + 0.2 * hidden * hidden + 0.02 * random.normal();
  const usual = point['lr'] === 1e-3 && point['hidden'] === 16;
  return {
    seconds: 900 + 600 * random.uniform(),
    curve: [final + 1, final + 0.3, final],
    crash: !usual && random.uniform() < 0.04,
  };
};

const TOKENS = { input: 2000, output: 300 };

/** The n-th answer: one in five fails; between the eighth and the eleventh hour none comes within the limit. */
function simulatedModel(
  after: (seconds: number, deliver: () => void) => void,
  now: () => number,
): Ask & { calls: number } {
  const ask = Object.assign(
    (): Promise<Answer> => {
      const random = rng(7, ask.calls++, Math.round(now() / 1000));
      const away = now() >= 8 * HOUR * 1000 && now() < 11 * HOUR * 1000;
      const none = { input: 0, output: 0 };
      const fails = random.uniform() < 0.2;
      const answer: Answer =
        away || fails
          ? {
              ok: false,
              failed: away ? 'no answer within 120 s' : 'the server answers 500',
              malformed: false,
              tokens: none,
            }
          : {
              ok: true,
              tokens: TOKENS,
              proposal: {
                hypothesis: 'it helps',
                mechanism: 'so',
                expectedEffect: null,
                knobs: [
                  { name: 'lr', value: 10 ** (-3 + 2.9 * random.uniform()) },
                  { name: 'hidden', value: 8 + Math.floor(120 * random.uniform()) },
                ],
                edits: [],
                refutedIf: 'no gain',
                cites: [1],
              },
            };
      return new Promise((resolve) => after(away ? MODEL.limitSeconds : 60, () => resolve(answer)));
    },
    { calls: 0 },
  );
  return ask;
}

interface Day {
  readonly state: State;
  readonly events: Event[];
  /** Requests the model worked on, by their number. */
  readonly worked: number[];
  readonly calls: number;
}

async function day(config: StudyConfig, events: readonly Event[] = []): Promise<Day> {
  const created: Event = { type: 'study.created', config, baseline: defaults(spaceOf(config)), at: 0 };
  const journal = memoryJournal(events.length > 0 ? events : [created]);
  const begun = new Map(
    events.flatMap((event) => (event.type === 'run.started' ? [[event.run, event.at] as const] : [])),
  );
  // Runs outlive a lab, so they go on as if nothing had been.
  const { executor, world, after } = simulation(script, 'loss', journal.events.at(-1)!.at, (run) => begun.get(run));
  const ask = simulatedModel(after, () => world.now());
  const model = modelResearcher({
    config: MODEL,
    ask,
    // Only settings may be changed: no code is ever looked at.
    repository: new Repository('/nowhere/code.git', '/nowhere', config.name),
    questions: MOST_QUESTIONS,
    cost: (tokens) => tokenCost(MODEL, tokens),
    elsewhere: [],
    guidance: () => undefined,
  });
  const worked: number[] = [];
  const noted: Researcher = {
    asksAtOnce: 1,
    propose(state, number, post) {
      worked.push(number);
      model.propose(state, number, post);
    },
  };
  const lab = openLab({
    journal,
    series: memoryPoints(),
    executor,
    researcher: mixedResearcher(numericResearcher(samplers.random, config), noted),
    ...stoppingOf('none'),
    // What an answer sets off is done before time goes on.
    world: {
      ...world,
      async wait(until) {
        await world.wait(until);
        await new Promise((resolve) => setImmediate(resolve));
      },
    },
    identity: { host: 'test', pid: 1, version: '0' },
  });
  const state = await lab.done;
  return { state, events: journal.events, worked, calls: ask.calls };
}

/** Share of all slot time, to the end of the study, in which a run was in a slot. */
function busy(state: State): number {
  const seconds =
    state.runs.reduce((sum, run) => sum + run.stays.reduce((all, { from, to }) => all + (to! - from), 0), 0) / 1000;
  return seconds / (state.config.slots.length * state.wallSeconds);
}

/** What holds of every end of such a study. */
function expectSound({ state, events }: Day): void {
  expect(state.phase).toBe('ended');
  expect(state.now).toBeLessThanOrEqual(state.deadline!);
  expect(state.ledger.spent.money).toBeLessThanOrEqual(state.config.budget.money! + 1e-6);
  expect(state.ledger.held).toEqual({ runs: 0, deviceSeconds: 0, money: 0 });
  expect(state.expenses).toEqual({});
  // Each request is paid for once, at its worst case at most.
  const held = events.flatMap((event) => (event.type === 'expense.held' ? [event.expense] : []));
  const settled = events.flatMap((event) => (event.type === 'expense.settled' ? [event] : []));
  expect(settled.map(({ expense }) => expense).toSorted((a, b) => a - b)).toEqual(held);
  for (const { charge } of settled) expect(charge.money).toBeLessThanOrEqual(worstCase(MODEL).money);
  const charged = settled.reduce((sum, { charge }) => sum + charge.money, 0);
  const ran = state.runs.reduce((sum, run) => sum + run.charge!.money, 0);
  expect(state.ledger.spent.money).toBeCloseTo(charged + ran, 6);
}

describe('a day with a model that is slow, fails and goes away', () => {
  test('keeps the slots busy, ends within budget and deadline, and asks again when the model is back', async () => {
    const whole = await day(dayConfig(24));
    expectSound(whole);
    const { state, events } = whole;
    expect(busy(state)).toBeGreaterThanOrEqual(0.95);
    expect(state.wallSeconds).toBeGreaterThan(23 * HOUR);
    const proposed = events.filter((event) => event.type === 'trial.proposed' && event.researcher === 'model');
    expect(proposed.length).toBeGreaterThan(50);
    // While it is away it is asked ever less often; afterwards it is back within the longest wait.
    const during = events.filter(
      (event) =>
        event.type === 'proposal.asked' &&
        event.researcher === 'model' &&
        event.at > 8 * HOUR * 1000 &&
        event.at < 11 * HOUR * 1000,
    );
    expect(during.length).toBeLessThan(15);
    expect(proposed.some(({ at }) => at > 11 * HOUR * 1000 && at < 12.5 * HOUR * 1000)).toBe(true);
    // Nobody is asked twice, and the whole is the same each time.
    expect(new Set(whole.worked).size).toBe(whole.worked.length);
    expect((await day(dayConfig(24))).events).toEqual(events);
  });

  test('is resumed after a kill at any point, and no request is worked on twice', { timeout: 120_000 }, async () => {
    const config = dayConfig(4);
    const whole = await day(config);
    expectSound(whole);
    for (let cut = 2; cut < whole.events.length; cut++) {
      const last = whole.events[cut - 1]!.type;
      // A hold and what it is for, a charge and what came of it, are one transaction: no journal ends between them.
      if (last === 'expense.held' || last === 'expense.settled') continue;
      const before = whole.events.slice(0, cut);
      const resumed = await day(config, before);
      expectSound(resumed);
      const asked = before.flatMap((event) =>
        event.type === 'proposal.asked' && event.researcher === 'model' ? [event.ask] : [],
      );
      expect(
        resumed.worked.filter((ask) => asked.includes(ask)),
        `cut after ${cut}`,
      ).toEqual([]);
    }
  });

  test(
    'half a day that is cut in eight places, one after the other, is as busy as one that is not',
    { timeout: 120_000 },
    async () => {
      const config = dayConfig(12);
      const length = (await day(config)).events.length;
      let events: Event[] = [];
      for (let kill = 1; kill <= 8; kill++) {
        const { events: longer } = await day(config, events);
        // The lab died here: what it had not written never was.
        events = longer.slice(0, Math.max(events.length + 1, Math.floor((length * kill) / 9)));
        while (events.at(-1)!.type.startsWith('expense.')) events.pop();
      }
      const end = await day(config, events);
      expectSound(end);
      expect(busy(end.state)).toBeGreaterThanOrEqual(0.95);
    },
  );
});

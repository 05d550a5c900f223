import { expect, test } from 'vitest';
import { simulation, type SimulatedScript } from '../io/executor/simulated.ts';
import { memoryJournal } from '../io/store/memory.ts';
import { memoryPoints } from '../io/store/points.ts';
import { rng } from '../methods/math/rng.ts';
import { pruners } from '../methods/pruning/index.ts';
import { samplers } from '../methods/sampling/index.ts';
import { defaults } from '../methods/space/index.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import type { StudyConfig } from '../study/config.ts';
import type { Event } from '../study/events/index.ts';
import { heldoutOf, withoutHeldout } from '../study/heldout.ts';
import { recordsOf } from '../study/memory/index.ts';
import type { State } from '../study/state.ts';
import { statusOf, trialRow } from '../study/views.ts';
import { openLab } from './lab.ts';
import { questionOf } from './researcher/prompt.ts';
import { numericResearcher, spaceOf } from './researcher/index.ts';

const HELD = 7.125;

/** Falls towards lr = 0.1; what is held out says `held` of it. */
function script(held: (loss: number) => number): SimulatedScript {
  return (point, seed) => {
    const lr = Math.log10(Number(point['lr'])) + 1;
    const loss = 1 + 0.3 * lr * lr + 0.02 * rng(seed, Math.round(lr * 1e6)).normal();
    return { seconds: 60, curve: [loss + 1, loss], heldout: held(loss) };
  };
}

async function simulate(
  run: SimulatedScript,
  events: readonly Event[] = [],
  changes: Partial<StudyConfig> = {},
): Promise<{ state: State; events: Event[] }> {
  const config = simpleConfig({
    budget: { runs: 40 },
    heldout: ['judge'],
    artifacts: ['out/**'],
    price: 1,
    ...changes,
  });
  const created: Event = { type: 'study.created', config, baseline: defaults(spaceOf(config)), at: 0 };
  const journal = memoryJournal(events.length > 0 ? events : [created]);
  const { executor, world } = simulation(run, 'loss', journal.events.at(-1)!.at);
  const lab = openLab({
    journal,
    series: memoryPoints(),
    executor,
    researcher: numericResearcher(samplers.auto, config),
    pruner: pruners.none,
    world,
    identity: { host: 'test', pid: 1, version: '0' },
  });
  return { state: await lab.done, events: journal.events };
}

test('the baseline and each keep are checked once, in a slot of their own, and paid for', async () => {
  const { state, events } = await simulate(script((loss) => loss + 6));
  const kept = [...new Set(state.marks.map((mark) => mark.trial))];
  expect(kept.length).toBeGreaterThan(1);
  const read = events.filter((event) => event.type === 'heldout.read');
  expect(read.map(({ trial }) => trial).sort((a, b) => a - b)).toEqual(kept);
  for (const id of kept) expect(state.trials[id - 1]!.heldout?.value).toBeGreaterThan(6);
  // Runs cost 60 s each, checks 6 s, and only runs count as runs.
  expect(state.ledger.spent.deviceSeconds).toBeCloseTo(60 * state.runs.length + 6 * kept.length, 6);
  expect(state.ledger.spent.runs).toBe(state.runs.length);
  expect(state.ledger.held).toEqual({ runs: 0, deviceSeconds: 0, money: 0 });
  expect(state.checking).toBeUndefined();
  expect(heldoutOf(state)!.gain).toBeGreaterThan(0);
  expect(heldoutOf(state)!.contradicted).toEqual([]);
});

test('never more is under way than there are slots', async () => {
  const { events } = await simulate(script((loss) => loss + 6));
  let under = 0;
  for (const { type } of events) {
    if (type === 'run.started' || type === 'heldout.asked') under++;
    if (type === 'run.ended' || type === 'heldout.read') under--;
    expect(under).toBeLessThanOrEqual(2);
  }
});

test('cut at every event, a study checks each keep once all the same', async () => {
  const whole = await simulate(
    script((loss) => loss + 6),
    [],
    { budget: { runs: 25, deviceSeconds: 3000 } },
  );
  for (let cut = 1; cut < whole.events.length; cut++) {
    // A hold and what it is for, a charge and what came of it, are one transaction: no journal ends between them.
    if (whole.events[cut - 1]!.type.startsWith('expense.')) continue;
    const { state, events } = await simulate(
      script((loss) => loss + 6),
      whole.events.slice(0, cut),
    );
    const read = events.flatMap((event) => (event.type === 'heldout.read' ? [event.trial] : []));
    expect(new Set(read).size, `cut after ${cut}`).toBe(read.length);
    expect([...read].sort((a, b) => a - b)).toEqual([...new Set(state.marks.map((mark) => mark.trial))]);
    const asked = events.filter((event) => event.type === 'heldout.asked');
    expect(new Set(asked.map(({ run }) => run)).size).toBe(asked.length);
    const checks = events.filter((event) => event.type === 'expense.settled');
    expect(checks).toHaveLength(asked.length);
    expect(state.ledger.spent.deviceSeconds).toBeLessThanOrEqual(3000);
    expect(state.ledger.held.deviceSeconds).toBe(0);
  }
});

test('a keep that held-out data speak against is told, with the numbers', async () => {
  const { state } = await simulate(script((loss) => 10 - loss));
  expect(state.marks.length).toBeGreaterThan(1);
  const warned = state.warnings.filter(({ code }) => code === 'heldout');
  expect(warned[0]!.text).toMatch(
    /speaks against keeping trial \d+: [\d.]+ after [\d.]+ of trial 1, worse by more than noise/,
  );
  expect(heldoutOf(state)!.contradicted.length).toBe(warned.length);
});

test('a budget that leaves nothing for a check says so, and ends', async () => {
  const { state } = await simulate(
    script((loss) => loss),
    [],
    {
      budget: { deviceSeconds: 186 },
      run: { limitSeconds: 60, graceSeconds: 5, env: {}, workspace: 'copy' },
      slots: [simpleConfig().slots[0]!],
    },
  );
  expect(state).toMatchObject({ phase: 'ended', verdicts: { keep: 1 } });
  expect(state.trials[0]!.heldout).toEqual({ text: 'the budget left nothing for it' });
});

test('nobody who proposes or remembers is told a word of it', async () => {
  const { state } = await simulate(script(() => HELD));
  expect(JSON.stringify(statusOf(state))).toContain(String(HELD));
  const asked = questionOf({ state, parent: state.trials[0]!, sources: [], most: 100_000 });
  expect(JSON.stringify(asked)).not.toContain(String(HELD));
  expect(JSON.stringify(recordsOf(state))).not.toContain(String(HELD));
  expect(JSON.stringify(state.observations)).not.toContain(String(HELD));
  const blind = withoutHeldout(state);
  for (const trial of blind.trials) expect(trialRow(blind, trial).heldout).toBeUndefined();
  expect(JSON.stringify(statusOf(blind))).not.toContain(String(HELD));
});

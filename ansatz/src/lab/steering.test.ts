import { describe, expect, test } from 'vitest';
import type { SimulatedScript } from '../io/executor/simulated.ts';
import { simpleConfig } from '../study/config.fixture.ts';
import type { StudyConfig } from '../study/config.ts';
import { UserError } from '../study/error.ts';
import type { Event, EventBody } from '../study/events/index.ts';
import { ALPHA } from '../study/judge.ts';
import { runOf, type State, trialOf } from '../study/state.ts';
import { simulated } from './lab.fixture.ts';
import { steer, type Wish } from './steering.ts';

/** A simulated study in which nobody stops runs but a person. */
const study = (
  config: StudyConfig,
  say: (event: Event, state: State) => EventBody[],
  script?: SimulatedScript,
): ReturnType<typeof simulated> =>
  simulated(config, { say, pruner: 'none', ...(script === undefined ? {} : { script }) });

const once = (
  when: (event: Event, state: State) => EventBody | undefined,
): ((event: Event, state: State) => EventBody[]) => {
  let done = false;
  return (event, state) => {
    const body = done ? undefined : when(event, state);
    if (body === undefined) return [];
    done = true;
    return [body];
  };
};
const quiet = (): EventBody[] => [];
const refusal = (state: State, wish: Wish): UserError => {
  try {
    steer(state, wish);
  } catch (error) {
    return error as UserError;
  }
  throw new Error(`${JSON.stringify(wish)} was taken`);
};

test('a run that is stopped by hand is charged, its slot goes on, its trial is left open, and asking twice is asking once', async () => {
  let asked = 0;
  const { state, events } = await study(simpleConfig({ budget: { runs: 20 } }), (event, now) => {
    if (event.type !== 'run.started' || event.trial !== 3) return [];
    asked++;
    const { event: body } = steer(now, { do: 'kill-run', run: event.run });
    return [body, body];
  });
  expect(asked).toBe(1);
  const trial = trialOf(state, 3);
  const run = runOf(state, trial.runs[0]!);
  expect(run).toMatchObject({ status: 'stopped', stopping: 'killed' });
  expect(events.filter((event) => event.type === 'run.stopping' && event.reason === 'killed')).toHaveLength(1);
  expect(trial).toMatchObject({ verdict: 'inconclusive', why: 'stopped by hand' });
  expect(state.ledger.spent.runs).toBe(20);
  expect(state.ledger.held.runs).toBe(0);
  expect(refusal(state, { do: 'kill-run', run: run.id }).code).toBe('no-run');
});

test('a discard that is run again by hand is judged again, on the error rate of the study', async () => {
  const { state, events } = await study(
    simpleConfig({ budget: { runs: 40 } }),
    once((event, now) =>
      event.type === 'trial.judged' && event.verdict === 'discard'
        ? steer(now, { do: 'repeat', trial: event.trial, more: 2 }).event
        : undefined,
    ),
  );
  const asked = events.find((event) => event.type === 'trial.repeated' && event.purpose === 'asked');
  expect(asked).toMatchObject({ more: 2 });
  const { trial: id, level } = asked as Extract<Event, { type: 'trial.repeated' }>;
  expect(level).toBeGreaterThan(0);
  expect(level).toBeLessThanOrEqual(ALPHA);
  expect(trialOf(state, id).runs).toHaveLength(3);
  const verdicts = events.filter((event) => event.type === 'trial.judged' && event.trial === id);
  expect(verdicts.length).toBe(2);
  expect(state.verdicts.discard).toBe(state.trials.filter((trial) => trial.verdict === 'discard').length);
});

test('the baseline may be run again at any time: it makes the noise floor better', async () => {
  const config = simpleConfig({ budget: { runs: 30 } });
  const plain = await study(config, quiet);
  const asked = await study(
    config,
    once((event, now) =>
      event.type === 'trial.judged' ? steer(now, { do: 'repeat', trial: 1, more: 4 }).event : undefined,
    ),
  );
  expect(trialOf(asked.state, 1).runs.length).toBeGreaterThanOrEqual(trialOf(plain.state, 1).runs.length);
  expect(asked.state.ledger.spent.runs).toBe(30);
});

test('a note is kept on its trial, and nothing is decided by it', async () => {
  const config = simpleConfig({ budget: { runs: 20 } });
  const say = once((event, now) =>
    event.type === 'trial.judged'
      ? steer(now, { do: 'note', trial: 1, text: ' looks right ', tags: ['a', 'a', ' '], by: 'ada' }).event
      : undefined,
  );
  const noted = await study(config, say);
  expect(trialOf(noted.state, 1).notes).toMatchObject([{ text: 'looks right', tags: ['a'], by: 'ada' }]);
  const plain = await study(config, quiet);
  expect(noted.state.trials.map(({ point, verdict }) => ({ point, verdict }))).toEqual(
    plain.state.trials.map(({ point, verdict }) => ({ point, verdict })),
  );
});

describe('what cannot be had is refused with what can', async () => {
  const { state } = await study(simpleConfig({ budget: { runs: 12 } }), quiet);
  test.each([
    [{ do: 'repeat', trial: 99 }, 'no-repeat', /trials are 1 to/],
    [{ do: 'repeat', trial: 1, more: 0 }, 'bad-number', /number of runs/],
    [{ do: 'repeat', trial: 1, more: 11 }, 'bad-number', /number of runs/],
    [{ do: 'note', trial: 1, text: '   ' }, 'empty', /words or a tag/],
    [{ do: 'note', trial: 99, text: 'x' }, 'no-trial', /no trial 99/],
    [{ do: 'note', trial: 1, text: 'x'.repeat(5000) }, 'too-long', /at most/],
    [{ do: 'budget' }, 'empty', /nothing about the budget/],
    [{ do: 'budget', runs: 3 }, 'budget-spent', /cannot go down/],
    [{ do: 'budget', runs: NaN }, 'bad-number', /no budget/],
    [{ do: 'budget', deadline: -1 }, 'bad-deadline', /passed/],
    [{ do: 'idea', text: 'warm-up' }, 'no-model', /no language model/],
    [{ do: 'bet', bet: 'none', open: false }, 'no-bet', /no bet/],
    [{ do: 'kill-run', run: 1 }, 'no-run', /not under way/],
  ] as const)('%j', (wish, code, words) => {
    const error = refusal(state, wish);
    expect(error).toBeInstanceOf(UserError);
    expect(error.code).toBe(code);
    expect(error.message + (error.fix ?? '')).toMatch(words);
  });

  test('what spends or destroys comes with a question, the rest without', () => {
    const asks = (wish: Wish): boolean => steer(state, wish).ask !== undefined;
    expect(
      [{ do: 'stop' }, { do: 'kill' }, { do: 'repeat', trial: 1 }, { do: 'budget', runs: 100 }].every((wish) =>
        asks(wish as Wish),
      ),
    ).toBe(true);
    expect(
      [{ do: 'pause' }, { do: 'resume' }, { do: 'note', trial: 1, text: 'x' }].some((wish) => asks(wish as Wish)),
    ).toBe(false);
  });

  test('a request that a lab cannot follow when it comes is a warning, not an end', async () => {
    const bad: EventBody = { type: 'trial.repeated', trial: 500, more: 1, why: 'x', purpose: 'asked' };
    const { state: after } = await study(
      simpleConfig({ budget: { runs: 12 } }),
      once((event) => (event.type === 'trial.judged' ? bad : undefined)),
    );
    expect(after.warnings.map(({ code }) => code)).toContain('repeat-refused');
    expect(after.phase).toBe('ended');
  });
});

test('repeats of a script that comes out alike are refused: they would tell nothing', async () => {
  const exact: SimulatedScript = (point) => ({ seconds: 10, curve: [1, Number(point['lr'])] });
  const { state } = await study(simpleConfig({ budget: { runs: 10 } }), quiet, exact);
  expect(refusal(state, { do: 'repeat', trial: 2 }).message).toMatch(/alike to the last digit/);
});

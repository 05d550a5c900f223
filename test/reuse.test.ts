/** Studies of one folder that would make the same runs, on a script that counts how often it is run. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Run, State } from '../ansatz/src/study/state.ts';
import type { Status } from '../ansatz/src/study/views.ts';
import { ansatz, cleanUp, project, type Result, stateOf, yaml } from './product.ts';

afterEach(cleanUp);

const SCRIPT =
  'echo run >> "$COUNT"; for i in 1 2 3; do awk "BEGIN { srand($ANSATZ_SEED); print \\"step $i: loss \\" (2 - $X + $Y * $Y + 1 / $i + 0.01 * rand()) }"; done; sleep 0.03\n';

interface Lab {
  readonly folder: string;
  /** Begin a study anew with these lines more. */
  readonly study: (
    name: string,
    ...lines: string[]
  ) => Promise<{ readonly state: State; readonly made: number; readonly said: Result }>;
}

function lab(): Lab {
  const outside = project({ counted: '' });
  const folder = project({ 'script.sh': SCRIPT, 'data.txt': 'one\n' });
  const count = (): number => readFileSync(join(outside, 'counted'), 'utf8').split('\n').length - 1;
  return {
    folder,
    async study(name, ...lines) {
      const knobs =
        'knobs: { x: { from: 0, to: 1, default: 0.5, via: env X }, y: { from: -1, to: 1, default: 0.5, via: env Y } }';
      const run = `run: { limit: 20s, grace: 1s, env: { COUNT: '${join(outside, 'counted')}' } }`;
      const text = yaml(
        knobs,
        run,
        'sampler: sobol',
        'pruner: none',
        'budget: { runs: 14 }',
        'slots: 1',
        `name: ${name}`,
        ...lines,
      );
      writeFileSync(join(folder, 'ansatz.yaml'), text);
      const before = count();
      const said = await ansatz(folder, ['run', '--plain']);
      return { state: stateOf(folder, name), made: count() - before, said };
    },
  };
}

const taken = ({ runs }: State): Run[] => runs.filter((run) => run.reused !== undefined);

test(
  'first runs of trials are taken over with their source, at no cost, and repeats are made',
  { timeout: 60_000 },
  async () => {
    const { folder, study } = lab();
    const first = await study('a');
    expect(taken(first.state)).toEqual([]);
    const second = await study('b');
    const reused = taken(second.state);
    expect(reused.length).toBeGreaterThan(3);
    for (const run of reused) {
      expect(run.repeat).toBe(0);
      expect(run.trial).not.toBe(1);
      const source = first.state.runs[run.reused!.run - 1]!;
      expect(run).toMatchObject({
        status: 'done',
        reused: { study: 'a' },
        value: source.value,
        seed: source.seed,
        steps: source.steps,
        losses: source.losses,
        charge: { runs: 0, deviceSeconds: 0, money: 0 },
      });
      expect(second.state.trials[run.trial - 1]!.point).toEqual(first.state.trials[source.trial - 1]!.point);
    }
    expect(second.made).toBe(second.state.runs.length - reused.length);
    // What costs nothing leaves its part of the budget to others.
    expect(second.made).toBe(14);
    expect(second.state.ledger.spent.runs).toBe(14);
    expect(second.said.out).toMatch(/run \d+ done: loss [\d.]+ as run \d+ of a was, not made again/);
    const status = JSON.parse((await ansatz(folder, ['status', '--json'])).out) as Status;
    expect(status.reused).toMatchObject({ runs: reused.length });
    expect((await ansatz(folder, ['status'])).out).toMatch(/reused +\d+ runs that earlier studies had made/);
    // A run that was taken over is no source for another: its own source is.
    const third = await study('c');
    expect(taken(third.state).length).toBeGreaterThan(3);
    for (const { reused: from } of taken(third.state))
      expect(stateOf(folder, from!.study).runs[from!.run - 1]!.reused).toBeUndefined();
  },
);

test(
  'everything that could make a difference does: files, variables, another seed, leave to do so',
  { timeout: 60_000 },
  async () => {
    const { folder, study } = lab();
    await study('a');
    expect(taken((await study('b', 'memory: { reuse: off }')).state)).toEqual([]);
    expect(taken((await study('c', 'random-seed: 100')).state)).toEqual([]);
    expect(taken((await study('d', 'seed: env SEED')).state)).toEqual([]);
    const all = await study('e', 'memory: { reuse: all }');
    expect(taken(all.state).some(({ trial }) => trial === 1)).toBe(true);
    writeFileSync(join(folder, 'data.txt'), 'two\n');
    expect(taken((await study('f')).state)).toEqual([]);
  },
);

test(
  'a run whose guarded metric was not kept is made again, and one that has it is not',
  { timeout: 60_000 },
  async () => {
    const { folder, study } = lab();
    writeFileSync(join(folder, 'script.sh'), `${SCRIPT}echo "f1: 0.9"\n`);
    await study('a');
    const guard = 'guards: { f1: { down: 0.01 } }';
    const second = await study('b', guard);
    expect(taken(second.state)).toEqual([]);
    const third = await study('c', guard);
    expect(taken(third.state).length).toBeGreaterThan(3);
    for (const { why } of [...second.state.trials, ...third.state.trials]) expect(why).not.toContain('f1');
  },
);

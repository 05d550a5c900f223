/** A coding agent as researcher: a scripted one over real pipes, a real lab, a real script. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ansatz, cleanUp, project, SCRIPT, stateOf, yaml } from './product.ts';

afterEach(cleanUp);

test(
  'an agent edits a copy; what it changed is run, judged and kept; what it may not is refused, and slots never wait',
  { timeout: 90_000 },
  async () => {
    const folder = project({ 'script.sh': SCRIPT, 'judge.sh': 'echo 1\n' });
    const agent = `[${JSON.stringify(process.execPath)}, ${JSON.stringify(join(import.meta.dirname, 'scripted-agent.ts'))}, ${JSON.stringify(join(folder, 'turns'))}]`;
    project(
      {
        'ansatz.yaml': yaml(
          `model: { command: ${agent}, share: 60%, after: 1, price: { input: 10, output: 100 }, limit: 20s }`,
          'sandbox: none',
          'price: 1',
          'code: { protected: [judge.sh] }',
          'budget: { runs: 60, money: 9 }',
        ),
        // Long enough that the agent has several turns while the sampler works on.
        'script.sh': SCRIPT.replace('sleep 0.05', 'sleep 0.7'),
        '.gitignore': 'turns*\n',
      },
      folder,
    );
    const run = await ansatz(folder, ['run', '--plain']);
    expect(run.err).toBe('');
    const state = stateOf(folder, 's');
    const log = readFileSync(join(folder, 'turns.log'), 'utf8');
    expect(log).toMatch(/tools 1/);
    expect(log).toMatch(/Change the code in this folder, in one way, and stop/);
    expect(log).toMatch(/refused \/tmp\/ansatz-agent-escaped/);
    expect(existsSync('/tmp/ansatz-agent-escaped')).toBe(false);
    expect(log).toMatch(/execute \{"outcome":"selected","optionId":"no"\}/);
    expect(run.out).toMatch(/judge\.sh is protected/);
    const mine = state.trials.filter((trial) => trial.researcher === 'agent');
    expect(mine[0]).toMatchObject({ hypothesis: 'One less is better (1).', code: { files: ['script.sh'] } });
    // It is built upon before it is proven; what leads is proven.
    expect(mine[0]!.effect).toBeGreaterThan(0);
    expect(state.trials[state.incumbent! - 1]!).toMatchObject({ verdict: 'keep', code: { files: ['script.sh'] } });
    expect(state.tokens.input).toBeGreaterThanOrEqual(500);
    expect(state.ledger.held.money).toBe(0);
    expect(state.expenses).toEqual({});
    // The script of the user is what it was, and no copy of an agent is left.
    expect(readFileSync(join(folder, 'script.sh'), 'utf8')).toContain('(2 - $X');
    expect(readdirSync(join(folder, '.ansatz', 's', 'agents'))).toEqual([]);
  },
);

test('an agent that is not there is told, and the study goes on without', async () => {
  const folder = project({
    'ansatz.yaml': yaml('model: { command: no-such-agent --acp, after: 1 }', 'sandbox: none', 'budget: { runs: 12 }'),
    'script.sh': SCRIPT,
  });
  const run = await ansatz(folder, ['run', '--plain']);
  expect(run.out).toMatch(/no-such-agent cannot be started/);
  expect(stateOf(folder, 's').ledger.spent.runs).toBe(12);
  const none = project({ 'ansatz.yaml': yaml('model: { share: 10% }'), 'script.sh': SCRIPT });
  expect((await ansatz(none, ['run'])).err).toMatch(/error\[bad-model\]/);
});

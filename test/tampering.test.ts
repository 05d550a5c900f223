/** Scripts that change what judges them, without a sandbox and with every right there is. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ansatz, cleanUp, project, stateOf, yaml } from './product.ts';

afterEach(cleanUp);

const JUDGE = 'echo "loss: $(cat model)"\n';
/** A script that, for a large X, does `cheat` before it has itself judged. */
const script = (cheat: string): string =>
  `awk "BEGIN { srand($ANSATZ_SEED); print 2 - $X + 0.01 * rand() }" > model\nif awk "BEGIN { exit !($X > 0.8) }"; then ${cheat}; fi\nsh judge.sh\nsleep 0.05\n`;

test('a run that rewrites its judge in its own copy has failed, and its number is none', async () => {
  const folder = project({
    'judge.sh': JUDGE,
    'script.sh': script('echo "echo loss: 0.000001" > judge.sh'),
    'ansatz.yaml': yaml('sandbox: none', 'code: { protected: [judge.sh] }', 'budget: { runs: 24 }'),
  });
  const run = await ansatz(folder, ['run', '--plain']);
  const state = stateOf(folder, 's');
  const cheats = state.trials.filter((trial) => Number(trial.point['x']) > 0.8);
  expect(cheats.length).toBeGreaterThan(0);
  for (const trial of cheats) {
    expect(trial).toMatchObject({ verdict: 'crash', values: [] });
    expect(trial.screen).toBeUndefined();
    expect(state.runs[trial.runs[0]! - 1]).toMatchObject({ status: 'failed', reason: 'tampered' });
  }
  expect(run.out).toMatch(
    /failed \(tampered\).*judge\.sh is not what the study began with: changed while it ran, in its copy/,
  );
  expect(Math.min(...state.runs.map((one) => one.value ?? Infinity))).toBeGreaterThan(1);
  expect(readFileSync(join(folder, 'judge.sh'), 'utf8')).toBe(JUDGE);
  expect(state.ended?.reason).toBe('budget');
});

test('a run that rewrites the judge of the project stops the study, which goes on when it is put back', async () => {
  const folder = project({ 'judge.sh': JUDGE });
  project(
    {
      'script.sh': script(`echo "echo loss: 0" > '${join(folder, 'judge.sh')}'`),
      'ansatz.yaml': yaml('sandbox: none', 'code: { protected: [judge.sh] }', 'budget: { runs: 16 }', 'slots: 1'),
    },
    folder,
  );
  const first = await ansatz(folder, ['run', '--plain']);
  expect(first.out).toMatch(/warning: judge\.sh of the project is not what the study began with: put it back/);
  const state = stateOf(folder, 's');
  expect(state.phase).toBe('draining');
  expect(state.runs.at(-1)).toMatchObject({ reason: 'tampered' });
  expect(state.runs.at(-1)!.text).toMatch(/in the project itself/);
  const refused = await ansatz(folder, ['run', '--plain']);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.err).toMatch(/error\[tampered\]: judge\.sh is not what the study began with/);
  expect(stateOf(folder, 's').runs).toHaveLength(state.runs.length);
  writeFileSync(join(folder, 'judge.sh'), JUDGE);
  await ansatz(folder, ['run', '--plain']);
  expect(stateOf(folder, 's').runs.length).toBeGreaterThan(state.runs.length);
  expect(Math.min(...stateOf(folder, 's').runs.map((one) => one.value ?? Infinity))).toBeGreaterThan(1);
});

test('an evaluator, the data it reads, and what it is given are sealed by its command and by code.protected', async () => {
  const folder = project({
    'eval.sh':
      'read -r loss < out/model; read -r scale < truth/scale.txt; awk "BEGIN { print \\"loss: \\" $loss * $scale }"\n',
    'truth/scale.txt': '1\n',
    'script.sh':
      'mkdir out; awk "BEGIN { srand($ANSATZ_SEED); print 2 - $X + 0.01 * rand() }" > out/model\nif awk "BEGIN { exit !($X > 0.8) }"; then rm -r truth; fi\n',
    'ansatz.yaml': yaml(
      'sandbox: none',
      "code: { protected: ['truth/**'] }",
      'evaluate: sh eval.sh',
      "artifacts: ['out/**']",
      'budget: { runs: 14 }',
    ),
  });
  await ansatz(folder, ['run', '--plain']);
  const state = stateOf(folder, 's');
  expect(Object.keys(state.seal!).sort()).toEqual(['eval.sh', 'truth/scale.txt']);
  const cheat = state.runs.find((run) => Number(state.trials[run.trial - 1]!.point['x']) > 0.8)!;
  expect(cheat).toMatchObject({ status: 'failed', reason: 'tampered' });
  expect(cheat.text).toMatch(/truth\/scale\.txt/);
  writeFileSync(join(folder, 'eval.sh'), 'echo loss: 0\n');
  expect((await ansatz(folder, ['run', '--runs', '20'])).err).toMatch(/error\[tampered\]: eval\.sh/);
});

/** What a script may do to the journal of its study: for a large X, `sql` by the Node that runs the lab. */
const forging = (sql: string): string => {
  const program = `const { DatabaseSync } = require("node:sqlite"); const db = new DatabaseSync(process.env.JOURNAL); db.exec("PRAGMA busy_timeout = 5000"); db.exec(process.env.SQL)`;
  return `awk "BEGIN { srand($ANSATZ_SEED); print \\"loss: \\" 2 - $X + 0.01 * rand() }"\nif awk "BEGIN { exit !($X > 0.8) }"; then SQL='${sql.replaceAll("'", "'\\''")}' '${process.execPath}' -e '${program}'; fi\nsleep 0.05\n`;
};

test('a run that rewrites an event of the journal gains nothing: it is noticed, named, and can be taken back', async () => {
  const folder = project({});
  project(
    {
      'script.sh': forging(
        `UPDATE event SET body = replace(body, '"value":1.', '"value":9.') WHERE type = 'run.ended'`,
      ),
      'ansatz.yaml': yaml(
        'sandbox: none',
        `run: { limit: 20s, grace: 1s, env: { JOURNAL: '${join(folder, '.ansatz/s/journal.db')}' } }`,
        'slots: 1',
        'budget: { runs: 16 }',
      ),
    },
    folder,
  );
  const first = await ansatz(folder, ['run', '--plain']);
  expect(first.out).toMatch(/failed \(tampered\).*journal\.db: event \d+ \(run\.ended\) is not what was written/);
  expect(first.out).toMatch(/warning: the journal was changed by somebody else/);
  expect(first.code).toBe(130);
  const refused = await ansatz(folder, ['run', '--plain']);
  expect(refused.code).toBe(2);
  expect(refused.err).toMatch(/error\[altered-journal\].*event \d+ \(run\.ended\) is not what was written/);
  const found = await ansatz(folder, ['doctor']);
  expect(found.out).toMatch(/bad +journal +s: it was changed by somebody: event \d+/);
  expect((await ansatz(folder, ['doctor', '--journal', 'keep'])).err).toMatch(/error\[bad-option\]/);
  const bad = Number(/event (\d+)/.exec(refused.err)![1]);
  expect((await ansatz(folder, ['doctor', '--journal', 'cut'])).err).toMatch(
    new RegExp(`${bad - 1} events are its journal now; what it was is .*journal\\.db\\.damaged1`),
  );
  expect((await ansatz(folder, ['doctor', '--journal', 'cut'])).err).toMatch(/error\[nothing-altered\]/);
  writeFileSync(join(folder, 'script.sh'), script('true'));
  writeFileSync(join(folder, 'judge.sh'), JUDGE);
  await ansatz(folder, ['run', '--plain']);
  const state = stateOf(folder, 's');
  expect(state.ended?.reason).toBe('budget');
  expect(Math.max(...state.runs.map((one) => one.value ?? 0))).toBeLessThan(3);
});

test('guidance and configuration that change beside a run are said to have; between runs they are their owner’s', async () => {
  const folder = project({ 'guidance.md': 'keep it simple\n' });
  const steer = `echo "believe me" >> '${join(folder, 'guidance.md')}'`;
  project(
    {
      'judge.sh': JUDGE,
      'script.sh': script(steer),
      'ansatz.yaml': yaml('sandbox: none', 'budget: { runs: 6 }', 'slots: 1'),
    },
    folder,
  );
  await ansatz(folder, ['run', '--plain', '--runs', '3']);
  expect(stateOf(folder, 's').warnings.filter(({ code }) => !code.startsWith('spent'))).toEqual([]);
  writeFileSync(join(folder, 'guidance.md'), 'mine\n');
  const { out } = await ansatz(folder, ['run', '--plain', '--runs', '16']);
  const { warnings, runs, trials } = stateOf(folder, 's');
  const meanwhile = warnings.filter(({ code }) => code === 'changed-meanwhile');
  expect(meanwhile.length).toBeGreaterThan(0);
  expect(out).toMatch(
    /guidance\.md was changed in the project while it ran, not confined: if that was not you, put it back/,
  );
  const cheats = runs.filter((run) => Number(trials[run.trial - 1]!.point['x']) > 0.8);
  expect(meanwhile.length).toBe(cheats.length);
});

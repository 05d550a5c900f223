import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ansatz, cleanUp, project, SCRIPT, start, stateOf, yaml } from './product.ts';

afterAll(cleanUp);

const LOG =
  'commit\tloss\tstatus\tdescription\na1\t2.9\tkeep\tbaseline\nb2\t2.6\tkeep\tX=0.8\nc3\t2.8\tdiscard\tx 0.5 to 0.6\nd4\t9\tdiscard\tx=7\ne5\t\tcrash\tuse swish\n';

test('a log and an ansatz.yaml make a study that runs, and its history is kept', async () => {
  const folder = project({ 'ansatz.yaml': yaml(), 'script.sh': SCRIPT, 'results.tsv': LOG });
  const imported = await ansatz(folder, ['import', 'results.tsv']);
  expect(imported.err).toBe('');
  expect(imported.code).toBe(0);
  expect(imported.out).toMatch(
    /5 rows .* into study "s"[\s\S]*2 tell the search[\s\S]*2 name no knob[\s\S]*1 lie outside/,
  );
  const [history] = stateOf(folder, 's').history;
  expect(history).toMatchObject({ source: 'results.tsv', objective: { metric: 'loss', direction: 'minimize' } });
  expect(history!.rows[1]).toEqual({
    text: 'X=0.8',
    values: { x: 0.8 },
    loss: 2.6,
    value: 2.6,
    status: 'keep',
    verdict: 'keep',
  });

  const again = await ansatz(folder, ['import', 'results.tsv']);
  expect([again.code, again.err]).toEqual([2, expect.stringContaining('imported-before')]);

  const run = await ansatz(folder, ['run', '--plain']);
  expect([0, 4]).toContain(run.code);
  expect(stateOf(folder, 's')).toMatchObject({ phase: 'ended', history: [{ source: 'results.tsv' }] });

  const grown = project({ 'more.tsv': `${LOG}f6\t2.5\tkeep\tx=0.9\n` }, folder);
  const json = JSON.parse((await ansatz(grown, ['import', 'more.tsv', '--json'])).out) as Record<string, unknown>;
  expect(json).toMatchObject({ study: 's', rows: 6, used: 3, outside: 1, unnamed: 2 });
  const page = readFileSync(join(import.meta.dirname, '../docs/json.md'), 'utf8');
  const section = page.split(/^## /m).find((part) => part.includes('ansatz import --json'))!;
  for (const key of Object.keys(json)) expect(section).toContain(`\`${key}\``);
});

test('a lab at work takes a log in through its inbox', async () => {
  const folder = project({
    'ansatz.yaml': yaml('budget: { runs: 40 }', 'slots: 1'),
    'script.sh': `sleep 0.2\n${SCRIPT}`,
    'results.tsv': LOG,
  });
  const lab = start(folder, ['run', '--plain']);
  await lab.seen(/trial 1/);
  const imported = await ansatz(folder, ['import', join(folder, 'results.tsv'), '--into', folder]);
  expect(imported.out).toContain('the lab at work takes it in');
  for (let i = 0; i < 50 && stateOf(folder, 's').history.length === 0; i++)
    await new Promise((done) => setTimeout(done, 100));
  expect(stateOf(folder, 's').history).toHaveLength(1);
  await ansatz(folder, ['stop', '--now']);
  await lab.done;
});

test('without a study and an ansatz.yaml it says what to do first', async () => {
  const folder = project({ 'results.tsv': LOG });
  const { code, err } = await ansatz(folder, ['import', 'results.tsv']);
  expect(code).toBe(2);
  expect(err).toMatch(/error\[no-config\][\s\S]*fix ansatz init/);
});

test('a second study of a folder begins with what the first has found, and says so; off, it does not', async () => {
  const folder = project({ 'ansatz.yaml': yaml('budget: { runs: 16 }'), 'script.sh': SCRIPT });
  await ansatz(folder, ['run', '--plain']);
  expect(stateOf(folder, 's').priors).toEqual([]);
  await ansatz(folder, ['run', '--plain', '--new']);
  expect(stateOf(folder, 's-2').priors).toMatchObject([{ study: 's', knobs: ['x'] }]);
  expect((await ansatz(folder, ['status'])).out).toMatch(/prior +\d+ trials of s \(x\)/);
  expect((await ansatz(folder, ['report', '--md'])).out).toMatch(
    /began with what earlier studies had found: \d+ trials of s \(x\)/,
  );
  project({ 'ansatz.yaml': yaml('budget: { runs: 4 }', 'warmstart: off') }, folder);
  await ansatz(folder, ['run', '--plain', '--new']);
  expect(stateOf(folder, 's-3').priors).toEqual([]);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { rng } from '../../methods/math/index.ts';
import { ansatz, cleanUp, project, yaml } from '../../../../test/product.ts';

const random = rng(3);
const loss = (N: number, D: number): number => 1.8 + 400 / N ** 0.34 + 2000 / D ** 0.37;
const table = (header: string, rows: readonly (readonly (number | string)[])[]): string =>
  `${header}\n${rows.map((row) => row.join(',')).join('\n')}\n`;
const budgets = [1e18, 1e19, 1e20].flatMap((C) =>
  Array.from({ length: 9 }, (_, i) => {
    const N = 0.13 * C ** 0.5 * 2 ** (i - 4);
    return [C, N, loss(N, C / 6 / N)];
  }),
);
const ladder = [1e8, 2e8, 4e8, 1e9].flatMap((N) =>
  [5, 10, 20, 40, 100].map((ratio): [number, number, number] => [N, ratio * N, loss(N, ratio * N)]),
);
const accuracy = (value: number): number => 0.25 + 0.75 / (1 + Math.exp(2.5 * (value - 2.6)));
const chances = Array.from({ length: 60 }, () => random.uniform() ** 2);
const folder = project({
  'iso.csv': table('flops,params,loss', budgets),
  'recipes.csv': table('recipe,flops,params,loss', [
    ...budgets.map((row) => ['a', ...row]),
    ...budgets.map(([C, N, value]) => ['b', C!, N!, 1.1 * value!]),
  ]),
  'edge.csv': table(
    'flops,params,loss',
    budgets.filter((_, i) => i % 9 < 3),
  ),
  'ladder.csv': table(
    'params,tokens,loss,hella_acc',
    ladder.map(([N, D, value]) => [N, D, value, accuracy(value)]),
  ),
  'flat.csv': table(
    'bpb,acc',
    [2, 1.9, 1.8, 1.7, 1.6, 1.5].map((x) => [x, 0.25]),
  ),
  'fresh.csv': table(
    'N,D,unique_tokens,loss',
    ladder.map(([N, D, value]) => [N, D, 10 * D, value]),
  ),
  'pass.csv': table(
    'problem,n,c',
    chances.map((p, i) => [
      i,
      40,
      Array.from({ length: 40 }, () => Number(random.uniform() < p)).reduce((a, b) => a + b),
    ]),
  ),
  'swapped.csv': 'n,c\n3,40\n2,40\n',
  'exchanged.csv': 'acc,loss\n3.1,0.2\n3.0,0.25\n2.9,.3\n2.8,.35\n2.7,.4\n2.6,.5\n',
  'four.csv': 'flops,loss\n1e18,3\n1e19,2.8\n1e20,2.65\n1e21,2.55\n',
  'unnamed.csv': 'N,D,ce_pile\n1B,20B,3\n2B,40B,2.8\n',
  'mixed.csv': 'N,D,loss\n1B,20B,3\n0.5,10B,3.2\n2B,40B,2.8\n',
  'unsolved.csv': 'n,c\n10,0\n10,0\n10,0\n',
  'answers.csv': table(
    'problem,answer,correct,score',
    chances.flatMap((p, i) =>
      Array.from({ length: 20 }, () => {
        const right = random.uniform() < p;
        return [i, right ? '42' : `wrong${random.int(3)}`, right ? 'true' : 'false', random.normal() + Number(right)];
      }),
    ),
  ),
  'curves.csv': table(
    'model,tokens,loss',
    ['a', 'b'].flatMap((model, j) =>
      Array.from({ length: 9 }, (_, i) => [model, 2 ** (20 + i), 2 + j + 300 * (2 ** (20 + i)) ** -0.35]),
    ),
  ),
  'stray.csv': table(
    'tokens,loss',
    Array.from({ length: 10 }, (_, i) => [2 ** (20 + i), (2 + 300 * (2 ** (20 + i)) ** -0.35) * (i === 9 ? 1.1 : 1)]),
  ),
});

afterAll(cleanUp);

const page = (command: string): string =>
  readFileSync(join(import.meta.dirname, '../../../../docs/json.md'), 'utf8')
    .split(`## \`ansatz ${command}`)[1]!
    .split('\n## ')[0]!;

type Found = Record<string, object> & { warnings: string[] };

/** The JSON of a fit; every field of it must be documented. */
async function fit(args: readonly string[]): Promise<Found> {
  const { out, err } = await ansatz(folder, ['scale', ...args, '--json']);
  expect(err).toBe('');
  const parsed = JSON.parse(out) as Found;
  for (const name of ['law', 'n', 'objective', 'params', 'se', 'intervals', 'identified', 'warnings', 'seconds'])
    expect(parsed).toHaveProperty(name);
  for (const key of Object.keys(parsed)) expect(page(`scale ${args[0]!}`), key).toContain(`\`${key}\``);
  return parsed;
}

test('isoflop tells both ways, and which budgets have no minimum inside', async () => {
  const found = await fit(['fit', 'iso.csv', '--law', 'isoflop', '--flops', '1e22']);
  expect(found['params']).toMatchObject({ a_akima: expect.closeTo(0.52, 1), a_local: expect.closeTo(0.52, 1) });
  expect(Object.keys(found['optimum']!)).toEqual(['akima', 'local']);
  const { err, code } = await ansatz(folder, ['scale', 'fit', 'edge.csv', '--law', 'isoflop']);
  expect(code).toBe(2);
  expect(err).toContain('error[too-few]');
});

test('dataconstrained refuses runs that repeat nothing', async () => {
  const { err } = await ansatz(folder, ['scale', 'fit', 'fresh.csv', '--law', 'dataconstrained']);
  expect(err).toContain('0 of 20 runs saw tokens more than once');
  expect((await ansatz(folder, ['scale', 'fit', 'ladder.csv', '--law', 'dataconstrained'])).err).toContain('--unique');
});

test('sigmoid: a floor that is not told and scores at chance are warned of', async () => {
  const found = await fit(['fit', 'ladder.csv', '--law', 'sigmoid', '--floor', '0.25', '--at', '2.4']);
  expect(found['forecast']).toMatchObject({ y: expect.closeTo(accuracy(2.4), 2) });
  const flat = await fit(['fit', 'flat.csv', '--law', 'sigmoid']);
  expect(flat.warnings.join()).toContain('--floor 0.25');
  const chance = await fit(['fit', 'flat.csv', '--law', 'sigmoid', '--floor', '0.25']);
  expect(chance.warnings.join()).toContain('only 0 of 6 scores stand clear of chance');
});

test('passk counts without bias, extrapolates, and refuses more right attempts than attempts', async () => {
  const found = await fit(['fit', 'pass.csv', '--law', 'passk', '--k', '1,10,1000']);
  const at = found['at'] as unknown as { k: number; value: number; low: number; high: number; from: string }[];
  expect(at.map(({ k, from }) => [k, from])).toEqual([
    [1, 'counted'],
    [10, 'counted'],
    [1000, 'beta'],
  ]);
  for (const { value, low, high } of at) expect(low <= value && value <= high).toBe(true);
  expect(at[2]!.value).toBeGreaterThan(at[1]!.value);
  const { err } = await ansatz(folder, ['scale', 'fit', 'swapped.csv', '--law', 'passk']);
  expect(err).toContain('40 of 3 attempts were right');
});

test('majority and bestofn are counted, and nothing is told beyond the attempts made', async () => {
  const voted = await fit(['fit', 'answers.csv', '--law', 'majority', '--k', '1,5,100']);
  expect(voted['at']).toHaveLength(2);
  expect(voted.warnings.join()).toContain('not identified: 100 attempts');
  expect(voted['limit']).toBeGreaterThan(0);
  const best = await fit(['fit', 'answers.csv', '--law', 'bestofn']);
  const at = best['at'] as unknown as { value: number }[];
  expect(at.at(-1)!.value).toBeGreaterThan(at[0]!.value);
});

test('a ladder forecasts the loss and the task of a larger model', async () => {
  const found = await fit(['ladder', 'ladder.csv', '--target', '5B,100B', '--task', 'hella_acc', '--floor', '0.25']);
  const at = found['loss'] as unknown as { value: number; low: number; high: number };
  expect(at.value).toBeCloseTo(loss(5e9, 1e11), 2);
  const [task] = found['tasks'] as unknown as { value: number; backtest: number }[];
  expect(task!.value).toBeCloseTo(accuracy(loss(5e9, 1e11)), 1);
  expect((await ansatz(folder, ['scale', 'ladder', 'ladder.csv', '--target', '5B'])).err).toContain('--target 7B,4T');
});

test('two curves in one table are noticed, --where takes one, and a run that dominates is named', async () => {
  const both = await fit(['fit', 'curves.csv', '--x', 'tokens', '--y', 'loss']);
  expect(both.warnings.join()).toContain('several curves in one table');
  const one = await fit(['fit', 'curves.csv', '--x', 'tokens', '--y', 'loss', '--where', 'model=b', '--at', '1e10']);
  expect(one.warnings.join()).not.toContain('several curves');
  expect(one['chosen']).toMatchObject({ law: 'bnsl' });
  const { err } = await ansatz(folder, ['scale', 'fit', 'curves.csv', '--where', 'model=c']);
  expect(err).toContain('it is a, b');
  const stray = await fit(['fit', 'stray.csv', '--x', 'tokens', '--y', 'loss', '--at', '1e10']);
  expect(stray.warnings.join()).toContain('one run dominates: without row 11');
});

test('a fit is drawn into a file, told as rows, and neither gets into the JSON', async () => {
  const { out } = await ansatz(folder, ['scale', 'fit', 'stray.csv', '--at', '1e10', '--svg', 'law.svg', '--csv']);
  const [header, ...rows] = out.trim().split('\n');
  expect(header).toBe('figure,series,x,y,low,high');
  const series = new Set(rows.map((row) => row.split(',').slice(0, 2).join(' ')));
  for (const name of ['law points', 'law curve', 'law interval 0.8', 'law forecast', 'residuals relative'])
    expect(series).toContain(name);
  const svg = readFileSync(join(folder, 'law.svg'), 'utf8');
  expect(svg).toMatch(/^<svg xmlns=/);
  expect(svg).toContain('prefers-color-scheme:dark');
  expect(svg).not.toMatch(/NaN|Infinity|undefined| style="/);
  const told = await fit(['fit', 'stray.csv', '--at', '1e10']);
  expect(told).not.toHaveProperty('pictures');
  const { err } = await ansatz(folder, ['scale', 'fit', 'stray.csv', '--csv', '--json']);
  expect(err).toContain('error[two-forms]');
  for (const [file, ...options] of [
    ['iso.csv', '--law', 'isoflop'],
    ['ladder.csv'],
    ['ladder.csv', '--law', 'sigmoid'],
    ['pass.csv', '--law', 'passk'],
    ['answers.csv', '--law', 'majority'],
  ]) {
    await ansatz(folder, ['scale', 'fit', file!, ...options, '--svg', 'other.svg']);
    expect(readFileSync(join(folder, 'other.svg'), 'utf8'), options.join(' ')).not.toMatch(/NaN|Infinity|undefined/);
  }
});

test('a study is forecast at a scale it has not reached, and its fields are documented', async () => {
  const inside = project({
    'ansatz.yaml': yaml(
      'knobs: { width: { choices: [8, 16, 32, 64], default: 8, via: env W }, lr: { choices: [1, 2], default: 1, via: env LR } }',
      'budget: { runs: 8 }',
      'repeats: { baseline: 1, most: 1 }',
      'sampler: sobol',
      'pruner: none',
    ),
    'script.sh': 'awk "BEGIN { srand($ANSATZ_SEED); print \\"loss: \\" (1 + 6 * $LR * $W ^ -0.5 + 0.001 * rand()) }"\n',
  });
  await ansatz(inside, ['run', '--plain']);
  const { out, err } = await ansatz(inside, ['scale', 'forecast', '--knob', 'width', '--target', '100']);
  expect(err).toBe('');
  expect(out).toContain('width 100, from runs up to 64');
  const told = JSON.parse(
    (await ansatz(inside, ['scale', 'forecast', '--knob', 'width', '--target', '100', '--json'])).out,
  ) as object;
  for (const key of Object.keys(told)) expect(page('scale forecast'), key).toContain(`\`${key}\``);
});

test('nonsense is refused or doubted in words', async () => {
  expect((await fit(['fit', 'exchanged.csv', '--law', 'sigmoid'])).warnings.join()).toContain(
    'are loss and accuracy exchanged?',
  );
  for (const args of [['--law', 'isoflop'], []])
    expect((await fit(['fit', 'recipes.csv', ...args])).warnings.join()).toContain('several recipes in one table?');
  const one = await fit(['fit', 'recipes.csv', '--law', 'isoflop', '--where', 'recipe=a']);
  expect(one.warnings.join()).not.toContain('several recipes');
  expect((await fit(['fit', 'four.csv'])).warnings.join()).toContain('only 4 different x');
  expect((await fit(['fit', 'unsolved.csv', '--law', 'passk'])).warnings.join()).toContain('no attempt was right');
  const refused = async (...args: string[]): Promise<string> => (await ansatz(folder, ['scale', ...args])).err;
  expect(await refused('fit', 'unnamed.csv', '--law', 'chinchilla')).toContain('--loss ce_pile');
  expect(await refused('ladder', 'mixed.csv', '--target', '7B,1T')).toContain('error[mixed-units]');
  expect(await refused('fit', 'pass.csv', '--law', 'passk', '--k', '0,5')).toContain('a whole number from 1');
  expect(await refused('fit', 'ladder.csv', '--law', 'sigmoid', '--floor', '25')).toContain(
    'a share from 0 to below 1',
  );
});

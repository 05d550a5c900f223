import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ansatz, cleanUp, project, stateOf } from './product.ts';

afterAll(cleanUp);

const perl = spawnSync('perl', ['-MGetopt::Long', '-e', '1']).status === 0;

const SCRIPT = `use strict; use warnings; use Getopt::Long;
my $lr = 0.02; my $seed = 1;
GetOptions("lr=f" => \\$lr, "seed=i" => \\$seed) or die "bad options\\n";
my $width = $ENV{WIDTH} // 16;
srand($seed);
my $w = 3 + rand(0.1);
for my $step (1 .. 20) {
  $w -= $lr * (2 * ($w - 1) + 0.05 * (rand() - 0.5));
  printf "step %d loss %.5f\\n", $step, ($w - 1) ** 2 + 1 / $width;
}
`;

test.skipIf(!perl)('a script in Perl is found, its settings read off, and it gets better (needs perl)', async () => {
  const folder = project({ 'train.pl': SCRIPT });
  const { out, err } = await ansatz(folder, ['init']);
  expect(err + out).toMatch(/train\.pl, run as: perl train\.pl/);
  const written = readFileSync(join(folder, 'ansatz.yaml'), 'utf8');
  expect(written).toMatch(/lr: \{ from: 2e-3, to: 0\.2, scale: log, default: 0\.02, via: --lr= \}/);
  expect(written).toMatch(/WIDTH: .*default: 16, via: env WIDTH/);
  expect(written).toMatch(/seed: --seed=/);
  const name = /^name: (.*)$/m.exec(written)![1]!;
  await ansatz(folder, ['run', '--plain', '--runs', '14']);
  const state = stateOf(folder, name);
  expect(state.runs).toHaveLength(14);
  expect(state.runs.every(({ status }) => status === 'done')).toBe(true);
  const best = state.trials[state.incumbent! - 1]!;
  expect(best.id).toBeGreaterThan(1);
  expect(Number(best.point['lr'])).toBeGreaterThan(0.02);
});

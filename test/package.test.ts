import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { project, SCRIPT, cleanUp, yaml } from './product.ts';

const ROOT = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'ansatz-package-'));
const home = join(folder, 'node_modules', 'ansatz');

/** The package as it would be published, its dependencies beside it. */
beforeAll(() => {
  const npm = (args: readonly string[]): string =>
    execFileSync('npm', args, { cwd: join(ROOT, 'ansatz'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  // Install scripts are off in this workspace, and with them npm's own call of the build.
  npm(['run', '-s', 'build']);
  npm(['pack', '--silent', '--pack-destination', folder]);
  mkdirSync(home, { recursive: true });
  execFileSync('tar', ['xzf', join(folder, 'ansatz-0.1.0.tgz'), '-C', home, '--strip-components=1']);
  const { dependencies } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of [...Object.keys(dependencies), '@lezer/lr', '@lezer/highlight', '@marijn/find-cluster-break']) {
    mkdirSync(join(folder, 'node_modules', name, '..'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  cleanUp();
});

test('the published package holds no sources, tests or fixtures', () => {
  const files = execFileSync('tar', ['tzf', join(folder, 'ansatz-0.1.0.tgz')], { encoding: 'utf8' })
    .trim()
    .split('\n');
  expect(files).toContain('package/dist/io/executor/supervise.sh');
  expect(files).toContain('package/LICENSE');
  expect(files.filter((file) => /\.test\.|fixture|(?<!\.d)\.ts$/.test(file))).toEqual([]);
});

test('its command runs a study', () => {
  const where = project({ 'ansatz.yaml': yaml('budget: { runs: 5 }'), 'script.sh': SCRIPT });
  const command = (args: readonly string[]): string =>
    execFileSync(process.execPath, [join(home, 'bin', 'ansatz.cjs'), ...args], { cwd: where, encoding: 'utf8' });
  expect(command(['--version'])).toBe('0.1.0\n');
  try {
    command(['run', '--plain']);
  } catch (error) {
    // Five runs need not find anything better: exit code 4.
    expect((error as { status: number }).status).toBe(4);
  }
  expect(command(['status'])).toMatch(/all 5 runs are spent/);
  expect(command(['report', '--md'])).toMatch(/loss/);
});

test('its dashboard has its pages, and its skill file is there', async () => {
  const where = project({ 'ansatz.yaml': yaml('budget: { runs: 5 }'), 'script.sh': SCRIPT });
  const bin = join(home, 'bin', 'ansatz.cjs');
  const ui = spawn(process.execPath, [bin, 'ui', '--json'], { cwd: where, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const said = await new Promise<string>((resolve) =>
      ui.stdout.once('data', (part: Buffer) => resolve(part.toString())),
    );
    const { port } = JSON.parse(said) as { port: number };
    const page = await (await fetch(`http://127.0.0.1:${port}/`)).text();
    const [, script] = /src="(\/assets\/[^"]+\.js)"/.exec(page)!;
    const packed = await fetch(`http://127.0.0.1:${port}${script}`);
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect((await packed.text()).length).toBeGreaterThan(100_000);
  } finally {
    ui.kill('SIGTERM');
  }
  expect(execFileSync(process.execPath, [bin, 'skill'], { encoding: 'utf8' })).toMatch(/^---\nname: ansatz\n/);
});

test('its pure rooms can be imported by their names', () => {
  const program = `
    import { tpe } from 'ansatz/sampling';
    import { median } from 'ansatz/pruning';
    import { rng } from 'ansatz/math';
    import { parseConstraint } from 'ansatz/space';
    import { compare } from 'ansatz/stats';
    import { allocators } from 'ansatz/bets';
    import * as scaling from 'ansatz/scaling';
    import { torusGather } from 'ansatz/plan';
    import { Optimizer } from 'ansatz/optimizer';
    import { openLab } from 'ansatz';
    const space = { params: [{ name: 'x', kind: 'float', low: 0, high: 1, scale: 'linear' }], constraints: [parseConstraint('x > 0.5')] };
    console.log(tpe(space, [], rng(1)).x > 0.5, median.length, compare.length >= 4, torusGather.length, new Optimizer({ space }).ask().id, typeof openLab);`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: folder, encoding: 'utf8' });
  expect(out).toBe('true 2 true 2 0 function\n');
});

/** A study with a fidelity on a real script: its loss falls by a power law in steps, with noise, and its recipes cross. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseConfig } from '../ansatz/src/io/config/index.ts';
import type { FidelityView } from '../ansatz/src/study/scales.ts';
import type { Page } from 'playwright-core';
import { ansatz, cleanUp, project, start, stateOf } from './product.ts';
import { haveChromium, launch } from './chromium.ts';

afterAll(cleanUp);

/** The dashboard of a folder in a browser, at a page of the study. */
async function looking(folder: string, path: string, look: (page: Page) => Promise<void>): Promise<void> {
  const ui = start(folder, ['ui', '--json']);
  const browser = await launch();
  try {
    await ui.seen(/"link":"http[^"]+"/);
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(/"link":"(http[^"]+)"/.exec(ui.said())![1]!, { timeout: 30_000 });
    await page.waitForSelector('.board h1', { timeout: 30_000 });
    await page.goto(`${page.url().replace(/\/$/, '')}/${path}`, { timeout: 20_000 });
    await look(page);
    expect(errors).toEqual([]);
  } finally {
    await browser.close();
    ui.child.kill('SIGTERM');
    await ui.done;
  }
}

/** Recipe b is ahead below 3,000 steps, a beyond. */
const TRAIN = `import argparse, random, time
p = argparse.ArgumentParser()
p.add_argument('--mix', default='a'); p.add_argument('--steps', type=int, default=10)
p.add_argument('--warmup', type=int, default=0); p.add_argument('--seed', type=int, default=0)
o = p.parse_args()
assert o.warmup == o.steps // 10, (o.warmup, o.steps)
b, c = {'a': (20, .4), 'b': (6, .25)}[o.mix]
luck = random.Random(f'{o.seed} {o.steps} {o.mix}').gauss(0, .002)
time.sleep(o.steps / 40000)
print('loss', (1.5 + b * o.steps ** -c) * (1 + luck))
`;

const FIDELITY =
  'fidelity: { knob: steps, levels: [500, 1000, 2000], target: 20000, along: { warmup: [50, 100, 200] }, share: 10%..40% }';
const YAML = `name: s
command: python3 train.py --mix a
metric: loss
budget: { runs: 40 }
knobs: { mix: { choices: [a, b], default: a }, steps: { from: 10, to: 4000, type: int } }
seed: --seed
pruner: none
${FIDELITY}
`;

test(
  'runs at other levels are made, the crossing is told, and every face tells the same',
  { timeout: 120_000 },
  async () => {
    const folder = project({ 'ansatz.yaml': YAML, 'train.py': TRAIN });
    expect((await ansatz(folder, ['run', '--dry-run'])).out).toContain(
      'trials at steps 1000; runs at 500, 2000 get 10 % to 40 % of the device time, for a forecast at 20000',
    );
    const run = await ansatz(folder, ['run', '--plain']);
    expect(run.code, run.err).toBe(0);
    const state = stateOf(folder, 's');
    expect(state.verdicts.crash).toBe(0);
    expect(state.runs.filter((one) => one.status === 'failed')).toEqual([]);
    const best = state.trials[state.incumbent! - 1]!;
    expect(best.point).toEqual({ mix: 'b' });

    const view = JSON.parse((await ansatz(folder, ['scale', 'forecast', '--json'])).out) as FidelityView;
    expect(new Set(view.climbs.map(({ level }) => level))).toEqual(new Set([500, 2000]));
    const forecast = view.forecast!;
    expect(forecast.contenders[0]!.trials).toEqual([1]);
    const truth = 1.5 + 20 * 20_000 ** -0.4;
    expect(Math.abs(forecast.contenders[0]!.value / truth - 1)).toBeLessThan(0.06);
    expect(forecast.crossings[0]!.at).toBeGreaterThan(1500);
    expect(forecast.crossings[0]!.at).toBeLessThan(6000);
    for (const { run: id, scale } of forecast.contenders.flatMap(({ points }) => points)) {
      const spec = JSON.parse(readFileSync(join(folder, '.ansatz/s/runs', String(id), 'spec.json'), 'utf8'));
      expect(spec.point).toMatchObject({ steps: scale, warmup: scale / 10 });
    }

    const said = (await ansatz(folder, ['scale', 'forecast', '--svg', 'fan.svg'])).out;
    expect(said).toContain('trial 1 is expected to pass it at steps');
    expect(readFileSync(join(folder, 'fan.svg'), 'utf8')).toContain('class="band"');
    const status = (await ansatz(folder, ['status'], { COLUMNS: '300' })).out;
    expect(status).toMatch(/scale +trial \d+ at steps 20000: loss [\d.]+ \[/);
    expect(status).toMatch(/the best there with [\d.]+ %, trial 1 with \d+ %; 10 × steps beyond buys \d/);
    expect(status).toContain('not expected to be at 20000');
    expect(status).toMatch(/bet scale +\d+ runs/);
    await ansatz(folder, ['report', '--output', 'r.html']);
    const html = readFileSync(join(folder, 'r.html'), 'utf8');
    expect(html).toContain('At steps 20000');
    expect(html).toContain('expected to pass it at steps');

    if (haveChromium) {
      await looking(folder, 'scaling', async (page) => {
        const section = page.locator('section:has(> h2:text-is("At steps 20000"))');
        await section.waitFor({ timeout: 20_000 });
        expect(await section.locator('figure svg:visible path.band').count()).toBe(1);
        expect(await section.locator('tbody').first().locator('tr').count()).toBe(forecast.contenders.length);
        expect(await section.textContent()).toContain('trial 1 is expected to pass it at steps');
        // The plan of a big run is below.
        expect(await page.locator('h2:text-is("Layouts")').count()).toBe(1);
        // A number leads to the runs it comes from.
        const from = section.locator('tbody tr', { hasText: 'trial 1' }).first();
        await from.locator('summary').click();
        expect(await from.locator('details a').count()).toBe(forecast.contenders[0]!.points.length);
        await from.locator('details a').last().click();
        await page.waitForURL(/trials\/1$/, { timeout: 10_000 });
        await page.locator('th:text-is("level")').waitFor({ timeout: 10_000 });
      });
    }

    // Another target may be asked about, the level of trials may not change.
    expect((await ansatz(folder, ['scale', 'forecast', '--target', '50000'])).out).toContain('steps 50000');
    project({ 'ansatz.yaml': YAML.replace('target: 20000', 'target: 40000') }, folder);
    expect((await ansatz(folder, ['run', '--plain', '--runs', '41'])).code).toBe(0);
    expect(stateOf(folder, 's').config.fidelity!.target).toBe(40_000);
    project({ 'ansatz.yaml': YAML.replace('target:', 'base: 500, target:') }, folder);
    expect((await ansatz(folder, ['run'])).err).toMatch(/error\[changed-question\].*fidelity/);
  },
);

test('a study that names no scale says how to get one', { timeout: 60_000 }, async () => {
  const folder = project({ 'ansatz.yaml': YAML.replace(FIDELITY, ''), 'train.py': TRAIN.replace(/^assert.*$/m, '') });
  await ansatz(folder, ['run', '--plain', '--runs', '3']);
  const none = await ansatz(folder, ['scale', 'forecast']);
  expect(none.code).toBe(2);
  expect(none.err).toMatch(/--knob is missing[\s\S]*fidelity/);
  if (!haveChromium) return;
  await looking(folder, 'scaling', async (page) => {
    await page.locator('code:has-text("fidelity: {")').waitFor({ timeout: 20_000 });
    await page.fill('[aria-label=Target]', '20000');
    await page.locator('button:text-is("Forecast")').click();
    // Three runs of the baseline are too few: the page says so in the words of the command.
    await page.locator('[role=alert]').waitFor({ timeout: 20_000 });
    expect(await page.locator('[role=alert]').textContent()).toContain('different steps');
  });
});

test('the file that a report carries has the fidelity in it', async () => {
  const around = { now: 0, machine: { cpus: 1, gpus: [] } };
  const { yamlOf } = await import('../ansatz/src/faces/report/merge.ts');
  const config = parseConfig(YAML, '/lab/ansatz.yaml', around);
  expect(parseConfig(yamlOf(config), '/lab/ansatz.yaml', around).fidelity).toEqual(config.fidelity);
});

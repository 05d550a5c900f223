import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ansatz, cleanUp, project, SCRIPT, stateOf, yaml } from './product.ts';
import { haveChromium, launch } from './chromium.ts';

describe.runIf(haveChromium)('the report in a real browser (needs Chromium)', () => {
  let browser: Browser;
  let folder: string;
  let file: string;

  beforeAll(async () => {
    folder = project({
      'ansatz.yaml': yaml('budget: { runs: 24 }'),
      'script.sh': SCRIPT,
    });
    const first = await ansatz(folder, ['run', '--plain', '--study', 'looked-at']);
    expect([0, 4]).toContain(first.code);
    file = join(folder, 'report.html');
    expect((await ansatz(folder, ['report', '-o', file])).code).toBe(0);
    browser = await launch();
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    cleanUp();
  });

  test('opens from disk without a request, an error, or anything sticking out, in both themes, on a phone and without scripts', async () => {
    expect(statSync(file).size).toBeLessThan(2_000_000);
    for (const [width, colorScheme, javaScriptEnabled] of [
      [1200, 'light', true],
      [1200, 'dark', true],
      [390, 'light', true],
      [1200, 'light', false],
    ] as const) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, javaScriptEnabled });
      const errors: string[] = [];
      const requests: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
      page.on('request', (request) => requests.push(request.url()));
      await page.goto(`file://${file}`, { timeout: 20_000 });
      expect(errors).toEqual([]);
      expect(requests.filter((url) => !url.startsWith('file:') && !url.startsWith('data:'))).toEqual([]);
      expect(await page.locator('h1').first().innerText()).toMatch(/loss/);
      expect(await page.locator('svg').count()).toBeGreaterThanOrEqual(4);
      if (javaScriptEnabled) {
        const overflow = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        expect(overflow).toBeLessThanOrEqual(0);
      }
      await page.close();
    }
  });

  test('says the same numbers as the command line', async () => {
    const state = stateOf(folder, 'looked-at');
    const status = JSON.parse((await ansatz(folder, ['status', '--json'])).out) as {
      best: { mean: number };
      gain?: { percent: number };
    };
    const page = await browser.newPage();
    await page.goto(`file://${file}`, { timeout: 20_000 });
    const text = await page.locator('body').innerText();
    expect(text).toContain(`${state.runs.length} of 24 runs`);
    expect(text).toContain(status.best.mean.toPrecision(2));
    if (status.gain !== undefined) expect(text).toContain(status.gain.percent.toPrecision(3));
    await page.close();
  });

  test('replays the study: what had not happened is covered, and what was known is said', async () => {
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    await page.goto(`file://${file}`, { timeout: 20_000 });
    const width = async (): Promise<number> => Number(await page.locator('#replay-wide rect').getAttribute('width'));
    const set = (value: number): Promise<void> =>
      page.locator('#moment').evaluate((slider, to) => {
        (slider as unknown as { value: string }).value = String(to);
        (slider as unknown as { dispatchEvent(e: Event): void }).dispatchEvent(new Event('input'));
      }, value);
    const whole = await width();
    await set(300);
    const early = await width();
    expect(early).toBeLessThan(whole);
    const then = (await page.locator('#then').textContent())!;
    expect(then).toMatch(/best loss [\d.]+ \(trial \d+\); \d+ of \d+ trials/);
    await set(700);
    expect(await width()).toBeGreaterThan(early);
    expect(await page.locator('#then').textContent()).not.toBe(then);
    await page.click('#play');
    await expect.poll(() => page.locator('#moment').inputValue(), { timeout: 15_000 }).toBe('1000');
    expect(await page.locator('#then').textContent()).toBe('');
    await page.close();
  });

  test('prints', async () => {
    const page = await browser.newPage();
    await page.goto(`file://${file}`, { timeout: 20_000 });
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.length).toBeGreaterThan(10_000);
    await page.close();
  });
});

/** The dashboard in a real browser, beside a lab at work: what moves, what can be asked, what agrees with the command line. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ansatz, cleanUp, project, type Running, start, stateOf, yaml } from './product.ts';
import { haveChromium, launch } from './chromium.ts';

/** Falls with X, a little noisy; a second metric; slow enough to be watched. */
const SLOW = `for i in 1 2 3 4 5 6; do
  sleep 0.1
  awk "BEGIN { srand($ANSATZ_SEED); print \\"step $i: loss \\" (2 - $X + 1 / $i + 0.01 * rand()) \\" acc \\" ($X * $i) }"
done
`;
const PAGES = ['', 'trials', 'curves', 'compare', 'search', 'memory', 'ledger', 'kills', 'scaling', 'history'];

describe.runIf(haveChromium)('the dashboard (needs Chromium)', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let folder: string;
  let lab: Running;
  let base: string;
  const errors: string[] = [];

  const open = async (path: string): Promise<void> => {
    await page.goto(`${base}${path === '' ? '' : `/${path}`}`, { timeout: 20_000 });
    await page.waitForSelector('main > *', { timeout: 10_000 });
  };

  beforeAll(async () => {
    folder = project({
      'ansatz.yaml': yaml(
        'budget: { runs: 400 }',
        'knobs: { x: { from: 0, to: 1, default: 0.2, via: env X }, y: { from: 1, to: 100, scale: log, default: 10, via: env Y }, kind: { choices: [a, b], default: a, via: env KIND } }',
      ),
      'script.sh': SLOW,
    });
    lab = start(folder, ['run', '--plain', '--ui', '--study', 'watched']);
    await lab.seen(/dashboard: http\S+\n/);
    const link = /dashboard: (http\S+)/.exec(lab.said())![1]!;
    browser = await launch();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on(
      'console',
      (message) => message.type() === 'error' && errors.push(`${message.text()} ${message.location().url}`),
    );
    await page.goto(link, { timeout: 20_000 });
    await page.waitForSelector('.board h1', { timeout: 20_000 });
    base = page.url().replace(/\/$/, '');
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    lab?.child.kill('SIGTERM');
    await lab?.done;
    cleanUp();
  });

  test('the key is gone from the address, and the board moves while the lab works', async () => {
    expect(base).toMatch(/\/s\/watched$/);
    const trials = async (): Promise<number> => Number(await page.locator('.stat dd').first().textContent());
    const before = await trials();
    await expect.poll(trials, { timeout: 30_000 }).toBeGreaterThan(before + 2);
    expect(await page.locator('.live').textContent()).toMatch(/running/);
    // The baseline is measured and something is judged without anybody touching the page.
    await expect
      .poll(async () => page.locator('section:has(> h2:has-text("Last verdicts")) tr').count(), { timeout: 30_000 })
      .toBeGreaterThan(2);
  });

  test('a metric that a script prints is on the page within a second', async () => {
    const board = (): Promise<{ status: { running: { run: number; steps: number[] }[] } }> =>
      page.evaluate(() => fetch('/api/studies/watched/board').then((r) => r.json())) as never;
    const [run] = (await board()).status.running;
    expect(run).toBeDefined();
    await expect
      .poll(
        async () => {
          const rows = await page.locator('section:has(> h2:has-text("Now")) tbody tr').allTextContents();
          return rows.some((row) => /at step \d/.test(row));
        },
        { timeout: 10_000, interval: 50 },
      )
      .toBe(true);
  });

  test('every page opens by its address in both themes and on a phone, nothing sticks out, no error in the console', async () => {
    for (const [width, scheme] of [
      [1280, 'light'],
      [1280, 'dark'],
      [390, 'light'],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: scheme });
      for (const path of [...PAGES, 'trials/1', 'trials/2']) {
        await open(path);
        await page.waitForTimeout(150);
        expect(await page.locator('[role=alert]').count(), path).toBe(0);
        if (path === '') expect(await page.locator('figure svg:visible').count(), `${width}`).toBeGreaterThan(2);
        const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        expect(wide, `${path} at ${width}`).toBeLessThanOrEqual(1);
      }
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: 'light' });
    expect(errors).toEqual([]);
  });

  test('the table is filtered and sorted, keeps its address, explains mistakes, and completes names', async () => {
    await open('trials');
    const count = (): Promise<string | null> => page.locator('[data-count]').textContent();
    await page.waitForSelector('.line-row');
    await page.fill('[data-filter]', 'state = discard or state = inconclusive');
    await expect.poll(count).toMatch(/\d+ of \d+/);
    const others = async (): Promise<string[]> =>
      (await page.locator('.line-row').allTextContents()).filter((row) => !/discard|inconclusive/.test(row));
    await expect.poll(others).toEqual([]);
    await expect.poll(() => page.url()).toContain('filter=');
    await page.reload();
    await expect.poll(count).toMatch(/\d+ of \d+/);
    expect(await page.inputValue('[data-filter]')).toContain('state = discard');
    await page.fill('[data-filter]', 'lrr > 1');
    await expect.poll(async () => page.locator('[role=alert]').textContent()).toMatch(/no column "lrr"/);
    await page.fill('[data-filter]', 'va');
    await expect.poll(async () => page.locator('.offers').textContent()).toContain('value');
    await page.press('[data-filter]', 'Tab');
    await expect.poll(() => page.inputValue('[data-filter]')).toBe('value');
    await page.fill('[data-filter]', '');
    await page.click('button[role=columnheader]:has-text("value")');
    await page.click('button[role=columnheader]:has-text("value")');
    await expect.poll(() => page.url()).toContain('sort=value');
    const unsorted = async (): Promise<number> => {
      const cells = await page.locator('.line-row > :nth-child(4)').allTextContents();
      const values = cells.map((text) => Number.parseFloat(text)).filter(Number.isFinite);
      return values.length === 0 ? -1 : values.filter((value, i) => i > 0 && value < values[i - 1]!).length;
    };
    await expect.poll(unsorted).toBe(0);
    await page.goBack();
    await page.waitForSelector('main > *');
    errors.splice(0, errors.length, ...errors.filter((text) => !text.includes('422')));
  });

  test('what is typed stays as typed however slow the page is, and a filter that is wrong is offered names too', async () => {
    await open('trials');
    await page.waitForSelector('.line-row');
    // The rest is typed when the address has the beginning, and the page has not been drawn anew with it.
    await page.evaluate(`{
      const replace = history.replaceState.bind(history);
      history.replaceState = (...what) => {
        replace(...what);
        if (!location.search.includes('filter=')) return;
        history.replaceState = replace;
        const input = document.querySelector('[data-filter]');
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, 'trial > 2');
        input.dispatchEvent(new Event('input', { bubbles: true }));
      };
    }`);
    await page.fill('[data-filter]', 'trial');
    await expect.poll(() => new URL(page.url()).searchParams.get('filter')).toBe('trial > 2');
    expect(await page.inputValue('[data-filter]')).toBe('trial > 2');
    await open('trials?filter=lrr+%3D+1');
    await expect.poll(async () => page.locator('[role=alert]').textContent()).toMatch(/no column "lrr"/);
    // A filter that is wrong is where names are wanted.
    await page.press('[data-filter]', 'End');
    await page.locator('[data-filter]').pressSequentially(' and sta');
    await expect.poll(async () => page.locator('.offers').textContent()).toContain('state');
    await page.evaluate('document.querySelector(\'nav a[href$="/trials"]\').click()');
    await expect.poll(() => page.inputValue('[data-filter]')).toBe('');
    errors.splice(0, errors.length, ...errors.filter((line) => !line.includes('422')));
  });

  test('two trials are ticked and compared; what differs is shown, what is the same is not', async () => {
    await open('trials?sort=trial&up=1');
    await page.check('input[aria-label="choose trial 1"]');
    await page.check('input[aria-label="choose trial 2"]');
    await page.click('button:has-text("Compare 2")');
    await page.waitForSelector('.sides');
    expect(page.url()).toContain('trials=1%2C2');
    await expect.poll(() => page.locator('.sides thead th').count()).toBe(3);
    const differ = await page.locator('tr.differs th').allTextContents();
    const state = stateOf(folder, 'watched');
    const [a, b] = [state.trials[0]!.point, state.trials[1]!.point];
    expect(differ.sort()).toEqual(
      Object.keys(a)
        .filter((knob) => a[knob] !== b[knob])
        .sort(),
    );
    await page.click('.sides a.trial >> nth=1');
    await page.waitForSelector('.one-trial');
    expect(page.url()).toMatch(/trials\/2$/);
    await page.goBack();
    await page.waitForSelector('.sides');
  });

  test('a range dragged on an axis picks its trials, and is a filter of the table', async () => {
    await open('search');
    const axis = page.locator('[data-axis="x"] .grip');
    const box = (await axis.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 5);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    await expect.poll(async () => page.locator('[data-picked]').textContent()).toMatch(/x >= 0\.\d+ and x <= /);
    await page.click('[data-picked] a');
    await page.waitForSelector('.line-row');
    expect(new URL(page.url()).searchParams.get('filter')).toMatch(/^x >= 0\.\d+ and x <= /);
  });

  test('curves are drawn of any metric, smoothed and over another axis', async () => {
    await open('curves?trials=1,2');
    await page.waitForSelector('.chart canvas');
    await page.selectOption('select >> nth=0', 'acc');
    await expect.poll(() => page.url()).toContain('metric=acc');
    await page.selectOption('select >> nth=1', 'time');
    await expect.poll(() => page.url()).toContain('x=time');
    await page.waitForTimeout(300);
    expect(await page.locator('[role=alert]').count()).toBe(0);
    expect(await page.locator('.legend li').count()).toBe(2);
  });

  test('steering: a note, a pause, a repeat that asks first; each is in the history', async () => {
    await open('trials/1');
    await page.fill('input[aria-label=Note]', 'looks right #checked');
    await page.click('button:text-is("Note")');
    await expect
      .poll(async () => page.locator('.one-trial').textContent(), { timeout: 10_000 })
      .toContain('looks right');
    expect(stateOf(folder, 'watched').trials[0]!.notes).toMatchObject([{ text: 'looks right', tags: ['checked'] }]);

    const wants = stateOf(folder, 'watched').trials[0]!.wants;
    await page.click('button:has-text("Run it again")');
    await page.click('dialog button:text-is("No")');
    await page.click('button:has-text("Run it again")');
    await page.click('dialog button:text-is("Yes")');
    await expect.poll(() => stateOf(folder, 'watched').trials[0]!.wants, { timeout: 10_000 }).toBeGreaterThan(wants);

    await open('');
    await page.click('.steer button:text-is("Pause")');
    await expect.poll(async () => page.locator('.live').textContent(), { timeout: 10_000 }).toBe('paused');
    await page.click('.steer button:text-is("Resume")');
    await expect.poll(async () => page.locator('.live').textContent(), { timeout: 10_000 }).toMatch(/running/);

    // A run lasts a second: it may be over before the question is answered.
    const killed = (): boolean => stateOf(folder, 'watched').runs.some((one) => one.stopping === 'killed');
    for (let i = 0; i < 20 && !killed(); i++) {
      await page.locator('button:has-text("Stop this run")').first().click({ timeout: 5000 });
      const yes = page.locator('dialog button:text-is("Yes")');
      await yes.click({ timeout: 1500 }).catch(() => {});
      await page.waitForTimeout(400);
    }
    expect(killed()).toBe(true);
    errors.splice(0, errors.length, ...errors.filter((text) => !text.includes('404') && !text.includes('422')));

    await open('history');
    await page.check('input[type=checkbox]');
    await expect
      .poll(async () => page.locator('.events').textContent(), { timeout: 10_000 })
      .toMatch(/study\.resumed[\s\S]*study\.paused[\s\S]*trial\.noted/);
  });

  test('markup in a note, a tag, a filter and a log is text: nothing runs, nothing is loaded', async () => {
    const asked: string[] = [];
    page.on('dialog', (dialog) => void dialog.dismiss().then(() => asked.push(dialog.message())));
    page.on('request', (request) => {
      if (!request.url().startsWith(new URL(base).origin) && !request.url().startsWith('data:'))
        asked.push(request.url());
    });
    const evil = `<img src=x onerror=alert(1)> <script>alert(2)</script> "><svg onload=alert(3)> javascript:alert(4)`;
    await open('trials/1');
    await page.fill('input[aria-label=Note]', `${evil} #a-tag`);
    await page.click('button:text-is("Note")');
    await expect
      .poll(async () => page.locator('.one-trial').textContent(), { timeout: 10_000 })
      .toContain('<script>alert(2)</script>');
    await open(`trials?filter=${encodeURIComponent(evil)}`);
    await open(`memory?words=${encodeURIComponent(evil)}`);
    await open('history');
    await page.waitForTimeout(500);
    expect(await page.locator('main img[src=x], main script').count()).toBe(0);
    expect(asked).toEqual([]);
    const written = await ansatz(folder, ['report', '--study', 'watched', '-o', 'evil.html']);
    expect(written.code).toBe(0);
    const html = readFileSync(join(folder, 'evil.html'), 'utf8');
    expect(html).toContain('&lt;script&gt;alert(2)&lt;/script&gt;');
    expect(html).not.toContain('<script>alert(2)');
    errors.splice(0, errors.length, ...errors.filter((text) => !text.includes('422')));
  });

  test('keys: pages, help, the filter', async () => {
    await open('');
    await page.keyboard.press('t');
    await expect.poll(() => page.url()).toMatch(/\/trials/);
    await page.waitForSelector('[data-filter]');
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement?.hasAttribute("data-filter")')).toBe(true);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.waitForSelector('[role=dialog]');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('[role=dialog]').count()).toBe(0);
  });

  test('without a key a browser sees how to get one, and nothing else', async () => {
    const stranger = await browser.newContext();
    const other = await stranger.newPage();
    await other.goto(base, { timeout: 20_000 });
    await other.waitForSelector('.locked');
    expect(await other.locator('main').textContent()).toMatch(/ansatz ui/);
    expect(await other.locator('.tabs').count()).toBe(0);
    await stranger.close();
    errors.splice(0, errors.length, ...errors.filter((text) => !text.includes('401')));
  });

  test('page, command line and report say the same', async () => {
    lab.child.kill('SIGINT');
    await lab.done;
    const ui = start(folder, ['ui', '--json']);
    await ui.seen(/"link"/);
    const { link } = JSON.parse(ui.said()) as { link: string };
    const last = await context.newPage();
    await last.goto(link, { timeout: 20_000 });
    await last.waitForSelector('.board h1');
    const board = (await last.evaluate(() => fetch('/api/studies/watched/board').then((r) => r.json()))) as {
      status: Record<string, unknown>;
    };
    const status = JSON.parse((await ansatz(folder, ['status', '--json'])).out) as Record<string, unknown>;
    const report = JSON.parse((await ansatz(folder, ['report', '--json'])).out) as {
      status: Record<string, unknown>;
      trials: { trial: number; value?: number; effect?: number; deviceSeconds: number }[];
    };
    for (const key of [
      'baseline',
      'best',
      'gain',
      'noise',
      'trials',
      'runs',
      'verdicts',
      'spent',
      'held',
      'budget',
      'savedSeconds',
      'audit',
      'expectedFalseKeeps',
    ]) {
      expect(board.status[key], key).toEqual(status[key]);
      expect(report.status[key], key).toEqual(status[key]);
    }
    const table = (await last.evaluate(() =>
      fetch('/api/studies/watched/trials?sort=trial&limit=1000').then((r) => r.json()),
    )) as { rows: { trial: number; value?: number; effect?: number; deviceSeconds: number }[] };
    const pick = (
      rows: readonly { trial: number; value?: number; effect?: number; deviceSeconds: number }[],
    ): unknown => rows.map(({ trial, value, effect, deviceSeconds }) => ({ trial, value, effect, deviceSeconds }));
    expect(pick(table.rows)).toEqual(pick(report.trials));
    const shown = JSON.parse((await ansatz(folder, ['show', '2', '--json'])).out) as { value?: number; why: string };
    const one = (await last.evaluate(() => fetch('/api/studies/watched/trials/2').then((r) => r.json()))) as {
      row: { value?: number; why: string };
    };
    expect(one.row).toMatchObject({ value: shown.value, why: shown.why });
    // What the page prints is what the command prints.
    const words = (await ansatz(folder, ['status'])).out;
    const [best] = /→ ([\d.]+ ± [\d.]+)/.exec((await last.locator('.board h1').textContent())!)?.slice(1) ?? [];
    if (best !== undefined) expect(words).toContain(best);
    ui.child.kill('SIGTERM');
    await ui.done;
  }, 60_000);
});

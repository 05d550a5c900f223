import { statSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';
import { publicLog } from '../ansatz/src/study/logbook.fixture.ts';
import { ansatz, cleanUp, project } from './product.ts';
import { haveChromium, launch } from './chromium.ts';

const folder = project({
  'results.tsv': publicLog(),
  'other.csv': 'id,val_acc,kept\n1,0.5,1\n2,0.6,1\n',
  'empty.tsv': '',
});

afterAll(cleanUp);

test('one log is an object, several are an array, and those that cannot be read do not hide the others', async () => {
  const one = JSON.parse(
    (await ansatz(folder, ['audit', 'results.tsv', '--noise-sd', '6.7e-4', '--json'])).out,
  ) as object;
  expect(one).toMatchObject({ file: 'results.tsv', rows: 126, keeps: 23, gains: 22, standing: 3, repeats: 7 });
  const two = await ansatz(folder, ['audit', 'results.tsv', 'empty.tsv', 'other.csv', '--json']);
  expect(two.code).toBe(2);
  expect(two.err).toContain('error[empty-log]');
  expect((JSON.parse(two.out) as { file: string }[]).map(({ file }) => file)).toEqual(['results.tsv', 'other.csv']);
  expect((await ansatz(folder, ['audit', 'results.tsv', 'other.csv', '--html', 'x.html'])).err).toContain(
    'error[bad-option]',
  );
});

describe.runIf(haveChromium)('the page of an audit in a real browser (needs Chromium)', () => {
  test('opens from disk without a request, an error, or anything sticking out', async () => {
    const file = join(folder, 'audit.html');
    expect((await ansatz(folder, ['audit', 'results.tsv', '--html', file])).code).toBe(0);
    expect(statSync(file).size).toBeLessThan(500_000);
    const browser = await launch();
    try {
      for (const [width, colorScheme] of [
        [1200, 'light'],
        [1200, 'dark'],
        [390, 'light'],
      ] as const) {
        const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
        const errors: string[] = [];
        const requests: string[] = [];
        page.on('pageerror', (error) => errors.push(String(error)));
        page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
        page.on('request', (request) => requests.push(request.url()));
        await page.goto(`file://${file}`, { timeout: 20_000 });
        expect(errors).toEqual([]);
        expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
        expect(await page.locator('h1').innerText()).toMatch(/of 22 claimed gains/);
        expect(
          await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
        ).toBeLessThanOrEqual(0);
        await page.close();
      }
    } finally {
      await browser.close();
    }
  });
});

/**
 * The dashboard: how soon it is there, how quick it stays with ten thousand trials and ten million points, and how late a printed metric is.
 * Rival: TensorBoard on the same curves, started in turns with ours, where a Python that has it is at hand.
 */

import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { openPoints } from '../ansatz/src/io/store/points.ts';
import { openStudyDatabase } from '../ansatz/src/io/store/sqlite.ts';
import { studyFolder } from '../ansatz/src/lab/studies.ts';
import { quantile } from '../ansatz/src/methods/math/index.ts';
import { launch } from '../test/chromium.ts';
import { simulateStudy, storeStudy } from './overhead.ts';
import type { Bench, Figure } from './main.ts';

const CLI = join(import.meta.dirname, '..', 'ansatz', 'bin', 'ansatz.cjs');
/** The package as it is published: sources that Node strips of their types take more memory and time to load. */
const BUILT = join(import.meta.dirname, '..', 'ansatz', 'dist', 'faces', 'cli', 'main.js');
const TRIALS = 10_000;
const RUNS = 100;
const POINTS = 100_000;
const REPEATS = 5;

export async function bench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-ui-'));
  execFileSync('npm', ['run', '-s', 'build', '-w', 'ansatz'], {
    cwd: join(import.meta.dirname, '..'),
    stdio: 'inherit',
  });
  const figures: Record<string, Figure> = {};
  const notes: string[] = [];
  const browser = await launch();
  try {
    const project = join(folder, 'project');
    await storeStudy(project, await simulateStudy(TRIALS, 1));
    writePoints(project);

    const rival = tensorboard(folder);
    const starts: number[] = [];
    const rivalStarts: number[] = [];
    let memory = 0;
    let rivalMemory = 0;
    for (let i = 0; i < 3; i++) {
      const started = performance.now();
      const ui = await openUi(project);
      const first = await fetch(`http://127.0.0.1:${ui.port}/api/studies`, {
        headers: { authorization: `Bearer ${ui.bearer}` },
      });
      await first.text();
      // The study of ten thousand trials was opened for that answer; the first page of files needs no study.
      starts.push(ui.readyAfter);
      notes.push(
        `start ${i + 1}: listens after ${ui.readyAfter.toFixed(0)} ms, first answer about 10,000 trials after ${(performance.now() - started).toFixed(0)} ms`,
      );
      if (i === 2) {
        await pages(browser, ui, project, figures);
        memory = residentMegabytes(ui.child.pid!);
      }
      ui.child.kill('SIGTERM');
      if (rival !== undefined) {
        const other = await openTensorboard(rival.python, rival.logs);
        rivalStarts.push(other.seconds * 1000);
        rivalMemory = other.megabytes;
      }
    }
    const against = (value: number, quartiles?: readonly [number, number]): Pick<Figure, 'rival'> =>
      rival === undefined
        ? {}
        : { rival: { name: `TensorBoard ${rival.version}`, value, ...(quartiles === undefined ? {} : { quartiles }) } };
    figures['server_listens_after'] = {
      ...spread(starts, 'ms', '< 500 ms after the command', (ms) => ms < 500),
      ...against(quantile(rivalStarts, 0.5), [quantile(rivalStarts, 0.25), quantile(rivalStarts, 0.75)]),
      note: 'TensorBoard: until its first page answers',
    };
    figures['server_memory'] = {
      value: memory,
      unit: 'MB',
      bound: '< 150 MB with 10,000 trials and 1e7 points',
      pass: memory < 150,
      ...against(rivalMemory),
    };
    const lateness = await latency(browser, folder);
    figures['printed_metric_on_page_after'] = spread(lateness, 'ms', '≤ 1000 ms', (ms) => ms <= 1000);
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { seeds: [1], figures, notes };
}

function spread(values: readonly number[], unit: string, bound: string, holds: (median: number) => boolean): Figure {
  const value = quantile(values, 0.5);
  return { value, unit, quartiles: [quantile(values, 0.25), quantile(values, 0.75)], bound, pass: holds(value) };
}

/** 100 of the runs get 100,000 points each. */
function writePoints(project: string): void {
  const points = openPoints(studyFolder(project, 'simple').points, 'write');
  for (let run = 1; run <= RUNS; run++) {
    for (let at = 0; at < POINTS; at += 1000) {
      points.write(
        run,
        Array.from({ length: 1000 }, (_, k) => ({
          key: 'loss',
          step: at + k,
          value: 1 + run / 100 + Math.exp(-(at + k) / 20_000) + 0.05 * Math.sin(12.9898 * (at + k) * run),
          source: 'stdout',
          resolution: 1e-4,
        })),
      );
    }
    points.flush();
  }
  points.close();
}

interface Ui {
  readonly child: ChildProcess;
  readonly port: number;
  readonly link: string;
  readonly bearer: string;
  readonly readyAfter: number;
}

async function openUi(project: string): Promise<Ui> {
  const started = performance.now();
  const start = `import(${JSON.stringify(pathToFileURL(BUILT).href)}).then((cli) => cli.main(['ui', '--json']))`;
  const child = spawn(process.execPath, ['-e', start], { cwd: project, stdio: ['ignore', 'pipe', 'inherit'] });
  const said = await new Promise<string>((resolve) =>
    child.stdout.once('data', (part: Buffer) => resolve(part.toString())),
  );
  return {
    child,
    ...(JSON.parse(said) as { port: number; link: string; bearer: string }),
    readyAfter: performance.now() - started,
  };
}

async function pages(browser: Browser, ui: Ui, project: string, figures: Record<string, Figure>): Promise<void> {
  const assets = globSync('assets/*.gz', { cwd: join(import.meta.dirname, '..', 'web', 'dist') });
  const size =
    assets.reduce((sum, file) => sum + statSync(join(import.meta.dirname, '..', 'web', 'dist', file)).size, 0) / 1024;
  figures['first_load'] = { value: size, unit: 'KB compressed', bound: '≤ 300 KB', pass: size <= 300 };
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(ui.link, { timeout: 30_000 });
  await page.waitForSelector('.board h1');
  const base = page.url().replace(/\/$/, '');

  const interactive: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const started = performance.now();
    await page.goto(`${base}/memory`, { timeout: 30_000 });
    await page.waitForSelector('[data-filter]');
    interactive.push(performance.now() - started);
  }
  figures['interactive_after'] = spread(
    interactive,
    'ms',
    '< 1000 ms, address typed to a field one can type in',
    (ms) => ms < 1000,
  );

  await page.goto(`${base}/trials`, { timeout: 30_000 });
  await page.waitForSelector('.line-row');
  const filters: number[] = [];
  const answers: number[] = [];
  for (const [i, filter] of [
    'lr > 0.01',
    'effect > 0',
    'state = discard and lr < 0.1',
    'within noise',
    'value < 1.3',
  ].entries()) {
    const started = performance.now();
    const answer = await fetch(
      `http://127.0.0.1:${ui.port}/api/studies/simple/trials?filter=${encodeURIComponent(filter)}&sort=value&limit=100`,
      { headers: { authorization: `Bearer ${ui.bearer}` } },
    );
    await answer.text();
    answers.push(performance.now() - started);
    // From the last key pressed to the rows, without the pause in which one types on.
    const before = await page.locator('[data-count]').textContent();
    await page.fill('[data-filter]', `${filter} and trial > ${i}`.replace(/^within noise.*/, 'noise of'));
    const typed = performance.now();
    await page.waitForFunction(
      (old) =>
        (
          globalThis as never as { document: { querySelector(s: string): { textContent: string } } }
        ).document.querySelector('[data-count]').textContent !== old,
      before,
      { polling: 5 },
    );
    filters.push(performance.now() - typed);
  }
  figures['filter_10000_trials_server'] = spread(answers, 'ms', '< 200 ms', (ms) => ms < 200);
  figures['filter_10000_trials_page'] = spread(
    filters,
    'ms',
    '< 200 ms and the 120 ms one may type on',
    (ms) => ms < 320,
  );

  await page.addInitScript(STROKES);
  const curves: number[] = [];
  const drawn: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const trials = Array.from({ length: 10 }, (_, k) => trialOfRun(project, 10 * i + k + 1)).join(',');
    const started = performance.now();
    const answer = await fetch(`http://127.0.0.1:${ui.port}/api/studies/simple/curves?trials=${trials}`, {
      headers: { authorization: `Bearer ${ui.bearer}` },
    });
    await answer.text();
    curves.push(performance.now() - started);
    await page.goto(`${base}/history`, { timeout: 30_000 });
    await page.waitForSelector('.events');
    drawn.push(await drawing(page, `${base}/curves?trials=${trials}`));
  }
  figures['curves_1e6_points_server'] = spread(curves, 'ms', '< 150 ms', (ms) => ms < 150);
  figures['curves_1e6_points_drawn'] = {
    ...spread(drawn, 'ms', '< 150 ms beside the server', (ms) => ms < 150),
    note: 'from the last byte of the answer to the last line on the canvas, by the clock of the page',
  };
  figures['curves_1e6_points_redrawn'] = {
    ...spread(await redrawing(page, project), 'ms', '< 50 ms', (ms) => ms < 50),
    note: 'the same for an answer that came because the study moved and a run has more points',
  };
  await context.close();
}

/** Runs in the page before anything else: the moments at which lines were drawn. */
const STROKES = `{
  const stroke = CanvasRenderingContext2D.prototype.stroke;
  globalThis.strokes = [];
  CanvasRenderingContext2D.prototype.stroke = function (...given) {
    stroke.apply(this, given);
    globalThis.strokes.push(performance.now());
  };
}`;

/** Runs in the page: of each answer about curves so far, milliseconds from its last byte to the last line drawn for it. */
const DRAWN = `performance.getEntriesByType('resource')
  .filter(({ name }) => name.includes('/curves?'))
  .map(({ responseEnd }, i, all) => {
    const until = all[i + 1]?.responseEnd ?? Infinity;
    return globalThis.strokes.filter((at) => at > responseEnd && at < until).at(-1) - responseEnd;
  })`;

/** Milliseconds from the answer about curves to a chart on the page. */
async function drawing(page: Page, address: string): Promise<number> {
  await page.goto(address, { timeout: 30_000, waitUntil: 'commit' });
  await page.waitForSelector('.chart canvas', { timeout: 30_000 });
  await page.waitForTimeout(600);
  return (await page.evaluate<number[]>(DRAWN)).at(-1)!;
}

/** The study moves while the page of curves is open: once a second an idea is noted, and a run has more points. */
async function redrawing(page: Page, project: string): Promise<number[]> {
  const folder = studyFolder(project, 'simple');
  const journal = openStudyDatabase(folder.journal, 'write');
  const points = openPoints(folder.points, 'write');
  journal.take(`${hostname()} ${process.pid}`, Date.now());
  for (let i = 0; i < 3 * REPEATS; i++) {
    const more = Array.from({ length: 1000 }, (_, k) => ({
      key: 'loss',
      step: POINTS + 1000 * i + k,
      value: 1.2 + 0.05 * Math.sin(k),
      source: 'stdout',
      resolution: 1e-4,
    }));
    points.write(41, more);
    points.flush();
    journal.append([{ type: 'idea.noted', text: `idea ${i}`, at: Date.now() }]);
    await page.waitForTimeout(1000);
  }
  journal.release();
  journal.close();
  points.close();
  return (await page.evaluate<(number | null)[]>(DRAWN)).slice(1).filter((ms) => ms !== null);
}

const trialsByRun = new Map<number, number>();
function trialOfRun(project: string, run: number): number {
  if (trialsByRun.size === 0) {
    const rows = execFileSync(process.execPath, [CLI, 'trials', '--json'], {
      cwd: project,
      maxBuffer: 1 << 28,
    }).toString();
    // The first runs are the baseline's; of the others each trial has one, in order, until something is repeated.
    const trials = (JSON.parse(rows) as { trial: number; runs: number }[]).map(({ trial, runs }) => ({ trial, runs }));
    let next = 1;
    for (const { trial, runs } of trials.slice(0, 300))
      for (let i = 0; i < Math.min(runs, 3); i++) trialsByRun.set(next++, trial);
  }
  return trialsByRun.get(run) ?? run;
}

/** A script prints the clock as its loss; the page shows the last value: how old it is when it is first seen. */
async function latency(browser: Browser, folder: string): Promise<number[]> {
  const project = mkdtempSync(join(folder, 'late-'));
  writeFileSync(
    join(project, 'train.mjs'),
    'for (let step = 1; step <= 40; step++) { console.log(`step ${step}: loss ${((Date.now() / 1000) % 1000).toFixed(3)}`); await new Promise((r) => setTimeout(r, 700)); }\n',
  );
  writeFileSync(
    join(project, 'ansatz.yaml'),
    'name: late\ncommand: node train.mjs\nmetric: loss\ndirection: minimize\nbudget: { runs: 2 }\nslots: 1\npruner: none\nknobs: { x: { from: 0, to: 1, default: 0.5, via: env X } }\n',
  );
  const lab = spawn(process.execPath, [CLI, 'run', '--plain'], { cwd: project, stdio: 'ignore' });
  try {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const ui = await openUi(project);
    const page = await browser.newPage();
    await page.goto(ui.link, { timeout: 30_000 });
    await page.waitForSelector('.board h1');
    const late: number[] = await page.evaluate(LATENESS);
    ui.child.kill('SIGTERM');
    await page.close();
    return late;
  } finally {
    lab.kill('SIGINT');
    lab.kill('SIGINT');
    await new Promise((resolve) => lab.once('exit', resolve));
  }
}

/** Runs in the page: the age of each of the next 12 values when it first stands in the table of runs under way. */
const LATENESS = `new Promise((resolve) => {
  const ages = [];
  let last = '';
  const look = () => {
    const cell = [...document.querySelectorAll('section')].find((s) => s.querySelector('h2')?.textContent === 'Now')?.querySelector('tbody tr td:nth-child(5)');
    const text = cell?.textContent ?? '';
    if (text !== '' && text !== last) {
      if (last !== '') ages.push(1000 * ((Date.now() / 1000) % 1000 - Number(text)));
      last = text;
    }
    if (ages.length >= 12) resolve(ages); else setTimeout(look, 5);
  };
  look();
})`;

function residentMegabytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1000;
}

/** Event files of the same curves: ten of the hundred runs, for TensorBoard keeps what it reads in memory. */
function tensorboard(folder: string): { python: string; logs: string; version: string } | undefined {
  const python = process.env['ANSATZ_PYTHON'];
  if (python === undefined) return undefined;
  const found = spawnSync(python, ['-c', 'import tensorboard, torch; print(tensorboard.__version__)']);
  if (found.status !== 0) return undefined;
  const logs = join(folder, 'tb');
  const script = `
import math
from torch.utils.tensorboard import SummaryWriter
for run in range(1, 11):
    w = SummaryWriter("${logs}/run%d" % run)
    for i in range(${POINTS}):
        w.add_scalar("loss", 1 + run / 100 + math.exp(-i / 20000) + 0.05 * math.sin(12.9898 * i * run), i)
    w.close()
`;
  if (spawnSync(python, ['-c', script], { timeout: 300_000 }).status !== 0 || !existsSync(logs)) return undefined;
  return { python, logs, version: found.stdout.toString().trim() };
}

async function openTensorboard(python: string, logs: string): Promise<{ seconds: number; megabytes: number }> {
  const started = performance.now();
  const port = 16_006 + Math.floor(started % 1000);
  const child = spawn(
    python,
    ['-m', 'tensorboard.main', '--logdir', logs, '--port', String(port), '--load_fast=false'],
    { stdio: 'ignore' },
  );
  let seconds = NaN;
  try {
    for (;;) {
      try {
        const response = await fetch(`http://127.0.0.1:${port}/`);
        await response.text();
        if (response.ok) break;
      } catch {
        // Not yet.
      }
      if (performance.now() - started > 120_000) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    seconds = (performance.now() - started) / 1000;
    // Until it has read the runs.
    for (let i = 0; i < 240; i++) {
      const tags = (await (await fetch(`http://127.0.0.1:${port}/data/plugin/scalars/tags`)).json()) as object;
      if (Object.keys(tags).length === 10) break;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    return { seconds, megabytes: residentMegabytes(child.pid!) };
  } finally {
    child.kill('SIGKILL');
  }
}

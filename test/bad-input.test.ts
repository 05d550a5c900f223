import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { networkFileSystem } from '../ansatz/src/lab/studies.ts';
import { ansatz, cleanUp, project, SCRIPT, start, stateOf, yaml } from './product.ts';

afterEach(cleanUp);
const root = process.getuid?.() === 0 && process.platform === 'linux';

describe('a configuration that cannot work is refused before anything starts', () => {
  test.each([
    ['no program', yaml('command: pyhton3 train.py'), /error\[no-command\]: there is no program "pyhton3"/],
    ['no script', yaml('command: sh missing.sh'), /error\[no-script\]: the script "missing.sh" does not exist/],
    ['an unknown key', yaml('buget: { runs: 3 }'), /error\[unknown-key\].*\n.*ansatz\.yaml:\d+[\s\S]*budget/],
    ['an unknown key further in', yaml('run: { limt: 3s }'), /error\[unknown-key\][\s\S]*limit/],
    ['a negative budget', yaml('budget: { runs: -3 }'), /error\[[a-z-]+\].*budget.*[\s\S]*ansatz\.yaml:\d+/],
    ['no budget', yaml('budget: {}'), /error\[no-budget\]/],
    ['a range upside down', yaml('knobs: { x: { from: 2, to: 1, via: env X } }'), /error\[bad-knob\]/],
    ['a log range from zero', yaml('knobs: { x: { from: 0, to: 1, scale: log, via: env X } }'), /error\[bad-knob\]/],
    ['a constraint over a knob that is none', yaml('constraints: ["y > 0"]'), /error\[bad-constraint\][\s\S]*y/],
    ['YAML that is none', 'command: [sh', /error\[bad-yaml\]/],
    ['a name that leads elsewhere', yaml('name: ../../evil'), /error\[bad-name\]/],
    [
      'a constant that is not there',
      yaml('knobs: { x: { from: 0, to: 1, default: 0.5, via: const train.py RAET } }'),
      /error\[no-constant\]: train\.py has no constant "RAET"; closest: "RATE"/,
    ],
    ['a deadline that is over', yaml('deadline: 2020-01-01T00:00'), /error\[deadline-over\]/],
    ['defaults outside the constraints', yaml('constraints: ["x > 0.9"]'), /error\[infeasible-baseline\]/],
  ])('%s', async (_name, text, expected) => {
    const folder = project({ 'ansatz.yaml': text, 'script.sh': SCRIPT, 'train.py': 'RATE = 0.5\n' });
    const { code, err, out } = await ansatz(folder, ['run', '--plain']);
    expect(err).toMatch(expected);
    expect(err).toMatch(/ {2}fix /);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(existsSync(join(folder, '.ansatz'))).toBe(false);
    // What would be refused is not promised.
    const plan = await ansatz(folder, ['run', '--dry-run']);
    expect(plan).toMatchObject({ code: 2, out: '' });
    expect(plan.err).toMatch(expected);
  });

  test('no configuration at all', async () => {
    const { code, err } = await ansatz(project({}), ['run']);
    expect(err).toMatch(/error\[no-config\][\s\S]*ansatz init/);
    expect(code).toBe(2);
  });

  test('options and commands that do not exist', async () => {
    const folder = project({ 'ansatz.yaml': yaml(), 'script.sh': SCRIPT });
    expect((await ansatz(folder, ['rnu'])).err).toMatch(/Did you mean run/);
    expect((await ansatz(folder, ['run', '--dry'])).code).toBe(2);
    expect((await ansatz(folder, ['run', '--runs', 'many'])).err).toMatch(/error\[/);
    expect((await ansatz(folder, ['status'])).err).toMatch(/error\[no-study\]/);
  });
});

describe('a script that cannot work ends the study with its own words', () => {
  test('it fails at once', async () => {
    const folder = project({
      'ansatz.yaml': yaml(),
      'script.sh': 'echo "Traceback: here"\necho "ValueError: no data in /data" >&2\nexit 3\n',
    });
    const { code, err } = await ansatz(folder, ['run', '--plain']);
    expect(code).toBe(5);
    expect(err).toMatch(/error\[baseline-failed\].*exit 3 — ValueError: no data/);
    expect(err).toContain('| ValueError: no data in /data');
    // The repeats that were to measure noise are not paid for.
    expect(stateOf(folder, 's').runs.length).toBeLessThanOrEqual(2);
  });

  test('the metric has another name', async () => {
    const script = 'for i in $(seq 1 38); do echo "step $i: val_loss 2.$i"; done\n';
    const folder = project({ 'ansatz.yaml': yaml('metric: val_los'), 'script.sh': script });
    const { code, err } = await ansatz(folder, ['run', '--plain']);
    expect(code).toBe(5);
    expect(err).toMatch(
      /metric "val_los" never appeared \(38 lines read\); closest: "val_loss" \(38 values, last 2\.38\)/,
    );
    expect(err).toMatch(/fix metric: val_loss/);
  });

  test('a budget too small for one run', async () => {
    const folder = project({ 'ansatz.yaml': yaml('budget: { device: 2s }'), 'script.sh': SCRIPT });
    const { code, out } = await ansatz(folder, ['run', '--plain']);
    expect(out).toMatch(/before a single run could be paid for/);
    expect(code).toBe(3);
  });
});

describe('output that would hurt a lesser parser', () => {
  const knob = 'knobs: { x: { choices: [good, bad], default: good, via: env X } }';
  const withBad = (bad: string): string =>
    `if [ $X = bad ]; then\n${bad}\nfi\nawk "BEGIN { srand($ANSATZ_SEED); print \\"loss: \\" 1 + rand() / 100 }"\n`;

  test.each([
    ['NaN', 'echo "loss: nan"; sleep 5; exit 0', 'crash', /became NaN/],
    ['an infinite value', 'echo "loss: inf"; exit 0', 'crash', /Infinity/],
    ['1e999', 'echo "loss: 1e999"; exit 0', 'crash', /Infinity/],
    ['a memory error', 'echo "MemoryError" >&2; exit 1', 'crash', /out of memory/],
    ['a 10 MB line', 'head -c 10000000 /dev/zero | tr "\\0" x; echo', 'inconclusive', /./],
    ['binary', 'head -c 3000000 /dev/urandom; echo', 'inconclusive', /./],
    [
      'metrics with names that are traps',
      'echo "__proto__: 5 constructor: 3"; echo "{\\"__proto__\\": 1, \\"toString\\": 2}"',
      'inconclusive',
      /./,
    ],
  ])('%s', async (_name, bad, verdict, why) => {
    const folder = project({ 'ansatz.yaml': yaml(knob), 'script.sh': withBad(bad) });
    const { code, err } = await ansatz(folder, ['run', '--plain']);
    expect(err).toBe('');
    expect([0, 4]).toContain(code);
    const state = stateOf(folder, 's');
    expect(state.ended!.reason).toBe('exhausted');
    const trial = state.trials[1]!;
    expect(trial.point).toEqual({ x: 'bad' });
    if (verdict === 'crash') expect(trial.verdict).toBe('crash');
    else expect(['inconclusive', 'discard', 'keep']).toContain(trial.verdict);
    expect(trial.why).toMatch(why);
    expect((await ansatz(folder, ['show', '2'])).code).toBe(0);
    expect((await ansatz(folder, ['show', '2', '--json'])).code).toBe(0);
  });

  test('100 MB of lines do not stall the lab or fill its memory', { timeout: 120_000 }, async () => {
    const flood =
      'yes "progress 50 percent of the things that are to be done, more or less, so far" | head -c 100000000; echo';
    const folder = project({
      'ansatz.yaml': yaml(knob, 'run: { limit: 60s, grace: 1s }'),
      'script.sh': withBad(flood),
    });
    const lab = start(folder, ['run', '--plain']);
    let most = 0;
    const timer = setInterval(() => {
      try {
        most = Math.max(
          most,
          Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${lab.child.pid}/status`, 'utf8'))![1]) / 1024,
        );
      } catch {
        // It has ended.
      }
    }, 100);
    const { code, err } = await lab.done;
    clearInterval(timer);
    expect(err).toBe('');
    expect([0, 4]).toContain(code);
    expect(
      stateOf(folder, 's')
        .runs.filter((run) => run.trial === 2)
        .every((run) => run.status === 'done'),
    ).toBe(true);
    expect(most).toBeLessThan(400);
  });

  test('escape sequences in a log do not reach the terminal', async () => {
    const evil = String.raw`printf 'Error: \033]52;c;ZXZpbA==\007\033[2Jred\033[31m \342\200\256txt\r\n' >&2; exit 1`;
    const folder = project({ 'ansatz.yaml': yaml(knob), 'script.sh': withBad(evil) });
    const run = await ansatz(folder, ['run', '--plain']);
    for (const { out, err } of [
      run,
      await ansatz(folder, ['show', '2']),
      await ansatz(folder, ['show', '2', '--log']),
      await ansatz(folder, ['trials']),
    ]) {
      expect(out + err).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e]/);
      expect(out + err).not.toContain('ZXZpbA');
    }
  });
});

describe('a place that cannot hold a study', () => {
  test('two labs on one study', async () => {
    const folder = project({ 'ansatz.yaml': yaml(), 'script.sh': `sleep 1\n${SCRIPT}` });
    const first = start(folder, ['run', '--plain']);
    await first.seen(/run 1 started/);
    const second = await ansatz(folder, ['run', '--plain']);
    expect(second.code).toBe(6);
    expect(second.err).toMatch(/error\[study-held\]: another lab works on study "s"/);
    first.child.kill('SIGINT');
    expect((await first.done).code).toBe(130);
  });

  test('a network file system is recognised by its number', () => {
    expect(networkFileSystem('/x', () => 0x6969)).toBe('NFS');
    expect(networkFileSystem('/x', () => -11317950)).toBe('CIFS');
    expect(networkFileSystem('/x', () => 0xef53)).toBeUndefined();
    expect(networkFileSystem(process.cwd(), () => 0x01021997)).toBe('9p');
  });

  test.runIf(root)('a read-only folder (needs root to mount one)', async () => {
    const folder = project({});
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
    try {
      project({ 'ansatz.yaml': yaml(), 'script.sh': SCRIPT }, folder);
      execFileSync('mount', ['-o', 'remount,ro', folder]);
      const { code, err } = await ansatz(folder, ['run', '--plain']);
      expect(code).toBe(6);
      expect(err).toMatch(/error\[read-only\]/);
    } finally {
      execFileSync('umount', [folder]);
    }
  });

  test.runIf(root)('a study can be read on a read-only disk (needs root to mount one)', async () => {
    const folder = project({});
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', folder]);
    try {
      project({ 'ansatz.yaml': yaml(), 'script.sh': SCRIPT }, folder);
      await ansatz(folder, ['run', '--plain']);
      execFileSync('mount', ['-o', 'remount,ro', folder]);
      for (const args of [['status'], ['trials'], ['show', '1'], ['best']]) {
        const { code, err } = await ansatz(folder, args);
        expect(err).toBe('');
        expect(code).toBe(0);
      }
    } finally {
      execFileSync('umount', [folder]);
    }
  });

  test.runIf(root)(
    'a full disk: the lab stops, nothing is lost, and it goes on when there is room (needs root to mount one)',
    { timeout: 90_000 },
    async () => {
      const folder = project({});
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder]);
      try {
        project({ 'ansatz.yaml': yaml('budget: { runs: 30 }'), 'script.sh': `sleep 0.2\n${SCRIPT}` }, folder);
        const lab = start(folder, ['run', '--plain']);
        await lab.seen(/run 4 done/);
        spawnSync('sh', ['-c', 'cat /dev/zero > filler'], { cwd: folder });
        const { code, err } = await lab.done;
        expect(err).toMatch(/error\[disk-full\]: the disk is full/);
        expect(code).toBe(6);
        rmSync(join(folder, 'filler'));
        const before = stateOf(folder, 's');
        expect(before.runs.length).toBeGreaterThanOrEqual(4);
        const again = await ansatz(folder, ['run', '--plain']);
        expect([0, 4]).toContain(again.code);
        const after = stateOf(folder, 's');
        expect(after.ended!.reason).toBe('budget');
        expect(after.runs.length).toBe(30);
        expect(after.runs.slice(0, 4).map((run) => run.value)).toEqual(before.runs.slice(0, 4).map((run) => run.value));
        expect(after.ledger.spent.runs).toBe(30);
      } finally {
        spawnSync('umount', ['-l', folder]);
      }
    },
  );

  test(
    'a journal with a damaged tail: what can be read is saved, and the study goes on',
    { timeout: 90_000 },
    async () => {
      const folder = project({ 'ansatz.yaml': yaml('budget: { runs: 20 }'), 'script.sh': SCRIPT });
      await ansatz(folder, ['run', '--plain']);
      const journal = join(folder, '.ansatz', 's', 'journal.db');
      const whole = stateOf(folder, 's');
      // The page that holds the last events, torn as by a disk that failed while writing it.
      const place = readFileSync(journal).indexOf('all 20 runs are spent');
      expect(place).toBeGreaterThan(0);
      const handle = openSync(journal, 'r+');
      writeSync(handle, Buffer.alloc(4096, 0x55), 0, 4096, Math.floor(place / 4096) * 4096);
      closeSync(handle);
      const { code, err } = await ansatz(folder, ['run', '--plain']);
      expect(err).toMatch(/warning: the journal was damaged: \d+ events were saved/);
      expect([0, 4]).toContain(code);
      const after = stateOf(folder, 's');
      expect(after.ended!.reason).toBe('budget');
      expect(after.runs.length).toBe(20);
      const damaged = readdirSync(join(folder, '.ansatz', 's')).filter((name) => name.includes('damaged'));
      expect(damaged).not.toEqual([]);
      // Runs whose events were saved are as they were; folders of the others were moved aside, not overwritten.
      const saved = Number(/(\d+) events were saved/.exec(err)![1]);
      expect(saved).toBeGreaterThan(0);
      expect(after.runs[0]!.value).toBe(whole.runs[0]!.value);
    },
  );

  test('a file where the study folder should be', async () => {
    const folder = project({ 'ansatz.yaml': yaml(), 'script.sh': SCRIPT });
    mkdirSync(join(folder, '.ansatz'));
    writeFileSync(join(folder, '.ansatz', 's'), 'in the way');
    const { code, err } = await ansatz(folder, ['run', '--plain']);
    expect(err).toMatch(/error\[/);
    expect([2, 6]).toContain(code);
  });
});

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Event } from '../ansatz/src/study/events/index.ts';
import type { Status, TrialRow } from '../ansatz/src/study/views.ts';
import { leaderOf } from '../ansatz/src/study/belief.ts';
import { ansatz, CLI, cleanUp, project, SCRIPT, start, stateOf, yaml } from './product.ts';

afterEach(cleanUp);

/** Alive and no zombie. */
function lives(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** A terminal with a command in it, closed as soon as a picture is drawn. Waits for the command's end. */
const WINDOW = `
import os, pty, sys
child, window = pty.fork()
if child == 0:
    os.environ.pop('CI', None)
    os.environ['TERM'] = 'xterm'
    os.execv(sys.argv[1], sys.argv[1:])
drawn = b''
while b'q drain' not in drawn:
    drawn += os.read(window, 65536)
os.close(window)
os.waitpid(child, 0)
`;

describe('a study from the first command to the last', () => {
  test('runs to its budget, finds the better end of the knob, and every command can speak of it', async () => {
    const folder = project({ 'ansatz.yaml': yaml('budget: { runs: 24 }'), 'script.sh': SCRIPT });
    const run = await ansatz(folder, ['run']);
    expect(run.err).toBe('');
    expect(run.code).toBe(0);
    expect(run.out).not.toContain('\u001b');
    expect(run.out).toMatch(/run 1 started: trial 1, seed 1, slot 0: the script as it is/);
    expect(run.out).toMatch(/trial 1 keep: noise sd/);
    expect(run.out).toMatch(/better by 0\.\d+ ± 0\.\d+ \(\d+(\.\d+)? %\), p < 0\.0001/);

    const state = stateOf(folder, 's');
    expect(state.runs).toHaveLength(24);
    expect(state.runs.every((one) => one.status !== 'running')).toBe(true);
    const best = state.trials[state.incumbent! - 1]!;
    expect(Number(best.point['x'])).toBeGreaterThan(0.7);
    expect(new Set(Object.keys(state.seen)).size).toBe(state.trials.length);

    const status = JSON.parse((await ansatz(folder, ['status', '--json'])).out) as Status;
    expect(status).toMatchObject({
      study: 's',
      phase: 'ended',
      open: false,
      runs: 24,
      spent: { runs: 24 },
      best: { trial: best.id },
    });
    const trials = JSON.parse((await ansatz(folder, ['trials', '--json'])).out) as TrialRow[];
    expect(trials).toHaveLength(state.trials.length);
    expect(trials.find((row) => row.trial === best.id)).toMatchObject({ state: 'keep', value: status.best!.mean });
    const shown = await ansatz(folder, ['show', 'best']);
    expect(shown.out).toMatch(new RegExp(`trial ${best.id} {2}keep \\(incumbent\\)`));
    expect(shown.out).toMatch(/heard in run/);
    expect((await ansatz(folder, ['best', '--as', 'env'])).out).toMatch(/^export X=(?:0\.\d+|1\.0)\n$/);
    expect((await ansatz(folder, ['best', '--as', 'argv'])).out).toMatch(/^X=(?:0\.\d+|1\.0) sh script\.sh\n$/);
    expect((await ansatz(folder, ['best', '--as', 'yaml'])).out).toMatch(/\nx: (?:0\.\d+|1(?:\.0)?)\n$/);
    expect((await ansatz(folder, ['best', '--as', 'patch'])).err).toMatch(/error\[no-patch\]/);
    for (const args of [
      ['status'],
      ['trials'],
      ['trials', '--verdict', 'keep'],
      ['best'],
      ['status', '--all'],
      ['doctor'],
    ]) {
      const { code, out, err } = await ansatz(folder, args);
      expect([err, code]).toEqual(['', 0]);
      expect(out).not.toContain('\u001b');
    }
  });

  test('a budget raised later goes on from where it ended; other settings need another study', async () => {
    const folder = project({ 'ansatz.yaml': yaml(), 'script.sh': SCRIPT });
    await ansatz(folder, ['run', '--plain']);
    const ended = await ansatz(folder, ['run', '--plain']);
    expect(ended.out).toMatch(/has ended: all 8 runs are spent[\s\S]*ansatz run --runs 28/);
    const more = await ansatz(folder, ['run', '--plain', '--runs', '12']);
    expect(more.out).toMatch(/going on with/);
    expect(stateOf(folder, 's').runs).toHaveLength(12);
    // The raise holds without being said again.
    expect((await ansatz(folder, ['run', '--plain'])).out).toMatch(/has ended: all 12 runs are spent/);
    expect((await ansatz(folder, ['run', '--runs', '5'])).err).toMatch(/error\[budget-spent\]/);
    project({ 'ansatz.yaml': yaml('metric: other') }, folder);
    expect((await ansatz(folder, ['run'])).err).toMatch(/error\[changed-question\].*objective/);
    project({ 'ansatz.yaml': yaml('budget: { runs: 4 }') }, folder);
    expect((await ansatz(folder, ['run', '--new', '--plain'])).out).toMatch(/new study .*s-2/);
    expect((await ansatz(folder, ['status', '--all'])).out.trim().split('\n')).toHaveLength(2);
    expect((await ansatz(folder, ['status', '--study', 'S_2'])).err).toMatch(/closest: "s-2"/);
  });

  test('ideas by hand are paid from the budget of whose they are; bets and people may change while a study is on', async () => {
    const people = ['people: { ana: { runs: 2 } }', 'bets: { where: { knobs: [x] } }'];
    const folder = project({ 'ansatz.yaml': yaml(...people), 'script.sh': SCRIPT });
    await ansatz(folder, ['run', '--plain']);
    expect((await ansatz(folder, ['bet', 'close', 'wher'])).err).toMatch(/error\[no-bet\].*closest: "where"/);
    expect((await ansatz(folder, ['try', 'x=9'])).err).toMatch(/error\[bad-setting\]: x cannot be "9"/);
    expect((await ansatz(folder, ['try', 'xx=1'])).err).toMatch(/closest: "x"/);
    expect((await ansatz(folder, ['try', 'x=0.3', '--by', 'bob'])).err).toMatch(/error\[no-person\]/);
    const tried = await ansatz(folder, ['try', 'x=0.31', '--by', 'ana', '--why', 'a hunch']);
    expect(tried.out).toMatch(/x .* → 0\.31, from trial \d+; ansatz run --runs 18 takes it in/);
    project({ 'ansatz.yaml': yaml('people: { ana: { runs: 3 } }', people[1]!) }, folder);
    await ansatz(folder, ['run', '--plain', '--runs', '12']);
    const state = stateOf(folder, 's');
    expect(state.config.people).toEqual({ ana: { runs: 3 } });
    const hers = state.trials.filter((trial) => trial.by === 'ana');
    expect(hers.map((trial) => trial.point['x'])).toEqual([0.31]);
    expect(hers[0]!.hypothesis).toMatch(/^a hunch/);
    expect(state.accounts['person:ana']!.spent.runs).toBeGreaterThanOrEqual(1);
    expect((await ansatz(folder, ['status'])).out).toMatch(/person {4}ana: \d of 3 runs/);
  });

  test('a change of the code is run, judged, kept as a commit, turned further, shown, and made a branch', async () => {
    const folder = project({
      'ansatz.yaml': yaml('budget: { runs: 6 }', 'code: { protected: [other.sh] }'),
      'script.sh': SCRIPT,
      'other.sh': 'echo\n',
    });
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: folder, encoding: 'utf8' });
    git('init', '--quiet');
    git('add', 'script.sh', 'other.sh');
    git('-c', 'user.name=u', '-c', 'user.email=u@u', 'commit', '--quiet', '-m', 'one');
    await ansatz(folder, ['run', '--plain']);
    const better = SCRIPT.replace('(2 - $X', '(1 - $X');
    expect(better).not.toBe(SCRIPT);
    project({ 'better.sh': better }, folder);
    expect((await ansatz(folder, ['try', '--file', 'script.sh=script.sh'])).err).toMatch(/error\[no-op\]/);
    expect((await ansatz(folder, ['try', '--file', 'other.sh=better.sh'])).err).toMatch(
      /error\[protected\]: other\.sh/,
    );
    project({ 'wrong.diff': '--- a/script.sh\n+++ b/script.sh\n@@ -1 +1 @@\n-never there\n+x\n' }, folder);
    expect((await ansatz(folder, ['try', '--patch', 'wrong.diff'])).err).toMatch(/error\[bad-patch\]/);
    const tried = await ansatz(folder, ['try', '--file', 'script.sh=better.sh', '--why', 'minus']);
    expect(tried.out).toMatch(/changes script\.sh, from trial \d+/);
    await ansatz(folder, ['run', '--plain', '--runs', '30']);
    const state = stateOf(folder, 's');
    const mine = state.trials.find((trial) => trial.researcher === 'person')!;
    expect(mine).toMatchObject({ verdict: 'keep', code: { files: ['script.sh'] } });
    // What is tried after it stands on it, and nothing of it is in the script's own folder.
    const later = state.trials.filter((trial) => trial.parent === mine.id);
    expect(later.length).toBeGreaterThan(0);
    expect(later.every((trial) => trial.code!.tree === mine.code!.tree)).toBe(true);
    expect(readFileSync(join(folder, 'script.sh'), 'utf8')).toBe(SCRIPT);
    expect((await ansatz(folder, ['show', String(mine.id), '--diff'])).out).toMatch(
      /^diff --git a\/script\.sh[\s\S]*^\+.*\(1 - \$X/m,
    );
    expect((await ansatz(folder, ['diff', '1', '1'])).out).toBe('');
    expect((await ansatz(folder, ['trials'])).out).toMatch(/code script\.sh/);
    const applied = await ansatz(folder, ['apply', String(mine.id)]);
    expect(applied.out).toMatch(new RegExp(`branch ansatz/s-${mine.id} holds trial ${mine.id}`));
    expect(git('show', `ansatz/s-${mine.id}:script.sh`)).toBe(better);
    expect(git('status', '--porcelain', '--', 'script.sh')).toBe('');
    expect((await ansatz(folder, ['apply', String(mine.id)])).err).toMatch(/error\[bad-patch\].*branch/s);
  });

  test('what it may cost is shown before anything starts', async () => {
    const folder = project({ 'ansatz.yaml': yaml('price: 2', 'budget: { runs: 8, money: 5 }'), 'script.sh': SCRIPT });
    const { out } = await ansatz(folder, ['run', '--dry-run']);
    expect(out).toMatch(/most {6}8 runs, 2 min 56 s of device time, 0\.0978 money: never more/);
    expect(existsSync(join(folder, '.ansatz'))).toBe(false);
    const plan = JSON.parse((await ansatz(folder, ['run', '--dry-run', '--json'])).out) as {
      most: { runs: number };
      command: string;
    };
    expect(plan.most.runs).toBe(8);
    expect(plan.command).toContain('sh script.sh');
  });

  test('with --json every event is one line, in the order of the journal', async () => {
    const folder = project({ 'ansatz.yaml': yaml(), 'script.sh': SCRIPT });
    const { out } = await ansatz(folder, ['run', '--json']);
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Event);
    expect(events[0]!.type).toBe('lab.opened');
    expect(events.at(-1)!.type).toBe('lab.closed');
    expect(events.filter((event) => event.type === 'run.ended')).toHaveLength(8);
    expect(events.map((event) => event.at)).toEqual(events.map((event) => event.at).toSorted((a, b) => a - b));
  });
});

describe('init', () => {
  const script = `import argparse
parser = argparse.ArgumentParser()
parser.add_argument('--lr', type=float, default=0.001)
parser.add_argument('--act', choices=['relu', 'tanh'], default='relu')
parser.add_argument('--seed', type=int, default=0)
args = parser.parse_args()
for step in range(3):
    print(f'step {step}: val_loss {(args.lr - 0.1) ** 2 + 1 / (step + 1):.4f}')
`;

  test('finds command, knobs, seed and metric of a script, and what it writes runs', async () => {
    const folder = project({ 'train.py': script });
    const { out, err, code } = await ansatz(folder, ['init']);
    expect([err, code]).toEqual(['', 0]);
    expect(out).toMatch(/metric {3}minimize val_loss/);
    expect(out).toMatch(/lr +0\.001 +0\.0001 … 0\.01 log/);
    expect((await ansatz(folder, ['init'])).err).toMatch(/error\[config-exists\]/);
    const run = await ansatz(folder, ['run', '--plain', '--runs', '8']);
    expect([0, 4]).toContain(run.code);
    const state = stateOf(folder, currentStudy(folder));
    expect(state.runs.every((one) => one.status === 'done' || one.status === 'stopped')).toBe(true);
    expect(state.config.objective).toMatchObject({ metric: 'val_loss', direction: 'minimize' });
    expect(readFileSync(join(folder, 'train.py'), 'utf8')).toBe(script);
  });

  test('takes a command with a configuration that is a script, as nanoGPT has it', async () => {
    const folder = project({
      'train.py':
        "learning_rate = 6e-4\nn_embd = 768\ndropout = 0.0\nconfig_keys = [k for k in globals()]\nexec(open('configurator.py').read())\nfor step in range(3): print(f'step {step}: val loss {abs(learning_rate - 0.002) + n_embd / 100 / (step + 1):.4f}')\n",
      'configurator.py':
        "import sys\nfrom ast import literal_eval\nfor arg in sys.argv[1:]:\n    if '=' not in arg:\n        exec(open(arg).read())\n        continue\n    key, val = arg[2:].split('=')\n    attempt = literal_eval(val)\n    assert type(attempt) == type(globals()[key]), key\n    globals()[key] = attempt\n",
      'config/small.py': 'n_embd = 64 # small\ndropout = 0.2\n',
    });
    expect(
      (await ansatz(folder, ['init', '--', 'python3', 'train.py', 'config/small.py', '--learning_rate=1e-3'])).code,
    ).toBe(0);
    const plan = JSON.parse((await ansatz(folder, ['run', '--dry-run', '--json'])).out) as {
      knobs: { name: string; default: string; range: string }[];
    };
    const knobs = new Map(plan.knobs.map((knob) => [knob.name, knob]));
    expect(knobs.get('learning_rate')).toMatchObject({ default: '0.001', range: '0.0001 … 0.01 log' });
    expect(knobs.get('n_embd')).toMatchObject({ default: '64', range: '32 | 64 | 128' });
    expect(knobs.get('dropout')).toMatchObject({ default: '0.2' });
    const run = await ansatz(folder, ['run', '--plain', '--runs', '6']);
    expect([0, 4]).toContain(run.code);
    // The baseline is the user's own command, not the defaults in the text of the script.
    expect(run.out).toMatch(/run 1 done: val loss 0\.2143/);
  });

  test('takes a whole command, whose flags are the defaults', async () => {
    const folder = project({ 'train.py': script });
    const { code } = await ansatz(folder, ['init', '--', 'python3', 'train.py', '--lr', '0.03', '--act=tanh']);
    expect(code).toBe(0);
    const plan = JSON.parse((await ansatz(folder, ['run', '--dry-run', '--json'])).out) as {
      command: string;
      knobs: { name: string; default: string }[];
    };
    expect(plan.knobs.map(({ name, default: value }) => [name, value])).toEqual([
      ['lr', '0.03'],
      ['act', 'tanh'],
    ]);
    expect(plan.command).toMatch(/^python3 train\.py --lr=?\s?0\.03 --act[= ]tanh --seed[= ]1$/);
    expect((await ansatz(folder, ['init', '--force', '--', 'python3', 'nothing.py'])).err).toMatch(
      /error\[no-script\]/,
    );
  });
});

function currentStudy(folder: string): string {
  return readFileSync(join(folder, '.ansatz', 'current'), 'utf8').trim();
}

describe('a patch', () => {
  test('of the best constants applies to the script it was made for', async () => {
    const script =
      'const X = 0.5; // how much\n\nfor (const step of [1, 2, 3]) console.log(`step ${step}: loss ${2 - X + 1 / step}`);\n\n\n';
    const folder = project({
      'train.mjs': script,
      'ansatz.yaml': yaml(
        'command: node train.mjs',
        'knobs: { x: { from: 0, to: 1, default: 0.5, via: const train.mjs X } }',
      ),
    });
    expect((await ansatz(folder, ['run', '--plain'])).code).toBe(0);
    const patch = (await ansatz(folder, ['best', '--as', 'patch'])).out;
    execFileSync('git', ['apply', '-p1'], { cwd: folder, input: patch });
    expect(readFileSync(join(folder, 'train.mjs'), 'utf8')).toMatch(
      /^const X = (?:0\.[6-9]\d*|1\.0); \/\/ how much\n\nfor/,
    );
  });
});

describe('a lab can be interrupted', () => {
  const slow = `sleep 1.5\n${SCRIPT}`;

  test('Ctrl-C once lets the runs finish, and the same command resumes', async () => {
    const folder = project({ 'ansatz.yaml': yaml('budget: { runs: 4 }'), 'script.sh': slow });
    const lab = start(folder, ['run', '--plain']);
    await lab.seen(/run 2 started/);
    lab.child.kill('SIGINT');
    const { code, out, err } = await lab.done;
    expect(code).toBe(130);
    expect(err).toMatch(/Ctrl-C again stops them/);
    expect(out).toMatch(/ansatz run +goes on from here/);
    const state = stateOf(folder, 's');
    expect(state.runs.map((run) => run.status)).toEqual(['done', 'done']);
    expect((await ansatz(folder, ['run', '--plain'])).code).not.toBe(130);
    expect(stateOf(folder, 's').runs.map((run) => run.status)).toEqual(['done', 'done', 'done', 'done']);
  });

  test('Ctrl-C twice stops the runs and charges what they used', async () => {
    const folder = project({ 'ansatz.yaml': yaml('budget: { runs: 6 }'), 'script.sh': `sleep 30\n${SCRIPT}` });
    const lab = start(folder, ['run', '--plain']);
    await lab.seen(/run 2 started/);
    await new Promise((resolve) => setTimeout(resolve, 300));
    lab.child.kill('SIGINT');
    lab.child.kill('SIGINT');
    await lab.seen(/draining/);
    lab.child.kill('SIGINT');
    expect((await lab.done).code).toBe(130);
    const state = stateOf(folder, 's');
    expect(state.runs.map((run) => run.status)).toEqual(['stopped', 'stopped']);
    expect(state.ledger.spent.runs).toBe(2);
    expect(state.ledger.held.runs).toBe(0);
    expect(state.ledger.spent.deviceSeconds).toBeLessThan(10);
  });

  test('killed and started again, it adopts the runs that live on', async () => {
    const folder = project({ 'ansatz.yaml': yaml('budget: { runs: 4 }'), 'script.sh': slow });
    const lab = start(folder, ['run', '--plain']);
    await lab.seen(/run 2 started/);
    lab.child.kill('SIGKILL');
    await lab.done;
    const orphaned = await ansatz(folder, ['status']);
    expect(orphaned.out).toMatch(/no lab is running, but its runs may be: ansatz run/);
    expect((await ansatz(folder, ['stop'])).err).toMatch(/error\[no-lab\]/);
    await ansatz(folder, ['run', '--plain']);
    const state = stateOf(folder, 's');
    expect(state.runs.map((run) => run.status)).toEqual(['done', 'done', 'done', 'done']);
  });

  test("the time between a lab that was killed and a raised budget is nobody's wall time", async () => {
    const folder = project({
      'ansatz.yaml': yaml('budget: { runs: 4, wall: 1h }'),
      'script.sh': `sleep 0.3\n${SCRIPT}`,
    });
    const lab = start(folder, ['run', '--plain']);
    await lab.seen(/run 2 started/);
    lab.child.kill('SIGKILL');
    await lab.done;
    const before = stateOf(folder, 's');
    expect(before.open).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await ansatz(folder, ['run', '--plain', '--runs', '3']);
    const state = stateOf(folder, 's');
    expect(state.phase).toBe('ended');
    const passed = (state.now - before.createdAt) / 1000;
    expect(state.wallSeconds).toBeLessThan(passed - 2.5);
  });

  test('it goes on when nobody reads what it prints', async () => {
    const folder = project({ 'ansatz.yaml': yaml('budget: { runs: 6 }'), 'script.sh': `sleep 0.3\n${SCRIPT}` });
    const lab = start(folder, ['run', '--plain']);
    await lab.seen(/run 1 started/);
    lab.child.stdout!.destroy();
    const { code, err } = await lab.done;
    expect(err).toMatch(/nobody reads the output any more \(EPIPE\): the study goes on/);
    expect([0, 4]).toContain(code);
    expect(stateOf(folder, 's')).toMatchObject({ phase: 'ended', open: false });
  });

  test('it goes on when the window with its live view is closed', async () => {
    const folder = project({
      'ansatz.yaml': yaml('budget: { runs: 6 }'),
      'script.sh': `sleep 0.3\n${SCRIPT}`,
      'window.py': WINDOW,
    });
    execFileSync('python3', ['window.py', process.execPath, CLI, 'run'], { cwd: folder, stdio: 'ignore' });
    expect(stateOf(folder, 's')).toMatchObject({ phase: 'ended', open: false });
  });

  test('another terminal can pause, resume and stop it', async () => {
    const folder = project({ 'ansatz.yaml': yaml('budget: { runs: 40 }'), 'script.sh': `sleep 0.3\n${SCRIPT}` });
    const lab = start(folder, ['run', '--plain']);
    await lab.seen(/run 2 done/);
    expect((await ansatz(folder, ['pause'])).out).toMatch(/no new runs start/);
    await lab.seen(/paused/);
    expect((await ansatz(folder, ['status'])).out).toMatch(/^s {2}paused/);
    expect((await ansatz(folder, ['resume'])).code).toBe(0);
    await lab.seen(/resumed[\s\S]*run \d+ started/);
    expect((await ansatz(folder, ['stop', '--now'])).out).toMatch(/its runs are being stopped/);
    expect((await lab.done).code).toBe(130);
  });

  test('it goes on when its terminal goes away', async () => {
    const folder = project({ 'ansatz.yaml': yaml('budget: { runs: 5 }'), 'script.sh': `sleep 0.2\n${SCRIPT}` });
    const lab = start(folder, ['run', '--plain']);
    await lab.seen(/run 1 started/);
    lab.child.kill('SIGHUP');
    expect([0, 4]).toContain((await lab.done).code);
    expect(stateOf(folder, 's').ended!.reason).toBe('budget');
  });
});

describe('limits', () => {
  test('a run over its limit is ended with its children, is a verdict, and cost no more than was held', async () => {
    const folder = project({
      'ansatz.yaml': yaml(
        'run: { limit: 1s, grace: 1s, env: { PIDS: pids } }',
        'knobs: { x: { choices: [fast, slow], default: fast, via: env X } }',
      ),
      'script.sh':
        'if [ $X = slow ]; then setsid sh -c "echo \\$\\$ > $ANSATZ_METRICS.pid; trap : TERM; while :; do sleep 0.2; done" & sleep 60; fi\nawk "BEGIN { srand($ANSATZ_SEED); print \\"loss: \\" rand() }"\n',
    });
    await ansatz(folder, ['run', '--plain']);
    const state = stateOf(folder, 's');
    expect(state.trials[1]).toMatchObject({ verdict: 'crash', why: 'over its limit of 1.0 s' });
    const run = state.runs.find((one) => one.trial === 2)!;
    expect(run.charge!.deviceSeconds).toBeLessThanOrEqual(run.hold.deviceSeconds);
    const pid = Number(readFileSync(join(folder, '.ansatz', 's', 'runs', String(run.id), 'metrics.jsonl.pid'), 'utf8'));
    expect(pid).toBeGreaterThan(0);
    expect(lives(pid)).toBe(false);
  });

  test("a run that the budget left too little time is nobody's crash", async () => {
    const folder = project({
      'ansatz.yaml': yaml(
        'budget: { device: 17s }',
        'slots: 1',
        'run: { limit: 6s, grace: 1s }',
        'repeats: { baseline: 2, most: 2 }',
      ),
      'script.sh': `if [ $X = 0.5 ]; then sleep 0.3; else sleep 5; fi\n${SCRIPT}`,
    });
    await ansatz(folder, ['run', '--plain']);
    const state = stateOf(folder, 's');
    const last = state.runs.at(-1)!;
    expect(last.short).toBe(true);
    expect(last.text).toMatch(/the budget left it only/);
    expect(state.trials[last.trial - 1]!.verdict).toBe('inconclusive');
    expect(state.verdicts.crash).toBe(0);
    expect(state.ledger.spent.deviceSeconds).toBeLessThanOrEqual(17);
  });

  test('device time is never overspent, and a study that can pay for no more runs ends', async () => {
    const folder = project({
      'ansatz.yaml': yaml('budget: { device: 12s }', 'run: { limit: 2s, grace: 1s }'),
      'script.sh': `sleep 0.4\n${SCRIPT}`,
    });
    const { out } = await ansatz(folder, ['run', '--plain']);
    expect(out).toMatch(/the device time is spent/);
    const state = stateOf(folder, 's');
    expect(state.ledger.spent.deviceSeconds).toBeLessThanOrEqual(12);
    expect(state.ledger.spent.deviceSeconds).toBeGreaterThan(6);
  });

  test('wall time counts while a lab works, and ends the study before it is over', async () => {
    const folder = project({
      'ansatz.yaml': yaml('budget: { wall: 6s }', 'run: { limit: 2s, grace: 1s }'),
      'script.sh': `sleep 0.2\n${SCRIPT}`,
    });
    const { out } = await ansatz(folder, ['run', '--plain']);
    expect(out).toMatch(/the wall time is spent/);
    const { wallSeconds } = stateOf(folder, 's');
    expect(wallSeconds).toBeLessThanOrEqual(6);
    expect(wallSeconds).toBeGreaterThan(1);
  });

  test('a deadline ends the study before it passes', async () => {
    const folder = project({
      'ansatz.yaml': yaml('budget: {}', 'run: { limit: 2s, grace: 1s }').replace('budget: {}', 'budget: { runs: 500 }'),
      'script.sh': `sleep 0.2\n${SCRIPT}`,
    });
    const begun = Date.now();
    const { out } = await ansatz(folder, ['run', '--plain', '--deadline', '+6s']);
    expect(Date.now() - begun).toBeLessThan(7500);
    expect(out).toMatch(/the deadline leaves no time for another run/);
    expect(stateOf(folder, 's').ended!.reason).toBe('deadline');
  });
});

test('a value shows at most two seconds after the script printed it', async () => {
  const folder = project({
    'ansatz.yaml': yaml(),
    'script.sh': 'echo "step 1: loss 3"; sleep 4; echo "step 2: loss 2"\n',
  });
  const lab = start(folder, ['run', '--plain']);
  await lab.seen(/run 1 started/);
  const begun = performance.now();
  await lab.seen(/run 1 first loss 3 at step 1/);
  expect(performance.now() - begun).toBeLessThan(2000);
  // It can be read by others as well, while the run goes on.
  expect((await ansatz(folder, ['status'])).out).toMatch(/loss 3 at step 1/);
  lab.child.kill('SIGINT');
  lab.child.kill('SIGINT');
  await lab.seen(/draining/);
  lab.child.kill('SIGINT');
  await lab.done;
});

describe('what a run is given and what is heard of it', () => {
  test('each slot has its own GPUs and CPUs, and libraries are told how many threads to start', async () => {
    const script =
      'echo "$CUDA_VISIBLE_DEVICES $OMP_NUM_THREADS $CUDA_DEVICE_ORDER $(taskset -pc $$ | sed s/.*://)" > seen.txt\nsleep 0.3\necho "loss: 1.$ANSATZ_SEED"\n';
    const folder = project({
      'ansatz.yaml': yaml('slots: { count: 2, gpus: [5, 7], cpus: 1, threads: 1 }', 'budget: { runs: 3 }'),
      'script.sh': script,
    });
    await ansatz(folder, ['run', '--plain']);
    const state = stateOf(folder, 's');
    const seen = state.runs.map((run) => [
      run.slot,
      readFileSync(join(folder, '.ansatz', 's', 'runs', String(run.id), 'tree', 'seen.txt'), 'utf8').trim(),
    ]);
    expect(seen).toHaveLength(3);
    for (const [slot, text] of seen) expect(text).toBe(`${slot === 0 ? 5 : 7} 1 PCI_BUS_ID  ${String(slot)}`);
    // Two devices would have cost double: one GPU a slot, so device-seconds are wall seconds.
    for (const run of state.runs) expect(run.charge!.deviceSeconds).toBeCloseTo(run.seconds!, 6);
  });

  test("metrics come from a CSV file and from $ANSATZ_METRICS as well, and old rows are nobody's", async () => {
    const script =
      'mkdir -p logs; echo "step,val_loss" > logs/metrics.csv\nfor i in 1 2 3; do echo "$i,0.$((9 - i))" >> logs/metrics.csv; echo "{\\"step\\": $i, \\"acc\\": 0.$i}" >> "$ANSATZ_METRICS"; done\n';
    const folder = project({
      'ansatz.yaml': yaml(
        'metric: val_loss',
        'capture: { files: [{ path: logs/metrics.csv }] }',
        'budget: { runs: 3 }',
      ),
      'script.sh': script,
      'logs/metrics.csv': 'step,val_loss\n1,77\n2,88\n',
    });
    await ansatz(folder, ['run', '--plain']);
    expect(stateOf(folder, 's').runs.map((run) => run.value)).toEqual([0.6, 0.6, 0.6]);
    const shown = JSON.parse((await ansatz(folder, ['show', '1', '--json'])).out) as {
      metrics: Record<string, { key: string; source: string; count: number; last: number }[]>;
    };
    expect(shown.metrics['1']).toMatchObject([
      { key: 'acc', source: 'metrics', count: 3, last: 0.3 },
      { key: 'val_loss', source: 'csv', count: 3, last: 0.6 },
    ]);
    expect(readFileSync(join(folder, 'logs/metrics.csv'), 'utf8')).toContain('88');
  });

  test('the files of a trial that was not kept and is not believed to be the best are cleaned away, its log is not', async () => {
    const folder = project({
      'ansatz.yaml': yaml('budget: { runs: 12 }'),
      'script.sh': `echo model > model.bin\n${SCRIPT}`,
    });
    await ansatz(folder, ['run', '--plain']);
    const state = stateOf(folder, 's');
    for (const run of state.runs) {
      const dir = join(folder, '.ansatz', 's', 'runs', String(run.id));
      const kept = state.trials[run.trial - 1]!.verdict === 'keep' || run.trial === leaderOf(state).id;
      expect(existsSync(join(dir, 'tree', 'model.bin')), `run ${run.id}`).toBe(kept);
      expect(existsSync(join(dir, 'stdout'))).toBe(true);
    }
    expect(existsSync(join(folder, 'model.bin'))).toBe(false);
    const believed = JSON.parse((await ansatz(folder, ['best', '--believed', '--json'])).out) as object;
    expect(believed).toMatchObject({ trial: leaderOf(state).id, proven: leaderOf(state).id === state.incumbent });
    const best = JSON.parse((await ansatz(folder, ['best', '--json'])).out) as object;
    expect(best).toMatchObject({ trial: state.incumbent, proven: true });
  });
});

test('a stop that nobody was there to hear does not stop the next lab', async () => {
  const folder = project({ 'ansatz.yaml': yaml('budget: { runs: 4 }', 'name: s'), 'script.sh': SCRIPT });
  await ansatz(folder, ['run', '--plain', '--runs', '3']);
  project({ 'inbox/1-stale.json': '{"type":"study.killed"}' }, join(folder, '.ansatz', 's'));
  await ansatz(folder, ['run', '--plain', '--runs', '4']);
  expect(stateOf(folder, 's').runs).toHaveLength(4);
});

test('nonsense in the inbox of a study does not end its lab', async () => {
  const folder = project({ 'ansatz.yaml': yaml('budget: { runs: 6 }'), 'script.sh': `sleep 0.3\n${SCRIPT}` });
  const lab = start(folder, ['run', '--plain']);
  await lab.seen(/run 1 started/);
  const nonsense = [
    'null',
    '{"type":"budget.raised"}',
    '{"type":"budget.raised","budget":{"runs":"many"}}',
    '{"type":"budget.raised","budget":{"runs":1}}',
    '{"type":"trial.proposed"}',
    '{"type":"trial.proposed","ask":0,"parent":77,"researcher":"me","hypothesis":"","point":{"y":1}}',
    '{"type":"run.ended","run":1}',
  ];
  const files = nonsense.map((text, i) => [`inbox/${i}.json`, text] as const);
  project(Object.fromEntries(files), join(folder, '.ansatz', 's'));
  expect((await lab.done).err).toBe('');
  expect(stateOf(folder, 's')).toMatchObject({ phase: 'ended', config: { budget: { runs: 6 } } });
});

test('a knob that does nothing is reported as dead and left alone', async () => {
  const script =
    'for i in 1 2 3 4; do awk "BEGIN { srand($ANSATZ_SEED); print \\"step $i: loss \\" (3 - $X + 1 / $i + 0.01 * rand()) }"; done\n';
  const knobs =
    'knobs: { x: { from: 0, to: 1, default: 0.5, via: env X }, unused: { from: 1, to: 9, default: 2, via: env UNUSED } }';
  const folder = project({ 'ansatz.yaml': yaml(knobs, 'budget: { runs: 20 }', 'pruner: none'), 'script.sh': script });
  const { out } = await ansatz(folder, ['run', '--plain']);
  expect(out).toMatch(/dead knob: unused = \S+ gave exactly the baseline's result/);
  const state = stateOf(folder, 's');
  expect(state.dead).toEqual(['unused']);
  const after = state.trials.slice(5);
  expect(after.length).toBeGreaterThan(3);
  for (const trial of after) expect(trial.point['unused']).toBe(2);
  expect((await ansatz(folder, ['status'])).out).toMatch(/knob unused does nothing/);
});

describe('the command on other Nodes', () => {
  const system = spawnSync('/usr/bin/node', ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '';
  const old = /^v(\d+)/.exec(system);
  const isOld = old !== null && Number(old[1]) < 22;

  test.runIf(isOld)(
    `started on ${system} it goes on with the Node of the workspace (needs an old Node at /usr/bin/node)`,
    () => {
      const env = { ...process.env, PATH: '/usr/bin:/bin' };
      expect(execFileSync('/usr/bin/node', [CLI, '--version'], { encoding: 'utf8', env })).toMatch(/^\d+\.\d+\.\d+/);
      expect(spawnSync('/usr/bin/node', [CLI, 'nonsense'], { env }).status).toBe(2);
    },
  );

  test.runIf(isOld)(
    `started on ${system} with no other Node around it says how to get one (needs an old Node at /usr/bin/node)`,
    () => {
      const lonely = mkdtempSync(join(tmpdir(), 'ansatz-lonely-'));
      copyFileSync(CLI, join(lonely, 'ansatz.cjs'));
      const { stderr, status } = spawnSync('/usr/bin/node', [join(lonely, 'ansatz.cjs'), 'run'], { encoding: 'utf8' });
      rmSync(lonely, { recursive: true });
      expect(status).toBe(69);
      expect(stderr).toMatch(/ansatz needs Node 22\.18 or newer/);
      expect(stderr).toMatch(/fix: install Node 24/);
    },
  );
});

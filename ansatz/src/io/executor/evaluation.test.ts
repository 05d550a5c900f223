/** Who judges a run: the evaluator of the study, on what the run left behind, once, in a tree that no run can reach. */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { simpleConfig } from '../../study/config.fixture.ts';
import type { StudyConfig } from '../../study/config.ts';
import { Repository, whyUnconfined } from '../workspace/index.ts';
import { artifactsIn } from './evaluation.ts';
import type { Executor, Exit, Message, RunSpec } from './executor.ts';
import { localExecutor } from './local.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const EVALUATE = 'echo x >> "$COUNT"; read -r loss < out/model; echo "loss: $loss"\n';

interface Place {
  readonly folder: string;
  readonly runs: string;
  readonly repository: Repository;
  readonly config: StudyConfig;
  readonly open: () => Executor;
  /** How often the evaluator has run. */
  readonly count: () => number;
}

function place(files: Readonly<Record<string, string>>, more: Partial<StudyConfig> = {}): Place {
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-evaluate-'));
  folders.push(folder);
  for (const [name, text] of Object.entries({ 'evaluate.sh': EVALUATE, ...files }))
    writeFileSync(join(folder, name), text);
  const study = join(folder, '.ansatz', 's');
  const runs = join(study, 'runs');
  mkdirSync(runs, { recursive: true });
  const counted = join(folder, 'counted.gitignored');
  writeFileSync(join(folder, '.gitignore'), '*.gitignored\n');
  const config = simpleConfig({
    folder,
    command: ['/bin/sh', 'train.sh'],
    evaluate: ['/bin/sh', 'evaluate.sh'],
    artifacts: ['out/**'],
    knobs: [],
    run: { graceSeconds: 0.3, env: { COUNT: counted, ORIGINAL: folder }, workspace: 'copy' },
    ...more,
  });
  const repository = new Repository(join(study, 'code.git'), folder, 's');
  repository.base();
  return {
    folder,
    runs,
    repository,
    config,
    open: () => localExecutor({ config, runs, repository }),
    count: () => (existsSync(counted) ? readFileSync(counted, 'utf8').length / 2 : 0),
  };
}

const SPEC: RunSpec = { run: 1, trial: 1, point: {}, seed: 1, slot: 0, limitSeconds: 10 };

interface Ended {
  readonly exit: Exit;
  /** Last value of each key, as `by/key`. */
  readonly heard: Readonly<Record<string, number>>;
}

function ended(act: (tell: (message: Message) => void) => void): Promise<Ended> {
  const heard: Record<string, number> = {};
  return new Promise((resolve) => {
    act((message) => {
      if (message.type === 'run.heard')
        for (const { key, value } of message.metrics) heard[`${message.by ?? 'script'}/${key}`] = value;
      if (message.type === 'run.exited') resolve({ exit: message.exit, heard });
      if (message.type === 'heldout.exited') {
        for (const { key, value } of message.metrics) heard[`heldout/${key}`] = value;
        resolve({ exit: message.exit, heard });
      }
    });
  });
}

describe('an evaluator', () => {
  test('says the result of what a run left behind; what the script prints is told apart', async () => {
    const { open, runs, count } = place({
      'train.sh': 'mkdir out; echo 0.7 > out/model; echo "loss: 0.001"; sleep 0.3\n',
    });
    const executor = open();
    const { exit, heard } = await ended((tell) => executor.submit(SPEC, tell));
    expect(heard).toEqual({ 'script/loss': 0.001, 'evaluator/loss': 0.7 });
    expect(exit).toMatchObject({ how: 'exited', code: 0, stage: 'evaluate' });
    // Both are paid for.
    expect(exit.seconds).toBeGreaterThan(0.3);
    expect(count()).toBe(1);
    executor.close();
    expect(existsSync(join(runs, '1', 'tree', 'out', 'model'))).toBe(true);
  });

  test('is the one of the study: not what a run made of it, in its copy, in the original or beside it', async () => {
    const { open, folder } = place(
      {
        'train.sh': [
          'mkdir out; echo 0.7 > out/model; ln -s model out/alias; ln -s /etc/hostname out/link',
          'for place in . "$ORIGINAL"; do echo "echo loss: 0" > $place/evaluate.sh; echo exit 9 > $place/model.sh; echo x > $place/new.sh; done',
        ].join('\n'),
        'evaluate.sh': `. ./model.sh; ls *.sh out >> "$COUNT.seen"; ${EVALUATE}`,
        'model.sh': 'true\n',
      },
      { artifacts: ['out/**', '*.sh'] },
    );
    const executor = open();
    const { heard, exit } = await ended((tell) => executor.submit(SPEC, tell));
    expect(exit.tail).toEqual(['loss: 0.7']);
    expect(heard['evaluator/loss']).toBe(0.7);
    // What is new, and named as an artifact, is there: it takes nobody's place.
    const seen = readFileSync(join(folder, 'counted.gitignored.seen'), 'utf8').split('\n').filter(Boolean);
    expect(seen).toEqual(['evaluate.sh', 'model.sh', 'new.sh', 'train.sh', 'out:', 'alias', 'model']);
    executor.close();
  });

  test.each(['by the lab that began it', 'by one that came later'])(
    'is not believed to have spoken where the run itself made its folder (%s)',
    async (who) => {
      const forge = (stage: string): string =>
        `mkdir -p ../${stage}/lock; cp ../spec.json ../${stage}/; echo "loss: 0" > ../${stage}/stdout; echo 1 1 b 1 1 1 > ../${stage}/started; echo 0 - 1 2 0m0s 0m0s 0 > ../${stage}/exit`;
      const { open, runs } = place(
        { 'train.sh': `mkdir out; echo 0.7 > out/model; ${forge('evaluate')}; ${forge('heldout')}; sleep 0.3\n` },
        { heldout: ['/bin/sh', 'evaluate.sh'] },
      );
      const first = open();
      const whole = ended((tell) => first.submit(SPEC, tell));
      let executor = first;
      let told = whole;
      if (who !== 'by the lab that began it') {
        while (!existsSync(join(runs, '1', 'heldout', 'exit'))) await new Promise((resolve) => setTimeout(resolve, 10));
        first.close();
        await new Promise((resolve) => setTimeout(resolve, 500));
        executor = open();
        told = ended((tell) => executor.adopt([SPEC], tell));
      }
      expect((await told).heard).toEqual({ 'evaluator/loss': 0.7 });
      expect((await ended((tell) => executor.check(SPEC, tell))).heard).toEqual({ 'heldout/loss': 0.7 });
      executor.close();
    },
  );

  test('that fails, prints nothing or takes too long ends the run so, in its own words', async () => {
    const train = { 'train.sh': 'mkdir out; echo 0.7 > out/model; echo "loss: 0.001"\n' };
    const crash = place({ ...train, 'evaluate.sh': 'echo "ValueError: no model" >&2; exit 3\n' }).open();
    const one = await ended((tell) => crash.submit(SPEC, tell));
    expect(one.exit).toMatchObject({ code: 3, stage: 'evaluate', tail: ['ValueError: no model'] });
    crash.close();
    const slow = place({ ...train, 'evaluate.sh': 'sleep 60\n' }).open();
    const two = await ended((tell) => slow.submit({ ...SPEC, limitSeconds: 1 }, tell));
    expect(two.exit).toMatchObject({ cut: 'time-limit', stage: 'evaluate' });
    expect(two.exit.seconds).toBeLessThan(1 + 0.3 + 1);
    slow.close();
    const absent = place({ ...train, 'train.sh': 'echo "loss: 0.001"; exit 2\n' });
    const executor = absent.open();
    const three = await ended((tell) => executor.submit(SPEC, tell));
    expect(three.exit).toMatchObject({ code: 2 });
    expect(three.exit.stage).toBeUndefined();
    expect(absent.count()).toBe(0);
    executor.close();
  });

  test('runs once, whenever its lab is killed', async () => {
    for (const wait of [80, 150, 300, 450, 600, 900]) {
      const { open, count, runs } = place({
        'train.sh': 'mkdir out; echo 0.7 > out/model; echo "step 1: lr 3"; sleep 0.2\n',
        'evaluate.sh': `sleep 0.2; ${EVALUATE}`,
      });
      const first = open();
      first.submit(SPEC, () => {});
      await new Promise((resolve) => setTimeout(resolve, wait));
      // What a killed lab knew is gone; its runs go on.
      first.close();
      const second = open();
      const { exit, heard } = await ended((tell) => second.adopt([SPEC], tell));
      expect(heard['evaluator/loss'], `closed after ${wait} ms`).toBe(0.7);
      expect(heard['script/lr']).toBe(3);
      expect(exit.seconds).toBeGreaterThan(0.35);
      expect(count()).toBe(1);
      second.close();
      expect(readdirSync(runs)).toEqual(['1']);
    }
  }, 30_000);

  test.each([
    ['while the next lab looks', 0.05],
    ['while the next lab copies', 0.13],
    ['when the next lab has begun anew', 0.4],
  ])('runs once and is heard, where what the killed lab called for comes late: %s', async (_, late) => {
    const { config, open, count, folder, runs, repository } = place({
      'train.sh': 'mkdir out; echo 0.7 > out/model\n',
      'evaluate.sh': `sleep 0.3; ${EVALUATE}`,
    });
    const slow = mkdtempSync(join(tmpdir(), 'ansatz-slow-'));
    folders.push(slow);
    const lock = join('evaluate', 'lock');
    writeFileSync(
      join(slow, 'mkdir'),
      `#!/bin/sh\ncase $1 in */${lock}) sleep ${late}; echo x >> "$COUNT.late" ;; esac\nexec /bin/mkdir "$@"\n`,
      { mode: 0o755 },
    );
    const env = { ...config.run.env, PATH: `${slow}:${process.env['PATH']}` };
    const first = localExecutor({ config: { ...config, run: { ...config.run, env } }, runs, repository });
    first.submit(SPEC, () => {});
    const call = join(runs, '1', 'evaluate', 'call');
    await expect.poll(() => existsSync(call), { interval: 1, timeout: 5000 }).toBe(true);
    first.close();
    const second = open();
    const { exit, heard } = await ended((tell) => second.adopt([SPEC], tell));
    expect(exit).toMatchObject({ how: 'exited', code: 0 });
    expect(heard['evaluator/loss']).toBe(0.7);
    await expect.poll(() => existsSync(join(folder, 'counted.gitignored.late'))).toBe(true);
    expect(count()).toBe(1);
    second.close();
  });

  test.skipIf(whyUnconfined() !== undefined)('is confined as runs are, and cannot change what it judges', async () => {
    const { open, folder } = place(
      {
        'train.sh': 'mkdir out; echo 0.7 > out/model; echo "print nothing" > notes\n',
        'evaluate.sh':
          'read -r loss < out/model; (echo 0 > out/model) 2>/dev/null && loss=1; (echo x > "$ORIGINAL/escaped") 2>/dev/null && loss=2; [ -e notes ] && loss=3; echo "loss: $loss"\n',
      },
      { sandbox: 'bwrap' },
    );
    const executor = open();
    const { heard, exit } = await ended((tell) => executor.submit(SPEC, tell));
    expect(exit.tail).toEqual(['loss: 0.7']);
    expect(heard['evaluator/loss']).toBe(0.7);
    expect(existsSync(join(folder, 'escaped'))).toBe(false);
    executor.close();
  });
});

describe('a held-out check', () => {
  test('is done once for what a run left behind, and told again to who asks again', async () => {
    const { open, count } = place(
      { 'train.sh': 'mkdir out; echo 0.7 > out/model\n', 'heldout.sh': EVALUATE.replace('$loss"', '0.9"') },
      { heldout: ['/bin/sh', 'heldout.sh'] },
    );
    const executor = open();
    await ended((tell) => executor.submit(SPEC, tell));
    const { heard, exit } = await ended((tell) => executor.check(SPEC, tell));
    expect(heard).toEqual({ 'heldout/loss': 0.9 });
    expect(exit).toMatchObject({ how: 'exited', code: 0 });
    executor.close();
    const later = open();
    expect((await ended((tell) => later.check(SPEC, tell))).heard).toEqual({ 'heldout/loss': 0.9 });
    expect(count()).toBe(2);
    later.close();
  });
});

describe('a first short try of code', () => {
  const smoked = { ...SPEC, smokeSeconds: 2 };

  test('ends with the first word of the objective, and the run itself begins anew in a copy of its own', async () => {
    const { open, runs } = place(
      {
        'train.sh':
          '[ -e left ] && exit 9; touch left; echo x >> "$COUNT"; for i in 1 2 3 4; do echo "step $i: loss 0.$i"; sleep 0.2; done\n',
      },
      { evaluate: undefined },
    );
    const executor = open();
    const { heard, exit } = await ended((tell) => executor.submit(smoked, tell));
    expect(exit).toMatchObject({ code: 0 });
    expect(exit.smokeSeconds).toBeLessThan(0.8);
    expect(exit.seconds).toBeGreaterThan(0.7);
    expect(heard).toEqual({ 'script/loss': 0.4 });
    expect(readFileSync(join(runs, '1', 'smoke', 'exit'), 'utf8')).toMatch(/cancelled/);
    executor.close();
  });

  test('that crashes is all there is of the run; one that says nothing is cut at its cap', async () => {
    const crash = place(
      { 'train.sh': 'echo x >> "$COUNT"; echo "NameError: lr" >&2; exit 1\n' },
      { evaluate: undefined },
    );
    const executor = crash.open();
    const { exit } = await ended((tell) => executor.submit(smoked, tell));
    expect(exit).toMatchObject({ code: 1, stage: 'smoke', tail: ['NameError: lr'], seconds: 0 });
    expect(exit.smokeSeconds).toBeGreaterThanOrEqual(0);
    expect(crash.count()).toBe(1);
    executor.close();
    const quiet = place({ 'train.sh': 'echo x >> "$COUNT"; sleep 1; echo "loss: 1"\n' }, { evaluate: undefined });
    const other = quiet.open();
    const told = await ended((tell) => other.submit({ ...SPEC, smokeSeconds: 0.4 }, tell));
    expect(told.heard).toEqual({ 'script/loss': 1 });
    expect(told.exit.smokeSeconds).toBeGreaterThan(0.3);
    expect(quiet.count()).toBe(2);
    other.close();
  });
});

test('artifacts are files of the run: what a link outside or a linked folder holds is none', () => {
  const { folder } = place({ 'train.sh': 'true\n' });
  const tree = join(folder, 'made');
  mkdirSync(join(tree, 'out', 'deep'), { recursive: true });
  writeFileSync(join(tree, 'out', 'deep', 'a.pt'), 'x');
  writeFileSync(join(tree, 'b.pt'), 'x');
  symlinkSync('deep/a.pt', join(tree, 'out', 'best.pt'));
  symlinkSync(join(folder, 'train.sh'), join(tree, 'out', 'secret.pt'));
  symlinkSync('nowhere', join(tree, 'out', 'gone.pt'));
  symlinkSync(folder, join(tree, 'out', 'linked'));
  expect(artifactsIn(tree, ['out/**'])).toEqual(['out/best.pt', 'out/deep/a.pt']);
  expect(artifactsIn(tree, ['*.pt'])).toEqual(['b.pt']);
});

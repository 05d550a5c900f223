import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { parseCpuList } from '../config/machine.ts';
import { simpleConfig } from '../../study/config.fixture.ts';
import type { Slot } from '../../study/config.ts';
import type { Executor, Exit, Message, RunSpec } from './executor.ts';
import { localExecutor, tokenOf } from './local.ts';
import { runFolder } from './places.ts';
import { alive, bootId, birthOf, signal, withEnvironment } from './process.ts';
import { simulation } from './simulated.ts';
import { realWorld, type World } from './world.ts';

/** What the suite needs of an executor under test: runs of a given kind, and time. */
interface Bench {
  readonly executor: Executor;
  readonly world: World;
  /** A spec whose script prints 0.5 and ends after about `seconds`, with `crash` unhappily. */
  readonly spec: (run: number, seconds: number, crash?: boolean) => RunSpec;
}

const folders: string[] = [];

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-executor-'));
  folders.push(folder);
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const SCRIPT =
  'echo "loss: 0.5"; echo x >> "$COUNT"; sleep $1; if [ "$2" = yes ]; then echo "Error: boom" >&2; exit 3; fi';

function local(
  script = SCRIPT,
  grace = 0.3,
  leaseSeconds = 60,
  slots?: readonly Slot[],
): Bench & { folder: string; runs: string; again: () => Executor } {
  const folder = scratch();
  const runs = join(folder, 'runs');
  writeFileSync(join(folder, 'script.sh'), script);
  const via = (flag: string) => ({ by: 'env', variable: flag }) as const;
  const config = simpleConfig({
    folder,
    ...(slots === undefined ? {} : { slots }),
    command: ['sh', '-c', '. ./script.sh', 'script.sh'],
    knobs: [
      { name: 'seconds', kind: 'float', low: 0, high: 100, scale: 'linear', via: via('SECONDS_') },
      { name: 'crash', kind: 'choice', choices: ['yes', 'no'], via: via('CRASH') },
    ],
    run: { graceSeconds: grace, env: { COUNT: join(folder, 'count') }, workspace: 'inplace' },
  });
  // The knobs arrive as variables; the script wants arguments.
  writeFileSync(join(folder, 'script.sh'), `set -- "$SECONDS_" "$CRASH"\n${script}\n`);
  const again = (): Executor => localExecutor({ config, runs, leaseSeconds });
  return {
    folder,
    runs,
    again,
    executor: again(),
    world: realWorld(),
    spec: (run, seconds, crash = false) => ({
      run,
      trial: run,
      point: { seconds, crash: crash ? 'yes' : 'no' },
      seed: 1,
      slot: 0,
      limitSeconds: 20,
    }),
  };
}

function simulated(): Bench {
  const { executor, world } = simulation(
    (point) => ({ seconds: Number(point['seconds']), curve: [0.7, 0.5], crash: point['crash'] === 'yes' }),
    'loss',
  );
  return {
    executor,
    world,
    spec: (run, seconds, crash = false) => ({
      run,
      trial: run,
      point: { seconds, crash: crash ? 'yes' : 'no' },
      seed: 1,
      slot: 0,
      limitSeconds: 20,
    }),
  };
}

/** Everything told until `runs` runs have exited. */
async function until(world: World, runs: number, act: (tell: (message: Message) => void) => void): Promise<Message[]> {
  const told: Message[] = [];
  act((message) => {
    told.push(message);
    world.wake();
  });
  const deadline = performance.now() + 20_000;
  while (exits(told).length < runs && performance.now() < deadline) await world.wait(world.now() + 60_000);
  return told;
}

function exits(told: readonly Message[]): { run: number; exit: Exit }[] {
  return told.filter((message) => message.type === 'run.exited').map(({ run, exit }) => ({ run, exit }));
}

describe.each([
  ['local', local],
  ['simulated', simulated],
] as const)('the %s executor', (_name, make) => {
  test('tells what a run printed, then that it ended well', async () => {
    const { executor, world, spec } = make();
    const told = await until(world, 1, (tell) => executor.submit(spec(1, 0.1), tell));
    const heard = told.flatMap((message) => (message.type === 'run.heard' ? message.metrics : []));
    expect(heard.at(-1)).toMatchObject({ key: 'loss', value: 0.5 });
    expect(told.at(-1)).toMatchObject({ type: 'run.exited', run: 1, exit: { how: 'exited', code: 0 } });
    expect(exits(told)[0]!.exit.seconds).toBeGreaterThan(0.05);
    executor.close();
  });

  test('tells the exit code of a run that fails', async () => {
    const { executor, world, spec } = make();
    const told = await until(world, 1, (tell) => executor.submit(spec(1, 0.05, true), tell));
    expect(exits(told)[0]!.exit.code).toBeGreaterThan(0);
    expect(exits(told)[0]!.exit.cut).toBeUndefined();
    executor.close();
  });

  test('stops a run when asked, and says that it was cut', async () => {
    const { executor, world, spec } = make();
    const told = await until(world, 1, (tell) => {
      executor.submit(spec(1, 15), tell);
      executor.stop(1);
      executor.stop(99);
    });
    expect(exits(told)[0]!.exit.cut).toBe('cancelled');
    expect(exits(told)[0]!.exit.seconds).toBeLessThan(5);
    executor.close();
  });

  test('ends a run at its limit', async () => {
    const { executor, world, spec } = make();
    const told = await until(world, 1, (tell) => executor.submit({ ...spec(1, 15), limitSeconds: 0.5 }, tell));
    const { exit } = exits(told)[0]!;
    expect(exit.cut).toBe('time-limit');
    expect(exit.code).not.toBe(0);
    expect(exit.seconds).toBeGreaterThanOrEqual(0.4);
    expect(exit.seconds).toBeLessThan(5);
    executor.close();
  });

  test('a spec submitted twice runs once', async () => {
    const { executor, world, spec } = make();
    const told = await until(world, 1, (tell) => {
      executor.submit(spec(1, 0.1), tell);
      executor.submit(spec(1, 0.1), tell);
    });
    expect(exits(told)).toHaveLength(1);
    executor.close();
  });

  test('a paused run says nothing and ends not, and time it was paused counts neither for it nor for its limit', async () => {
    const { executor, world, spec } = make();
    expect(executor.canPause).toBe(true);
    expect(executor.memory()!.freeBytes).toBeGreaterThan(0);
    const told: Message[] = [];
    executor.submit({ ...spec(1, 1.2), limitSeconds: 2.5 }, (message) => told.push(message));
    await pass(world, 0.5);
    executor.pause(1);
    executor.pause(1);
    executor.pause(99);
    const before = told.length;
    await pass(world, 2.5);
    expect(exits(told)).toEqual([]);
    expect(told.length).toBe(before);
    executor.resume(1, 0);
    executor.resume(1, 0);
    await pass(world, 3);
    const { exit } = exits(told)[0]!;
    expect(exit).toMatchObject({ how: 'exited', code: 0 });
    expect(exit.cut).toBeUndefined();
    expect(exit.seconds).toBeLessThan(2);
    executor.pause(1);
    executor.resume(1, 0);
    executor.close();
  });

  test('a paused run can be stopped, and one that went on has the limit it was given then', async () => {
    const { executor, world, spec } = make();
    const told: Message[] = [];
    for (const run of [1, 2]) executor.submit(spec(run, 15), (message) => told.push(message));
    await pass(world, 0.5);
    executor.pause(1);
    executor.pause(2);
    await pass(world, 1);
    executor.stop(1);
    executor.resume(2, 1, 0.7);
    await pass(world, 3);
    const byRun = new Map(exits(told).map(({ run, exit }) => [run, exit]));
    expect(byRun.get(1)).toMatchObject({ cut: 'cancelled' });
    expect(byRun.get(1)!.seconds).toBeLessThan(1.4);
    expect(byRun.get(2)).toMatchObject({ cut: 'time-limit' });
    expect(byRun.get(2)!.seconds).toBeGreaterThan(0.9);
    expect(byRun.get(2)!.seconds).toBeLessThan(2.2);
    executor.close();
  });

  test('adopting a run that never started starts it', async () => {
    const { executor, world, spec } = make();
    const told = await until(world, 2, (tell) => executor.adopt([spec(1, 0.1), spec(2, 0.05, true)], tell));
    expect(
      exits(told)
        .map(({ run }) => run)
        .toSorted((a, b) => a - b),
    ).toEqual([1, 2]);
    executor.close();
  });
});

describe('the local executor', () => {
  test('another executor adopts a living run, and settles one that ended meanwhile, without running either again', async () => {
    const bench = local();
    bench.executor.submit(bench.spec(1, 1.5), () => {});
    bench.executor.submit(bench.spec(2, 0.1), () => {});
    await started(bench.runs, [1, 2]);
    bench.executor.close();
    await gone(bench.runs, 2);
    const second = bench.again();
    const told = await until(bench.world, 2, (tell) => second.adopt([bench.spec(1, 1.5), bench.spec(2, 0.1)], tell));
    expect(exits(told).map(({ exit }) => exit.code)).toEqual([0, 0]);
    expect(readFileSync(join(bench.folder, 'count'), 'utf8')).toBe('x\nx\n');
    // What was printed before the adoption is heard as well.
    const heard = told.filter((message) => message.type === 'run.heard').map(({ run }) => run);
    expect([...new Set(heard)].toSorted((a, b) => a - b)).toEqual([1, 2]);
    second.close();
  });

  test('kills children that left the group, and those that ignore TERM', async () => {
    const bench = local(
      'setsid sh -c "trap : TERM; while :; do sleep 0.1; done" & trap : TERM; while :; do sleep 0.1; done',
    );
    const told: Message[] = [];
    const exited = until(bench.world, 1, (tell) =>
      bench.executor.submit(bench.spec(1, 0), (message) => (told.push(message), tell(message))),
    );
    await started(bench.runs, [1]);
    const entry = `ANSATZ_RUN=${tokenOf(bench.runs, 1)}`;
    // Both shells and what each of them sleeps in: their traps are set by then.
    await expect.poll(() => withEnvironment(entry).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(4);
    bench.executor.stop(1);
    await exited;
    expect(exits(told)[0]!.exit.cut).toBe('cancelled');
    expect(withEnvironment(entry)).toEqual([]);
    bench.executor.close();
  });

  test('stops every process of a run, also those that left its group, and lets all of them go on', async () => {
    const bench = local(
      'setsid sh -c "for i in 1 2 3 4 5 6; do sleep 0.2; done; echo stray" & sleep 1; echo mine; wait',
    );
    const told = until(bench.world, 1, (tell) => bench.executor.submit(bench.spec(1, 0), tell));
    await started(bench.runs, [1]);
    await sleep(300);
    bench.executor.pause(1);
    await sleep(600);
    const pids = withEnvironment(`ANSATZ_RUN=${tokenOf(bench.runs, 1)}`);
    expect(pids.length).toBeGreaterThanOrEqual(4);
    await standStill(pids);
    bench.executor.resume(1, 0);
    expect(exits(await told)[0]!.exit).toMatchObject({ code: 0 });
    expect(readFileSync(join(runFolder(bench.runs, 1), 'stdout'), 'utf8')).toBe('mine\nstray\n');
    bench.executor.close();
  });

  const cpus = parseCpuList(/Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]!);
  test.skipIf(cpus.length < 2)('a run that goes on in another slot is bound to the CPUs of that one', async () => {
    const slots = cpus.slice(0, 2).map((cpu) => ({ cpus: [cpu], gpus: [], threads: 1 }));
    const bench = local('(sleep 30) & sleep 30', 0.3, 60, slots);
    bench.executor.submit(bench.spec(1, 0), () => {});
    await started(bench.runs, [1]);
    await sleep(300);
    const allowed = (): string[] =>
      withEnvironment(`ANSATZ_RUN=${tokenOf(bench.runs, 1)}`).map(
        (pid) => /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]!,
      );
    expect(new Set(allowed())).toEqual(new Set([String(cpus[0])]));
    bench.executor.pause(1);
    await sleep(400);
    bench.executor.resume(1, 1);
    await sleep(800);
    expect(allowed().length).toBeGreaterThanOrEqual(3);
    expect(new Set(allowed())).toEqual(new Set([String(cpus[1])]));
    expect(withEnvironment(`ANSATZ_RUN=${tokenOf(bench.runs, 1)}`).map(stateOf)).not.toContain('T');
    bench.executor.pause(1);
    await sleep(400);
    bench.executor.resume(1, 0);
    await sleep(800);
    expect(new Set(allowed())).toEqual(new Set([String(cpus[0])]));
    bench.executor.stop(1);
    await sleep(800);
    expect(allowed()).toEqual([]);
    bench.executor.close();
  });

  test('a paused run outlives its lab, is paused still when it is adopted, and hears a polite stop', async () => {
    const bench = local('trap "echo bye; exit 7" TERM; echo "loss: 0.5"; while :; do sleep 0.1; done');
    const began = Date.now();
    bench.executor.submit(bench.spec(1, 0), () => {});
    await started(bench.runs, [1]);
    await sleep(300);
    bench.executor.pause(1);
    await sleep(500);
    bench.executor.close();
    const second = bench.again();
    const told: Message[] = [];
    const exited = until(bench.world, 1, (tell) =>
      second.adopt([bench.spec(1, 0)], (message) => (told.push(message), tell(message))),
    );
    await sleep(700);
    expect(exits(told)).toEqual([]);
    const pids = withEnvironment(`ANSATZ_RUN=${tokenOf(bench.runs, 1)}`);
    await standStill(pids);
    second.stop(1);
    await exited;
    expect(exits(told)[0]!.exit).toMatchObject({ cut: 'cancelled', code: 7 });
    // It stood still for the half second before the lab went and the .7 after the next one came, at the least.
    expect(exits(told)[0]!.exit.seconds).toBeLessThan((Date.now() - began) / 1000 - 1);
    expect(exits(told)[0]!.exit.tail).toContain('bye');
    expect(withEnvironment(`ANSATZ_RUN=${tokenOf(bench.runs, 1)}`)).toEqual([]);
    second.close();
  });

  test.each(['supervised', 'orphaned'])(
    'a paused run to which no lab comes back is ended (%s)',
    { timeout: 20_000 },
    async (how) => {
      const bench = local(undefined, 0.3, 1);
      bench.executor.submit(bench.spec(1, 60), () => {});
      const [supervisor] = await started(bench.runs, [1]);
      await sleep(300);
      bench.executor.pause(1);
      await sleep(500);
      // As if this process had died: nobody has the pid that is to care for it.
      writeFileSync(join(runFolder(bench.runs, 1), 'keeper'), `${2 ** 22 + 1} 5 1.000\n`);
      bench.executor.close();
      writeFileSync(join(runFolder(bench.runs, 1), 'keeper'), `${2 ** 22 + 1} 5 1.000\n`);
      if (how === 'orphaned') process.kill(supervisor!, 'SIGKILL');
      const entry = `ANSATZ_RUN=${tokenOf(bench.runs, 1)}`;
      expect(withEnvironment(entry).length).toBeGreaterThan(0);
      const deadline = performance.now() + 12_000;
      while (withEnvironment(entry).length > 0 && performance.now() < deadline) await sleep(100);
      expect(withEnvironment(entry)).toEqual([]);
      const second = bench.again();
      const told = await until(bench.world, 1, (tell) => second.adopt([bench.spec(1, 60)], tell));
      const { exit } = exits(told)[0]!;
      expect(exit).toMatchObject(how === 'orphaned' ? { how: 'lost' } : { how: 'exited', cut: 'abandoned' });
      expect(exit.seconds).toBeLessThan(2.5);
      second.close();
    },
  );

  test('a killed supervisor makes a lost run whose processes are ended', async () => {
    const bench = local();
    const told = until(bench.world, 1, (tell) => bench.executor.submit(bench.spec(1, 30), tell));
    const [pid] = await started(bench.runs, [1]);
    await sleep(400);
    process.kill(pid!, 'SIGKILL');
    const { exit } = exits(await told)[0]!;
    expect(exit.how).toBe('lost');
    expect(exit.seconds).toBeGreaterThan(0.2);
    expect(exit.seconds).toBeLessThan(5);
    expect(withEnvironment(`ANSATZ_RUN=${tokenOf(bench.runs, 1)}`)).toEqual([]);
    bench.executor.close();
  });

  test('the limit holds when lab and supervisor are both dead', async () => {
    const bench = local();
    bench.executor.submit({ ...bench.spec(1, 30), limitSeconds: 1 }, () => {});
    const [pid] = await started(bench.runs, [1]);
    bench.executor.close();
    process.kill(pid!, 'SIGKILL');
    const entry = `ANSATZ_RUN=${tokenOf(bench.runs, 1)}`;
    expect(withEnvironment(entry).length).toBeGreaterThan(0);
    await sleep(2200);
    expect(withEnvironment(entry)).toEqual([]);
  });

  test('runs that are over at once leave no guard behind', { timeout: 60_000 }, async () => {
    const folder = scratch();
    const supervisor = fileURLToPath(new URL('supervise.sh', import.meta.url));
    // Several at a time: what is lost when a process is not scheduled at once shows only then.
    const lane = async (name: string): Promise<void> => {
      for (let i = 0; i < 80; i++) {
        const dir = join(folder, `${name}-${i}`);
        mkdirSync(dir);
        writeFileSync(join(dir, 'call'), 'it\n');
        const child = spawn('/bin/sh', [supervisor, dir, '60.000', '1.000', `${name}-${i}`, 'it', 'true'], {
          stdio: 'ignore',
        });
        await new Promise((resolve) => child.on('exit', resolve));
        expect(readFileSync(join(dir, 'exit'), 'utf8')).toMatch(/^0 - /);
      }
    };
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(lane));
    await sleep(200);
    expect(commandLines().filter((line) => line.includes(folder))).toEqual([]);
  });

  test('a supervisor that died between starting the command and saying so leaves no command behind', async () => {
    const bench = local();
    const dir = runFolder(bench.runs, 1);
    mkdirSync(join(dir, 'lock'), { recursive: true });
    writeFileSync(join(dir, 'spec.json'), `${JSON.stringify(bench.spec(1, 30))}\n`);
    const token = tokenOf(bench.runs, 1);
    const orphan = spawn('sleep', ['30'], { env: { ...process.env, ANSATZ_RUN: token }, stdio: 'ignore' });
    // And one that has not come so far yet.
    const newborn = spawn('sh', ['-c', 'sleep 30; :', dir], { stdio: 'ignore', detached: true });
    writeFileSync(join(dir, 'lock', 'pid'), `${newborn.pid}\n`);
    const signals = Promise.all(
      [orphan, newborn].map((child) => new Promise((resolve) => child.on('exit', (_code, name) => resolve(name)))),
    );
    const told = await until(bench.world, 1, (tell) => bench.executor.adopt([bench.spec(1, 30)], tell));
    expect(exits(told)[0]!.exit).toMatchObject({ how: 'lost', text: 'its supervisor died at birth' });
    expect(await signals).toEqual(['SIGKILL', 'SIGKILL']);
    signal(-newborn.pid!, 'SIGKILL');
    bench.executor.close();
  });

  test('an exit file without numbers is none: the run is lost, and charged a number', async () => {
    const bench = local();
    const dir = runFolder(bench.runs, 1);
    mkdirSync(join(dir, 'lock'), { recursive: true });
    writeFileSync(join(dir, 'started'), `${2 ** 22 + 1} 5 ${bootId()} ${2 ** 22 + 2} 5 1.00\n`);
    writeFileSync(join(dir, 'exit'), '0 - \u0000\u0000 \u0000\u0000 0m0s 0m0s\n');
    const told = await until(bench.world, 1, (tell) => bench.executor.adopt([bench.spec(1, 30)], tell));
    expect(exits(told)[0]!.exit).toMatchObject({ how: 'lost', seconds: expect.any(Number) });
    expect(exits(told)[0]!.exit.seconds).toBeGreaterThanOrEqual(0);
    bench.executor.close();
  });

  test('records CPU time and memory of the whole tree', async () => {
    const work = `node -e "const b = Buffer.alloc(150e6, 1); const t = Date.now(); while (Date.now() - t < 900 || process.cpuUsage().user < 6e5); console.log(b.length)"`;
    const bench = local(`sh -c '${work}'`);
    const told = await until(bench.world, 1, (tell) => bench.executor.submit(bench.spec(1, 0), tell));
    const { exit } = exits(told)[0]!;
    expect(exit.code).toBe(0);
    expect(exit.cpuSeconds).toBeGreaterThan(0.5);
    expect(exit.peakBytes).toBeGreaterThan(150e6);
    bench.executor.close();
  });

  test('a program that does not exist fails the run with exit 127 and its words', async () => {
    const bench = local('no-such-program-anywhere');
    const told = await until(bench.world, 1, (tell) => bench.executor.submit(bench.spec(1, 0), tell));
    const { exit } = exits(told)[0]!;
    expect(exit.code).toBe(127);
    expect(exit.tail.join('\n')).toContain('no-such-program-anywhere');
    bench.executor.close();
  });

  test("a folder left by another study's run does not speak for this one", async () => {
    const bench = local();
    await until(bench.world, 1, (tell) => bench.executor.submit(bench.spec(1, 0.05, true), tell));
    bench.executor.close();
    const other = bench.again();
    const told = await until(bench.world, 1, (tell) => other.submit({ ...bench.spec(1, 0.05), trial: 9 }, tell));
    expect(exits(told)[0]!.exit.code).toBe(0);
    expect(existsSync(`${runFolder(bench.runs, 1)}.old1`)).toBe(true);
    other.close();
  });
});

test('a process is known by pid, birth and boot together', () => {
  const id = { pid: process.pid, birth: birthOf(process.pid)!, boot: bootId() };
  expect(alive(id)).toBe(true);
  expect(alive({ ...id, birth: '1' })).toBe(false);
  expect(alive({ ...id, boot: 'another' })).toBe(false);
  expect(alive({ ...id, pid: 2 ** 22 + 1 })).toBe(false);
});

/** The command lines of all processes. */
function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    });
}

/** A process that is reading or writing when the signal comes (state D) stands still only once the disk has answered. */
async function standStill(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.map(stateOf), { timeout: 4000 }).toEqual(pids.map(() => 'T'));
}

/** One letter, as ps has it: T is stopped. */
function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2)[0]!;
}

/** Let time pass in a world, real or not. */
async function pass(world: World, seconds: number): Promise<void> {
  const end = world.now() + seconds * 1000;
  while (world.now() < end) await world.wait(end);
}

async function started(runs: string, ids: readonly number[]): Promise<number[]> {
  for (;;) {
    const files = ids.map((id) => join(runFolder(runs, id), 'started'));
    if (files.every((file) => existsSync(file)))
      return files.map((file) => Number(readFileSync(file, 'utf8').split(' ')[0]));
    await sleep(10);
  }
}

async function gone(runs: string, id: number): Promise<void> {
  while (!existsSync(join(runFolder(runs, id), 'exit'))) await sleep(10);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

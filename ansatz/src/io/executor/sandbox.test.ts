/** What a run whose code nobody has read tries in vain. */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { simpleConfig } from '../../study/config.fixture.ts';
import { Repository, whyUnconfined } from '../workspace/index.ts';
import type { Exit, Message } from './executor.ts';
import { localExecutor, tokenOf } from './local.ts';
import { withEnvironment } from './process.ts';

const why = whyUnconfined();
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  delete process.env['MY_API_KEY'];
});

interface Ended {
  readonly exit: Exit;
  readonly folder: string;
  readonly runs: string;
  readonly heard: Readonly<Record<string, number>>;
}

async function run(script: string, limitSeconds = 10, program = '/bin/sh'): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-sandbox-'));
  folders.push(folder);
  writeFileSync(join(folder, 'train.sh'), script);
  writeFileSync(join(folder, 'evaluate.sh'), 'echo "loss: 0.9"\n');
  writeFileSync(join(folder, 'ansatz.yaml'), 'budget: { runs: 1 }\n');
  const study = join(folder, '.ansatz', 's');
  const runs = join(study, 'runs');
  mkdirSync(runs, { recursive: true });
  writeFileSync(join(study, 'journal.db'), 'the books');
  const config = simpleConfig({
    folder,
    command: [program, 'train.sh'],
    knobs: [],
    sandbox: 'bwrap',
    code: { protected: ['evaluate.sh'] },
    run: { graceSeconds: 0.5, env: { STUDY: study, FOLDER: folder }, workspace: 'copy' },
  });
  const executor = localExecutor({ config, runs, repository: new Repository(join(study, 'code.git'), folder, 's') });
  const heard: Record<string, number> = {};
  const exit = await new Promise<Exit>((resolve) => {
    const tell = (message: Message): void => {
      if (message.type === 'run.heard') for (const { key, value } of message.metrics) heard[key] = value;
      if (message.type === 'run.exited') resolve(message.exit);
    };
    executor.submit({ run: 1, trial: 1, point: {}, seed: 1, slot: 0, limitSeconds }, tell);
  });
  return { exit, folder, runs, heard };
}

describe.skipIf(why !== undefined)(`a confined run${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  test('runs like any other: its copy is its own, what it prints and posts is heard', async () => {
    const { exit, heard, folder } = await run(
      'echo new > made; cat made; echo "loss: 0.5"; echo \'{"acc": 0.7}\' >> "$ANSATZ_METRICS"\n',
    );
    expect(exit).toMatchObject({ how: 'exited', code: 0 });
    expect(heard).toMatchObject({ loss: 0.5, acc: 0.7 });
    expect(existsSync(join(folder, 'made'))).toBe(false);
  });

  test('cannot write the evaluator, its own configuration, the original, the journal or another run', async () => {
    const script = [
      'try() { if sh -c "$1" 2>/dev/null; then echo "escaped: 1"; echo "DID $1"; fi; }',
      'try "echo x > evaluate.sh"',
      'try "rm -f evaluate.sh"',
      'try "mv evaluate.sh other"',
      'try "echo x > ansatz.yaml"',
      'try "echo x > $FOLDER/train.sh"',
      // It may write there, on a tmpfs of its own: what counts is that nothing of it is the journal.
      'echo x >> $STUDY/journal.db',
      'try "grep books $STUDY/journal.db"',
      'try "echo forged > $STUDY/runs/1/exit && grep -q 1 $STUDY/runs/1/lock/pid"',
      'try "ls $STUDY/runs/2"',
      'sh evaluate.sh',
      'echo "loss: 0.8"',
    ].join('\n');
    const { exit, heard, folder } = await run(script);
    expect(exit).toMatchObject({ how: 'exited', code: 0 });
    expect(exit.tail.filter((line) => line.startsWith('DID'))).toEqual([]);
    expect(heard['escaped']).toBeUndefined();
    expect(heard['loss']).toBe(0.8);
    expect(readFileSync(join(folder, '.ansatz', 's', 'journal.db'), 'utf8')).toBe('the books');
    expect(readFileSync(join(folder, 'evaluate.sh'), 'utf8')).toBe('echo "loss: 0.9"\n');
    expect(readFileSync(join(folder, 'train.sh'), 'utf8')).toBe(script);
  });

  test('sees no home folder, no key, and no way out by a link', async () => {
    process.env['MY_API_KEY'] = 'very-secret';
    const secret = join(homedir(), '.ansatz-sandbox-test');
    writeFileSync(secret, 'very-secret\n');
    try {
      const { exit } = await run(
        [
          `cat ${secret} 2>/dev/null`,
          `ln -s ${secret} link; cat link 2>/dev/null`,
          'env | grep very-secret',
          'tr "\\0" "\\n" < /proc/1/environ 2>/dev/null | grep very-secret',
          `echo x > ${homedir()}/.profile 2>/dev/null`,
          'echo "loss: 1"',
        ].join('\n'),
      );
      expect(exit).toMatchObject({ how: 'exited', code: 0 });
      expect(exit.tail.join('\n')).not.toContain('very-secret');
    } finally {
      rmSync(secret);
    }
  });

  test('reaches no network, not even this machine', async () => {
    let visits = 0;
    const server = createServer((socket) => {
      visits++;
      socket.end('hello');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const program = `const s = require('net').connect(${port}, '127.0.0.1'); s.on('connect', () => console.log('REACHED')); s.on('error', (e) => console.log('error', e.code));`;
    const { exit } = await run(`${program}\nconsole.log('loss: 1');\n`, 10, process.execPath);
    server.close();
    expect(exit.tail.join('\n')).toMatch(/error E/);
    expect(exit.tail.join('\n')).not.toContain('REACHED');
    expect(visits).toBe(0);
  });

  test('leaves no child behind that has taken a session of its own', async () => {
    const started = performance.now();
    const { exit, runs } = await run('setsid sh -c "sleep 300" & setsid sleep 300 & echo "loss: 1"; sleep 300\n', 1);
    expect(exit.cut).toBe('time-limit');
    expect((performance.now() - started) / 1000).toBeLessThan(8);
    expect(withEnvironment(`ANSATZ_RUN=${tokenOf(runs, 1)}`)).toEqual([]);
  });

  test('a link in its copy that was put there to be written through leads nowhere it may write', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'ansatz-outside-'));
    folders.push(outside);
    writeFileSync(join(outside, 'precious'), 'precious');
    const { exit } = await run(
      `ln -s ${outside}/precious p; echo x > p 2>/dev/null; cat p 2>/dev/null; echo "loss: 1"\n`,
    );
    expect(exit.code).toBe(0);
    expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('precious');
  });
});

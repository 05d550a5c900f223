/**
 * What a run that is confined tries in vain, whoever the lab is: root, whose runs bubblewrap would leave every right there
 * is, and an ordinary user. The whole command line on a real script; each attempt says so when it succeeds.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { whyUnconfined } from '../ansatz/src/io/workspace/index.ts';
import type { Status } from '../ansatz/src/study/views.ts';
import { CLI, cleanUp, project, type Result, stateOf, yaml } from './product.ts';

/** A user that no machine has. */
const STRANGER = 54_321;
const isRoot = process.getuid?.() === 0;
const why = whyUnconfined();

/** Why the ordinary user's half cannot be tried here; undefined when it can. */
function whyNobodyElse(): string | undefined {
  if (why !== undefined) return why;
  if (!isRoot) return 'only root can be somebody else; the first half was tried as an ordinary user';
  try {
    const readable = 'test -r "$0" && bwrap --ro-bind / / --unshare-all -- true';
    execFileSync(
      'setpriv',
      [`--reuid=${STRANGER}`, `--regid=${STRANGER}`, '--clear-groups', 'sh', '-c', readable, CLI],
      { stdio: 'pipe' },
    );
    return undefined;
  } catch (error) {
    return `an ordinary user cannot confine runs here: ${(error as Error).message.split('\n').slice(1, 2).join('')}`;
  }
}

const servers: Server[] = [];
const others: ChildProcess[] = [];
afterEach(() => {
  servers.splice(0).forEach((server) => server.close());
  others.splice(0).forEach((child) => child.kill('SIGKILL'));
  cleanUp();
});

/** A place with a home folder and a project of this user in it. */
function place(
  uid: number,
  files: Readonly<Record<string, string>>,
): { readonly folder: string; readonly home: string } {
  const top = project({ 'home/.ssh/id_ed25519': 'very-secret key\n', 'home/.netrc': 'very-secret login\n' });
  const folder = join(top, 'project');
  mkdirSync(folder);
  project(files, folder);
  if (isRoot)
    for (const name of ['.', ...readdirSync(top, { recursive: true, encoding: 'utf8' })])
      chownSync(join(top, name), uid, uid);
  chmodSync(top, 0o755);
  return { folder, home: join(top, 'home') };
}

/** `ansatz` as this user, at home in that folder. */
function as(uid: number, { folder, home }: ReturnType<typeof place>, ...args: string[]): Promise<Result> {
  const words = [process.execPath, CLI, ...args];
  const argv =
    uid === 0 || !isRoot ? words : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', ...words];
  const env = { ...process.env, HOME: home, API_KEY: 'very-secret variable' };
  const child = spawn(argv[0]!, argv.slice(1), { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

async function listen(at: string | { readonly port: number; readonly host: string }): Promise<Server> {
  const server = createServer((socket) => socket.end('very-secret answer\n'));
  servers.push(server);
  await new Promise<void>((resolve) =>
    typeof at === 'string' ? server.listen(at, resolve) : server.listen(at.port, at.host, resolve),
  );
  return server;
}

/** Says ESCAPED for each thing that it was able to do. */
const ATTEMPTS = `
try() { if eval "$2" >/dev/null 2>>errors; then echo "ESCAPED: $1"; fi; }
seen() { if eval "$2" 2>>errors | grep -q very-secret; then echo "ESCAPED: $1"; fi; }
try "write the evaluator" 'echo "echo loss: 0" > judge.sh'
try "replace the evaluator" 'mv judge.sh old && cp script.sh judge.sh'
try "write the project's evaluator" 'echo x >> $FOLDER/judge.sh'
try "write the configuration" 'echo x >> $FOLDER/ansatz.yaml'
try "take the read-only disk back" 'mount -o remount,bind,rw / && touch /etc/ansatz-escaped'
try "take the read-only project back" 'mount -o remount,bind,rw $FOLDER && touch $FOLDER/escaped'
try "uncover the study" 'umount $FOLDER/.ansatz && ls $FOLDER/.ansatz/s/journal.db'
try "become root in a namespace of its own" 'unshare -Urm sh -c "mount -o remount,bind,rw / && touch /etc/ansatz-escaped"'
try "change the kernel" 'cat < /dev/null >> /proc/sys/kernel/core_pattern'
seen "read a key in the home folder" 'cat $PLACE/home/.ssh/id_ed25519'
seen "read a key by a link" 'ln -s $PLACE/home/.netrc key; cat key'
seen "read the keys of the project" 'cat .env deep/.env.local $FOLDER/.env $FOLDER/deep/.env.local'
try "read passwords" 'grep -q . /etc/shadow'
seen "read a variable" 'env; cat /proc/self/environ /proc/1/environ'
try "see the ledger" 'ls $FOLDER/.ansatz/s/journal.db'
try "follow a link to the ledger" 'mkdir -p out; ln -s $FOLDER/.ansatz/s/journal.db out/ledger; head -c 6 out/ledger | grep -q SQLite'
try "see another run" 'ls -d $FOLDER/.ansatz/s/runs/1/stdout'
for n in 1 2 3; do
  other=$FOLDER/.ansatz/s/runs/$n/metrics.jsonl
  [ "$other" = "$ANSATZ_METRICS" ] || { mkdir -p "\${other%/*}"; echo '{"loss": 0.001}' >> "$other"; } 2>>errors
done
"$NODE" reach.js
cat errors >&2
sh judge.sh
`;

/** Each door that leads out of a run without a network. */
const REACH = `
const { connect } = require('net');
const doors = { 'this machine': { port: +process.env.PORT, host: '127.0.0.1' }, 'a socket without a file': { path: '\\0' + process.env.ABSTRACT }, 'a socket in the project': { path: process.env.FOLDER + '/s.sock' }, 'the world': { port: 53, host: '192.0.2.1' } };
for (const [name, where] of Object.entries(doors)) {
  const socket = connect(where);
  socket.setTimeout(1000, () => socket.destroy());
  socket.on('connect', () => console.log('ESCAPED: reach ' + name));
  socket.on('error', (error) => console.error('reach ' + name + ': ' + error.code));
}
`;

test('where bubblewrap works, what it is told to do is enough: nobody is kept from confining runs by our own policy', () => {
  expect(why ?? '').not.toMatch(/could write/);
});

const WHO: readonly (readonly [string, number, string | undefined])[] = [
  [isRoot ? 'root' : 'an ordinary user', process.getuid?.() ?? 0, why],
  ['an ordinary user, by root', STRANGER, whyNobodyElse()],
];

describe.each(WHO)('for a lab of %s', (_name, uid, skip) => {
  const said = skip === undefined ? '' : ` (skipped: ${skip})`;

  test.skipIf(skip !== undefined)(
    `a confined run escapes by none of its attempts, and some are told${said}`,
    { timeout: 60_000 },
    async () => {
      const judge = 'echo "loss: 1"\n';
      const at = place(uid, {
        'script.sh': ATTEMPTS,
        'judge.sh': judge,
        'reach.js': REACH,
        '.env': 'KEY=very-secret\n',
        'deep/.env.local': 'KEY=very-secret\n',
      });
      const abstract = `ansatz-escape-${process.pid}-${uid}`;
      await listen(`\0${abstract}`);
      await listen(join(at.folder, 's.sock'));
      chmodSync(join(at.folder, 's.sock'), 0o777);
      const { port } = (await listen({ port: 0, host: '127.0.0.1' })).address() as AddressInfo;
      const env = {
        FOLDER: at.folder,
        PLACE: dirname(at.folder),
        PORT: port,
        ABSTRACT: abstract,
        NODE: process.execPath,
      };
      const settings = Object.entries(env).map(([name, value]) => `${name}: '${value}'`);
      writeFileSync(
        join(at.folder, 'ansatz.yaml'),
        yaml(
          'sandbox: bwrap',
          'code: { protected: [judge.sh] }',
          'budget: { runs: 3 }',
          'slots: 1',
          `run: { limit: 20s, grace: 1s, env: { ${settings.join(', ')} } }`,
        ),
      );
      const run = await as(uid, at, 'run', '--plain');
      expect(run.err).toBe('');
      const state = stateOf(at.folder, 's');
      expect(state.runs.map(({ status, value }) => [status, value])).toEqual([
        ['done', 1],
        ['done', 1],
        ['done', 1],
      ]);
      for (const { id } of state.runs) {
        const output = readFileSync(join(at.folder, '.ansatz/s/runs', String(id), 'stdout'), 'utf8');
        expect(output.split('\n').filter((line) => line.startsWith('ESCAPED'))).toEqual([]);
        expect(output).toBe('loss: 1\n');
      }
      expect(readFileSync(join(at.folder, 'judge.sh'), 'utf8')).toBe(judge);
      expect(existsSync(join(at.folder, 'escaped')) || existsSync('/etc/ansatz-escaped')).toBe(false);
      // What was refused is told where people look.
      const status = JSON.parse((await as(uid, at, 'status', '--json')).out) as Status;
      expect(status).toMatchObject({ sandbox: 'bwrap' });
      expect(status.suspicions.join('\n')).toMatch(/the sandbox refused a run something: .*[Rr]ead-only file system/);
      await as(uid, at, 'report', '-o', 'report.md');
      const report = readFileSync(join(at.folder, 'report.md'), 'utf8');
      expect(report).toMatch(/The sandbox refused a run something/);
      expect(report).toMatch(/# sandbox bwrap/);
    },
  );

  test.skipIf(skip !== undefined)(
    `children in sessions of their own end with their run${said}`,
    { timeout: 60_000 },
    async () => {
      const mark = `${uid}${process.pid}`;
      const at = place(uid, {
        'script.sh': `setsid sleep 300.${mark} & setsid sh -c 'setsid sleep 301.${mark} & sleep 302.${mark}' & echo "loss: 1"; sleep 303.${mark}\n`,
        'ansatz.yaml': yaml('sandbox: bwrap', 'run: { limit: 1s, grace: 0.2s }', 'budget: { runs: 1 }', 'slots: 1'),
      });
      await as(uid, at, 'run', '--plain');
      expect(stateOf(at.folder, 's').runs[0]).toMatchObject({ status: 'failed', reason: 'timeout' });
      expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(mark);
    },
  );

  test.skipIf(skip !== undefined)(
    `a number that is printed after the evaluator’s is no result where the lab asks the evaluator itself${said}`,
    { timeout: 60_000 },
    async () => {
      const at = place(uid, {
        'script.sh':
          'mkdir -p out; echo 1 > out/model; sh judge.sh; echo "loss: 0.001"; ln -s ../../../../journal.db out/ledger\n',
        'judge.sh': 'read -r loss < out/model; ls out | grep -c ledger >&2; echo "loss: $loss"\n',
        'ansatz.yaml': yaml(
          'sandbox: bwrap',
          'command: /bin/sh script.sh',
          'evaluate: sh judge.sh',
          "artifacts: ['out/**']",
          'budget: { runs: 3 }',
        ),
      });
      await as(uid, at, 'run', '--plain');
      const state = stateOf(at.folder, 's');
      expect(state.runs.map(({ value }) => value)).toEqual([1, 1, 1]);
      expect((await as(uid, at, 'show', '1')).out).toMatch(/loss \(as printed\)/);
      // The link to the ledger was left outside: what the evaluator sees is the model alone.
      expect(readFileSync(join(at.folder, '.ansatz/s/runs/1/evaluate/stderr'), 'utf8')).toBe('0\n');
    },
  );
});

test.skipIf(why !== undefined)(
  'a file of secrets that the configuration lists, or a command names, is given to runs',
  { timeout: 60_000 },
  async () => {
    const files = { '.env': 'loss: 0.5\n', '.env.other': 'loss: 0.25\n', 'script.sh': 'cat .env .env.other\n' };
    const last = async (...lines: string[]): Promise<unknown> => {
      const at = place(process.getuid?.() ?? 0, {
        ...files,
        'ansatz.yaml': yaml('sandbox: bwrap', 'budget: { runs: 1 }', 'slots: 1', ...lines),
      });
      await as(process.getuid?.() ?? 0, at, 'run', '--plain');
      return stateOf(at.folder, 's').runs[0]!.value;
    };
    expect(await last()).toBeUndefined();
    expect(await last('secrets: [.env]')).toBe(0.5);
    expect(await last('command: sh script.sh .env.other')).toBe(0.25);
  },
);

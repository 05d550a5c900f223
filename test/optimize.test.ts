/** `ansatz optimize` as the process it is: bytes in, lines out, and how it ends. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { CLI } from './product.ts';

const CREATE = '{"cmd":"create","space":[{"name":"x","type":"float","low":0,"high":1}],"seed":1}';

function begin(): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [CLI, 'optimize']);
}

/** Every answer to an input, and how the process ended. */
async function answers(input: Buffer | string) {
  const child = begin();
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, err, lines: out.split('\n').slice(0, -1) };
}

test('a line is answered as soon as it is sent, and close ends it while its input is open', async () => {
  const child = begin();
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const say = async (request: string): Promise<unknown> => {
    child.stdin.write(`${request}\n`);
    return JSON.parse((await lines.next()).value as string) as unknown;
  };
  expect(await say(CREATE)).toMatchObject({ ok: true });
  expect(await say('{"cmd":"ask","params":{"x":0.25}}')).toEqual({ id: 0, params: { x: 0.25 } });
  expect(await say('{"cmd":"tell","id":0,"value":0.5}')).toEqual({ ok: true });
  expect(await say('{"cmd":"tell","id":0,"value":0.5}')).toHaveProperty('error');
  expect(await say('{"cmd":"best"}')).toEqual({ id: 0, params: { x: 0.25 }, value: 0.5 });
  const ended = once(child, 'close');
  expect(await say('{"cmd":"close"}')).toEqual({ ok: true });
  expect((await ended)[0]).toBe(0);
});

test('Windows line ends, blank lines, a byte order mark and a last line without an end', async () => {
  const { code, err, lines } = await answers(`\uFEFF${CREATE}\r\n\r\n   \n{"cmd":"ask"}\r\n\n{"cmd":"best"}`);
  expect({ code, err, count: lines.length }).toEqual({ code: 0, err: '', count: 3 });
  expect(lines.filter((line) => line.includes('error'))).toEqual([]);
});

test('bytes of any kind, and a line longer than memory should hold, are one error each', async () => {
  const garbage = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919 + (i >> 3) * 31) % 256));
  const expected = garbage
    .toString('latin1')
    .split('\n')
    .filter((line) => Buffer.from(line, 'latin1').toString('utf8').trim() !== '').length;
  const long = Buffer.alloc((64 << 20) + 1, 'a');
  const { code, lines } = await answers(
    Buffer.concat([garbage, Buffer.from('\n'), long, Buffer.from(`\n${CREATE}\n`)]),
  );
  expect(code).toBe(0);
  expect(lines).toHaveLength(expected + 2);
  expect(lines.slice(0, -1).filter((line) => !line.startsWith('{"error":'))).toEqual([]);
  expect(lines.at(-2)).toContain('longer than 64 MiB');
  expect(lines.at(-1)).toContain('"ok":true');
});

test('a reader that goes away is no crash', async () => {
  const child = begin();
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.on('error', () => {});
  child.stdin.write(`${CREATE}\n`);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  child.stdin.write('{"cmd":"ask"}\n'.repeat(50));
  const [code] = (await once(child, 'exit')) as [number | null];
  expect({ code, err }).toEqual({ code: 0, err: '' });
  child.stdin.destroy();
});

test('the conversation of the documentation is what happens', async () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/optimize.md'), 'utf8');
  const said = [...page.matchAll(/^> (.*)\n< (.*)$/gm)].map((match) => ({ request: match[1]!, answer: match[2]! }));
  expect(said.length).toBeGreaterThan(10);
  const { lines } = await answers(said.map(({ request }) => `${request}\n`).join(''));
  // What is proposed may change from version to version.
  const fixed = (line: string): string =>
    line.replace(/^(\{"id":2,"params").*/, '$1').replace(/ansatz [\d.]+/, 'ansatz');
  expect(lines.map(fixed)).toEqual(said.map(({ answer }) => fixed(answer)));
});

test('an input that ends before it began is the end', async () => {
  expect(await answers('')).toEqual({ code: 0, err: '', lines: [] });
});

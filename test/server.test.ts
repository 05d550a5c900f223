/** `ansatz ui` under attack: the classes of what is tried against dashboards, each against a server that runs. */

import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ansatz, cleanUp, CLI, project, stateOf, yaml } from './product.ts';

/** Prints markup, escape sequences, a key and a direction mark, then a result. */
const LOUD = `#!/bin/sh
printf '<script>alert(1)</script> \\033]52;c;aGVsbG8=\\007 \\342\\200\\256evil api_key=sk-abcdefghijklmnopqrstuvwxyz\\n'
printf '__proto__=7\\n'
echo "loss: 0.5"
`;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

let folder: string;
let server: ChildProcess;
let port: number;
let link: string;
let bearer: string;
let cookie: string;

/** A request with exactly these headers, and a path as it is. */
function ask(
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      path,
      method,
      headers: { host: `127.0.0.1:${port}`, ...headers },
      timeout: 20_000,
    });
    sent.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(parts).toString() }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const known = (more: Record<string, string> = {}): Record<string, string> => ({ cookie, ...more });
const page = (): string => `http://127.0.0.1:${port}`;
const study = '/api/studies/attacked';
const post = (wish: object, headers: Record<string, string> = {}, sure = true): Promise<Answer> =>
  ask(`${study}/steer`, {
    method: 'POST',
    headers: known({ 'content-type': 'application/json', origin: page(), ...headers }),
    body: JSON.stringify({ wish, sure }),
  });

/** What is written on the wire, and what comes back until it is closed or a moment has passed. */
function raw(text: string, ms = 1500): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let back = '';
    socket.on('data', (part) => (back += part.toString('latin1')));
    const end = (): void => {
      socket.destroy();
      resolve(back);
    };
    socket.on('close', end);
    socket.on('error', end);
    setTimeout(end, ms);
  });
}

async function startUi(): Promise<void> {
  server = spawn(process.execPath, [CLI, 'ui', '--json', '--token'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = await new Promise<string>((resolve, reject) => {
    server.stdout!.once('data', (part: Buffer) => resolve(part.toString()));
    server.once('exit', (code) => reject(new Error(`ansatz ui ended with ${code}`)));
  });
  ({ port, link, bearer } = JSON.parse(said) as { port: number; link: string; bearer: string });
}

beforeAll(async () => {
  folder = project({ 'ansatz.yaml': yaml('budget: { runs: 8 }'), 'script.sh': LOUD });
  await ansatz(folder, ['run', '--plain', '--study', 'attacked']);
  await startUi();
  const first = await ask(link.slice(page().length));
  cookie = String(first.headers['set-cookie']).split(';')[0]!;
}, 90_000);

afterAll(() => {
  server?.kill('SIGTERM');
  cleanUp();
});

describe('who may ask', () => {
  test('the link works once, leaves no key in the address, and the cookie is out of reach of pages', async () => {
    const key = link.slice(page().length);
    const again = await ask(key);
    expect(again.status).toBe(303);
    expect(again.headers['set-cookie']).toBeUndefined();
    expect(again.headers['location']).not.toContain('key');
    expect(cookie).toMatch(/^ansatz_\d+=[\w-]{24}\.[\w-]{43}$/);
    expect((await ask(study + '/board', { headers: known() })).status).toBe(200);
  });

  test('without a key every route that says anything says no, and the key file is the owner’s alone', async () => {
    for (const path of [
      '/api/studies',
      `${study}/board`,
      `${study}/events`,
      `${study}/runs/1/log`,
      '/api/openapi.json',
      '/api/nothing',
    ]) {
      expect((await ask(path)).status, path).toBe(401);
    }
    expect(statSync(join(folder, '.ansatz', 'ui.key')).mode & 0o077).toBe(0);
  });

  test('forged, cut, doubled and foreign cookies and tokens are nothing', async () => {
    const [name, value] = cookie.split('=') as [string, string];
    for (const bad of [
      '',
      'x',
      `${value}x`,
      value.slice(0, -1),
      `${value}.${value}`,
      value.replace('.', '..'),
      `${'A'.repeat(24)}.${'A'.repeat(43)}`,
    ]) {
      expect((await ask('/api/studies', { headers: { cookie: `${name}=${bad}` } })).status, bad).toBe(401);
    }
    expect((await ask('/api/studies', { headers: { authorization: `Bearer ${bearer}` } })).status).toBe(200);
  });

  test('after twenty wrong keys in a minute a right one must wait too', async () => {
    const other = spawn(process.execPath, [CLI, 'ui', '--json'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
    const said = await new Promise<string>((resolve) =>
      other.stdout.once('data', (part: Buffer) => resolve(part.toString())),
    );
    const { port: there, bearer: token } = JSON.parse(said) as { port: number; bearer: string };
    const get = async (value: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${there}/api/studies`, { headers: { authorization: `Bearer ${value}` } })).status;
    expect(await get(token)).toBe(200);
    for (let i = 0; i < 20; i++) expect(await get(`guess ${i}`)).toBe(401);
    expect(await get(token)).toBe(401);
    other.kill('SIGTERM');
  });

  test('beyond this machine it does not start without being told twice', async () => {
    const refused = await ansatz(folder, ['ui', '--host', '0.0.0.0']);
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/open-host[\s\S]*--token/);
    // Nobody reaches it by another address of this machine.
    await expect(fetch(`http://[::1]:${port}/`)).rejects.toThrow();
  });
});

describe('where a request comes from', () => {
  test('names that are not ours are refused on every method, whatever they look like', async () => {
    const bad = [
      'evil.example',
      `evil.example:${port}`,
      'EVIL.example.',
      '127.0.0.1.nip.io',
      'localhost.evil.example',
      '127.0.0.1@evil.example',
      'localhost:99999x',
      '[::1].evil',
    ];
    for (const host of bad) {
      for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'HEAD']) {
        const answer = await ask(`${study}/board`, { method, headers: known({ host }) });
        expect([400, 403], `${method} ${host}`).toContain(answer.status);
      }
    }
    for (const host of ['localhost', `LOCALHOST:${port}`, '127.0.0.1', '[::1]', 'localhost.']) {
      expect((await ask(`${study}/board`, { headers: known({ host }) })).status, host).toBe(200);
    }
    expect((await ask(`${study}/board`, { headers: known({ 'x-forwarded-host': 'evil.example' }) })).status).toBe(200);
    expect(await raw(`GET /api/studies HTTP/1.1\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 (?:400|403)/);
    expect(
      await raw(
        `GET /api/studies HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`,
      ),
    ).toMatch(/^HTTP\/1\.1 (?:400|403)/);
    expect(
      await raw(
        `GET http://evil.example/api/studies HTTP/1.1\r\nHost: evil.example\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`,
      ),
    ).toMatch(/^HTTP\/1\.1 403/);
  });

  test('pages of other sites can neither read nor write, also with the cookie', async () => {
    for (const origin of [
      'https://evil.example',
      'null',
      `http://127.0.0.1:${port + 1}`,
      `http://localhost.evil:${port}`,
      'file://',
    ]) {
      expect((await ask(`${study}/board`, { headers: known({ origin }) })).status, origin).toBe(403);
      expect((await post({ do: 'note', trial: 1, text: 'x' }, { origin })).status, origin).toBe(403);
    }
    expect((await ask(`${study}/board`, { headers: known({ 'sec-fetch-site': 'cross-site' }) })).status).toBe(403);
    const answer = await ask(`${study}/board`, { headers: known() });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect((await ask(`${study}/board`, { method: 'OPTIONS', headers: known({ origin: page() }) })).status).toBe(405);
  });

  test('what changes anything must be JSON by POST and say where it comes from; GET changes nothing', async () => {
    const body = JSON.stringify({ wish: { do: 'note', trial: 1, text: 'x' }, sure: true });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '']) {
      const answer = await ask(`${study}/steer`, {
        method: 'POST',
        headers: known({ 'content-type': type, origin: page() }),
        body,
      });
      expect(answer.status, type).toBe(415);
    }
    expect(
      (await ask(`${study}/steer`, { method: 'POST', headers: known({ 'content-type': 'application/json' }), body }))
        .status,
    ).toBe(403);
    for (const method of ['PUT', 'PATCH']) {
      expect(
        (
          await ask(`${study}/steer`, {
            method,
            headers: known({ 'content-type': 'application/json', origin: page() }),
            body,
          })
        ).status,
      ).toBe(405);
    }
    expect((await ask(`${study}/steer`, { headers: known() })).status).toBe(404);
    expect((await post({ do: 'note', trial: 1, text: 'a note' })).status).toBe(200);
  });
});

describe('what a request may name', () => {
  test('no path leads out of the pages or into the project', async () => {
    const paths = [
      '/../../etc/passwd',
      '/assets/../../package.json',
      '/assets/%2e%2e/%2e%2e/package.json',
      '/assets/%252e%252e%252fpackage.json',
      '/assets/..%5c..%5cpackage.json',
      '/assets/..;/package.json',
      '/assets//etc/passwd',
      '/assets/%00index.js',
      '/assets/file:%2f%2f%2fetc%2fpasswd',
      `/${'a'.repeat(5000)}`,
      '/ansatz.yaml',
      '/.ansatz/ui.key',
    ];
    for (const path of paths) {
      const answer = await ask(path, { headers: known() });
      expect([400, 404, 414], path).toContain(answer.status);
      expect(answer.text).not.toMatch(/root:|"name": "ansatz|command:/);
    }
  });

  test('names of studies, trials and runs are names and numbers, and nothing else', async () => {
    for (const name of [
      '..%2f..',
      '.%2e',
      '-rf',
      'a%2fb',
      "a'%3b",
      'a%00',
      'x'.repeat(200),
      '__proto__',
      'constructor',
    ]) {
      const answer = await ask(`/api/studies/${name}/board`, { headers: known() });
      expect([400, 404], name).toContain(answer.status);
    }
    for (const id of ['0', '-1', '1e3', '1.5', 'NaN', '99999999999', '1%20or%201', '__proto__']) {
      expect([400, 404], id).toContain((await ask(`${study}/trials/${id}`, { headers: known() })).status);
      expect([400, 404], id).toContain((await ask(`${study}/runs/${id}/log`, { headers: known() })).status);
    }
  });

  test('filters are a grammar: nothing is evaluated, mistakes are explained, and depth has an end', async () => {
    const filter = async (text: string): Promise<Answer> =>
      ask(`${study}/trials?filter=${encodeURIComponent(text)}`, { headers: known() });
    for (const text of [
      'process.exit() > 0',
      'constructor == 1',
      '`__proto__` > 0',
      'value.constructor.constructor("return 1")() > 1',
      `${'('.repeat(400)}value > 0${')'.repeat(400)}`,
      'stat = keep',
    ]) {
      const answer = await filter(text);
      expect(answer.status, text).toBe(422);
      expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'bad-filter' } });
    }
    expect((await filter('stat = keep')).text).toContain('closest: \\"state\\"');
    expect((await filter('state = keep and value < 10')).status).toBe(200);
    expect((await filter('x'.repeat(2000))).status).toBe(422);
    // A pattern that would hang a backtracking engine is only text to a search.
    expect((await ask(`${study}/runs/1/log?search=${encodeURIComponent('(a+)+$')}`, { headers: known() })).status).toBe(
      200,
    );
  });

  test('numbers that are none, and names that mean something to the language, break nothing', async () => {
    for (const wish of [
      { do: 'budget', runs: -1 },
      { do: 'repeat', trial: 1, more: 1e9 },
      { do: 'repeat', trial: 1.5 },
      { do: 'kill-run', run: -3 },
      { do: 'note', trial: 1, text: 'x'.repeat(10_000) },
      { do: 'note', trial: 1 },
      { do: 'constructor' },
      { do: 'bet', bet: '__proto__', open: false },
      { do: 'pause', extra: 1 },
      { do: 'report', value: 0 },
    ]) {
      expect([404, 422], JSON.stringify(wish)).toContain((await post(wish)).status);
    }
    const polluted = await ask(`${study}/steer`, {
      method: 'POST',
      headers: known({ 'content-type': 'application/json', origin: page() }),
      body: '{"wish":{"do":"note","trial":1,"text":"x","__proto__":{"admin":true}},"sure":true}',
    });
    expect(polluted.status).toBe(422);
    const endless = await ask(`${study}/steer`, {
      method: 'POST',
      headers: known({ 'content-type': 'application/json', origin: page() }),
      body: '{"wish":{"do":"budget","runs":1e999},"sure":true}',
    });
    expect(endless.status).toBe(422);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
    expect((await ask(`${study}/curves?metric=__proto__`, { headers: known() })).status).toBe(200);
    expect((await ask(`${study}/curves?metric=constructor`, { headers: known() })).status).toBe(404);
    expect((await ask(`${study}/curves?smooth=NaN`, { headers: known() })).status).toBe(422);
  });
});

describe('what comes back', () => {
  test('every answer carries what keeps a page from being framed, sniffed or scripted', async () => {
    for (const path of ['/', '/s/attacked', `${study}/board`, '/nothing.js']) {
      const { headers } = await ask(path, { headers: known() });
      expect(headers['content-security-policy']).toMatch(
        /default-src 'none'; script-src 'self'; style-src 'self'.*frame-ancestors 'none'/,
      );
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['cache-control']).toBe('no-store');
    }
  });

  test('the page itself holds no script, style or address from elsewhere', async () => {
    const { text } = await ask('/', { headers: known() });
    expect(text).not.toMatch(/<script(?![^>]*src="\/assets\/)|<style|style=|https?:\/\//);
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(text)![1]!;
    const { text: code } = await ask(script, { headers: known() });
    const addresses = [...code.matchAll(/["'`](https?:\/\/[^"'`\s]+)/g)].map((match) => new URL(match[1]!).host);
    // Names of the markup languages, and links in messages of libraries; nothing is fetched.
    expect(
      addresses.filter((host) => !/^(?:www\.w3\.org|react\.dev|tanstack\.com|reactjs\.org|localhost)$/.test(host)),
    ).toEqual([]);
    expect(code).not.toMatch(/\beval\(|new Function\(/);
  });

  test('logs come without escape sequences, direction marks and keys, as JSON that no browser takes for markup', async () => {
    const answer = await ask(`${study}/runs/1/log`, { headers: known() });
    expect(answer.headers['content-type']).toBe('application/json');
    const { lines } = JSON.parse(answer.text) as { lines: { text: string }[] };
    const text = lines.map((line) => line.text).join('\n');
    expect(text).toContain('<script>alert(1)</script>');
    expect(text).not.toMatch(/[\u0000-\u0008\u001b\u202e]|sk-abcdef/);
    expect(text).toContain('loss: 0.5');
  });

  test('no secret is in any answer, and none of the paths of this machine in a trial', async () => {
    const secret = readFileSync(join(folder, '.ansatz', 'ui.key'), 'utf8').trim();
    for (const path of [
      '/api/studies',
      `${study}/board`,
      `${study}/trials/1`,
      `${study}/history`,
      `${study}/ledger`,
      '/api/openapi.json',
    ]) {
      const { text } = await ask(path, { headers: known() });
      expect(text).not.toContain(secret);
      expect(text).not.toContain(bearer);
    }
    expect((await ask(`${study}/trials/1`, { headers: known() })).text).not.toContain(folder);
    expect(server.spawnargs.join(' ')).not.toContain(secret);
  });

  test('mistakes say what, and never how it is built', async () => {
    const { text } = await ask(`${study}/steer`, {
      method: 'POST',
      headers: known({ 'content-type': 'application/json', origin: page() }),
      body: '{',
    });
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'bad-json' } });
    expect(text).not.toMatch(/at .*\.ts:|node_modules/);
  });
});

describe('how much it takes', () => {
  test('large bodies, many and endless streams, and slow senders have an end', async () => {
    const big = await post({ do: 'note', trial: 1, text: 'x'.repeat(200_000) });
    expect([413, 422]).toContain(big.status);
    const chunked = await raw(
      `POST ${study}/steer HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nCookie: ${cookie}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${`10000\r\n${'x'.repeat(0x10000)}\r\n`.repeat(8)}0\r\n\r\n`,
    );
    expect(chunked).toMatch(/^HTTP\/1\.1 (?:400|413|422)/);
    const streams = await Promise.all(
      Array.from({ length: 30 }, () =>
        fetch(`${page()}${study}/events`, { headers: { authorization: `Bearer ${bearer}` } }),
      ),
    );
    const codes = streams.map(({ status }) => status);
    expect(codes.filter((code) => code === 200).length).toBe(24);
    expect(codes.filter((code) => code === 503).length).toBe(6);
    await Promise.all(streams.map(async (stream) => stream.body?.cancel()));
    await expect
      .poll(async () => {
        const next = await fetch(`${page()}${study}/events`, { headers: { authorization: `Bearer ${bearer}` } });
        await next.body?.cancel();
        return next.status;
      })
      .toBe(200);
    expect(
      (
        await raw(
          `GET / HTTP/1.1\r\n${Array.from({ length: 500 }, (_, i) => `X-${i}: ${'y'.repeat(100)}\r\n`).join('')}\r\n`,
        )
      ).slice(0, 12),
    ).toMatch(/HTTP\/1\.1 4/);
  });

  test('a sender of half a header is cut off', async () => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: lo'));
    const closed = await new Promise<boolean>((resolve) => {
      socket.resume();
      socket.on('close', () => resolve(true));
      socket.on('error', () => resolve(true));
      setTimeout(() => resolve(false), 25_000);
    });
    socket.destroy();
    expect(closed).toBe(true);
  });
});

describe('what it may do', () => {
  test('tools for agents are behind the same guard: name, origin, token and content type', async () => {
    const call = (headers: Record<string, string>, method = 'POST'): Promise<Answer> =>
      ask('/mcp', {
        method,
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      });
    const authorization = `Bearer ${bearer}`;
    expect((await call({})).status).toBe(401);
    expect((await call({ authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await call({ authorization, host: 'evil.example' })).status).toBe(403);
    expect((await call({ authorization, origin: 'https://evil.example' })).status).toBe(403);
    expect((await call({ authorization, 'content-type': 'text/plain' })).status).toBe(415);
    const answer = await call({ authorization });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('"propose"');
  });

  test('no address in any text makes the server call it', async () => {
    let called = 0;
    const canary = createServer((_request, response) => {
      called++;
      response.end();
    });
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
    const { port: there } = canary.address() as AddressInfo;
    const address = `http://127.0.0.1:${there}/latest/meta-data`;
    await post({ do: 'note', trial: 1, text: `![](${address}) <img src="${address}">`, tags: [address.slice(0, 39)] });
    await post({ do: 'idea', text: address });
    await post({ do: 'try', settings: [`x=${address}`], why: address });
    for (const path of [
      `${study}/trials?filter=${encodeURIComponent(address)}`,
      `${study}/curves?metric=${encodeURIComponent(address)}`,
      `${study}/memory?words=${encodeURIComponent(address)}`,
      `/${address}`,
    ]) {
      await ask(path, { headers: known() });
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(called).toBe(0);
    canary.close();
  });

  test('no route takes a metric or runs a command: words to the lab are a short list, and what spends asks first', async () => {
    const { text } = await ask('/api/openapi.json', { headers: known() });
    const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, unknown>> };
    const writing = Object.entries(paths).filter(([, methods]) => 'post' in methods);
    expect(writing.map(([path]) => path)).toEqual(['/api/studies/{study}/steer']);
    const before = stateOf(folder, 'attacked').seq;
    for (const wish of [{ do: 'repeat', trial: 2 }, { do: 'kill' }, { do: 'try', settings: ['lr=0.5'] }]) {
      const answer = await post(wish, {}, false);
      expect(JSON.parse(answer.text).posted ?? false, JSON.stringify(wish)).toBe(false);
    }
    expect(stateOf(folder, 'attacked').seq).toBe(before);
  });

  test('settings with shell words reach no shell', async () => {
    for (const setting of ['lr=$(touch pwned)', 'lr=`id`', '--lr=1', 'lr=0.1;touch pwned', '__proto__=1']) {
      expect((await post({ do: 'try', settings: [setting] })).status, setting).toBe(422);
    }
  });
});

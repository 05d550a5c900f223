/** The lab as tools of an agent: a real client over real pipes. */

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, expect, test } from 'vitest';
import { ansatz, CLI, cleanUp, project, SCRIPT, start, stateOf, yaml } from './product.ts';

let client: Client | undefined;

afterEach(async () => {
  await client?.close();
  client = undefined;
  cleanUp();
});

async function connect(
  folder: string,
): Promise<(name: string, given?: object) => Promise<{ ok: boolean; body: Record<string, unknown>; text: string }>> {
  client = new Client({ name: 'test', version: '0' });
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [CLI, 'mcp'], cwd: folder, stderr: 'inherit' }),
  );
  return async (name, given = {}) => {
    const result = await client!.callTool({ name, arguments: { ...given } });
    const [first] = result.content as { text: string }[];
    return {
      ok: result.isError !== true,
      body: (result.structuredContent ?? {}) as Record<string, unknown>,
      text: first?.text ?? '',
    };
  };
}

test('an agent is not told what the held-out check says: it would search for that', async () => {
  const folder = project({
    'ansatz.yaml': yaml('heldout: sh judge.sh', "artifacts: ['model']", 'budget: { runs: 12 }'),
    'script.sh': `${SCRIPT}echo 1 > model\n`,
    'judge.sh': '[ -e model ] && echo "loss: 77.125"\n',
  });
  await ansatz(folder, ['run', '--plain']);
  expect((await ansatz(folder, ['status', '--json'])).out).toContain('77.125');
  const call = await connect(folder);
  for (const [tool, given] of [
    ['status', {}],
    ['trials', {}],
    ['trial', { trial: 1 }],
    ['log', { run: 1 }],
    ['lessons', {}],
    ['recall', { words: 'loss', tokens: 2000 }],
  ] as const) {
    const { ok, text } = await call(tool, given);
    expect(ok, `${tool}: ${text}`).toBe(true);
    expect(text, tool).not.toMatch(/77\.125|heldout/);
  }
});

test('an agent reads a study, asks what was tried, and has its proposal run and judged', async () => {
  const folder = project({
    'ansatz.yaml': yaml('budget: { runs: 8 }', 'code: { protected: [judge.sh] }'),
    'script.sh': SCRIPT,
    'judge.sh': 'echo\n',
  });
  const empty = await connect(folder);
  const none = await empty('status');
  expect(none).toMatchObject({ ok: false });
  expect(none.text).toMatch(/there is no study here/);
  await ansatz(folder, ['run', '--plain']);

  const call = await connect(folder);
  const tools = await client!.listTools();
  expect(tools.tools.map(({ name }) => name).sort()).toEqual([
    'compare',
    'curve',
    'forecast',
    'lessons',
    'log',
    'propose',
    'recall',
    'run',
    'status',
    'steer',
    'trial',
    'trials',
    'tried_before',
    'wait',
  ]);
  expect((await call('status')).body).toMatchObject({ study: 's', runs: 8, phase: 'ended' });
  const { trials } = (await call('trials', { last: 3 })).body as { trials: { trial: number }[] };
  expect(trials).toHaveLength(3);
  expect((await call('trial', { trial: 1 })).body).toMatchObject({ trial: 1, point: { x: 0.5 }, state: 'keep' });
  expect((await call('trial', { trial: 99 })).text).toMatch(/there is no trial 99/);
  expect((await call('log', { run: 1, lines: 2 })).body['lines']).toEqual([
    expect.stringMatching(/step 2: loss/),
    expect.stringMatching(/step 3: loss/),
  ]);
  expect((await call('curve', { run: 1 })).body).toMatchObject({ metric: 'loss', steps: [1, 2, 3] });
  expect((await call('curve', { run: 1, metric: 'acc' })).text).toMatch(/no metric "acc" — there are loss/);
  expect(String((await call('recall', { words: 'x', tokens: 300 })).body['text'])).toMatch(/s\/2/);
  const again = (await call('tried_before', { settings: stateOf(folder, 's').trials[2]!.point })).body;
  expect(again['decision']).not.toBe('allow');

  expect((await call('propose', { settings: { x: 7 }, why: 'w' })).text).toMatch(/x cannot be "7"/);
  const judge = '--- a/judge.sh\n+++ b/judge.sh\n@@ -1 +1 @@\n-echo\n+echo 1\n';
  expect((await call('propose', { patch: judge, why: 'w' })).text).toMatch(/judge\.sh is protected/);
  expect(await call('propose', { settings: { x: 0.83 }, why: 'because' })).toMatchObject({
    ok: true,
    body: { queued: true },
  });
  await ansatz(folder, ['run', '--plain', '--runs', '14']);
  const mine = stateOf(folder, 's').trials.find((trial) => trial.researcher === 'agent')!;
  expect(mine).toMatchObject({ point: { x: 0.83 }, bet: 'ideas' });
  expect(mine.hypothesis).toMatch(/^because/);
  expect((await call('trial', { trial: mine.id })).body).toMatchObject({ researcher: 'agent', state: mine.verdict });
});

test('over HTTP the same tools answer to whoever has the token, and to nobody else', async () => {
  const folder = project({ 'ansatz.yaml': yaml('budget: { runs: 8 }'), 'script.sh': SCRIPT });
  await ansatz(folder, ['run', '--plain']);
  const server = start(folder, ['mcp', '--http']);
  try {
    await server.seen(/Bearer \S+\n/);
    const [address] = /http:\S+\/mcp/.exec(server.said())!;
    const [, token] = /Bearer (\S+)/.exec(server.said())!;
    const headers = { authorization: `Bearer ${token}` };
    const over = (given: Record<string, string>): StreamableHTTPClientTransport =>
      new StreamableHTTPClientTransport(new URL(address), { requestInit: { headers: given } });
    const stranger = new Client({ name: 'stranger', version: '0' });
    await expect(stranger.connect(over({}))).rejects.toThrow(/401|key/);
    const agent = new Client({ name: 'agent', version: '0' });
    await agent.connect(over(headers));
    expect((await agent.listTools()).tools.length).toBe(14);
    const call = async (name: string, given: object): Promise<Record<string, unknown>> =>
      (await agent.callTool({ name, arguments: { ...given } })).structuredContent as Record<string, unknown>;
    expect(await call('compare', { trials: [1, 2] })).toMatchObject({
      differ: ['x'],
      trials: [{ trial: 1 }, { trial: 2 }],
    });
    expect(await call('lessons', {})).toHaveProperty('lessons');
    expect(await call('steer', { do: 'note', trial: 1, text: 'seen by an agent' })).toMatchObject({ queued: true });
    // The token of an agent opens its tools, and not what pages show.
    const page = await fetch(new URL('/api/studies/s/board', address), { headers });
    expect(page.status).toBe(401);
    await agent.close();
    await ansatz(folder, ['run', '--plain', '--runs', '10']);
    expect(stateOf(folder, 's').trials[0]!.notes).toMatchObject([{ text: 'seen by an agent', by: 'agent' }]);
  } finally {
    server.child.kill('SIGTERM');
    await server.done;
  }
});

test('an agent has something run now, within so many device-seconds, waits for the verdict, and asks what is to be expected', async () => {
  const folder = project({
    'ansatz.yaml': yaml('budget: { runs: 60 }', 'pruner: none', 'run: { limit: 3s, grace: 0.2s }'),
    'script.sh': `${SCRIPT}sleep 0.4\n`,
  });
  const lab = start(folder, ['run', '--plain']);
  try {
    await lab.seen(/run 5 done/);
    const call = await connect(folder);
    const made = await call('run', { settings: { x: 0.77 }, why: 'it was asked for', device_seconds: 60 });
    expect(made.text).not.toMatch(/error/i);
    const { trial } = made.body as { trial: number };
    expect(stateOf(folder, 's').trials[trial - 1]).toMatchObject({ point: { x: 0.77 }, most: 60, researcher: 'agent' });
    let told = await call('wait', { trial, seconds: 20 });
    expect(told.body).toMatchObject({ trial });
    while (told.body['done'] === false && !told.text.includes('keep'))
      told = await call('wait', { trial, seconds: 20 });
    const { accounts, trials } = stateOf(folder, 's');
    expect(accounts[`trial:${trial}`]!.spent.deviceSeconds).toBeGreaterThan(0.3);
    expect(accounts[`trial:${trial}`]!.spent.deviceSeconds).toBeLessThanOrEqual(60);
    expect(told.body).toMatchObject({ done: true, state: trials[trial - 1]!.verdict });

    // What it allows is less than any run needs: it is not begun, and says why.
    const poor = (await call('run', { settings: { x: 0.78 }, why: 'cheap', device_seconds: 0.1 })).body as {
      trial: number;
    };
    const refused = await call('wait', { trial: poor.trial, seconds: 20 });
    expect(refused.body).toMatchObject({ done: true, state: 'inconclusive', runs: 0, deviceSeconds: 0 });
    expect(String(refused.body['why'])).toMatch(/0\.1 device-seconds it may take are too few/);
    expect((await call('run', { settings: { x: 0.77 }, why: 'again', device_seconds: 60 })).text).toMatch(
      /was tried before/,
    );

    await lab.seen(/run 16 done/);
    const { end } = (await call('forecast')).body as { end: { expected: number; now: number; trialsLeft: number } };
    expect(end.trialsLeft).toBeGreaterThan(0);
    expect(end.expected).toBeLessThanOrEqual(end.now);
    expect((await call('forecast', { of: 'target' })).text).toMatch(/knob is missing/);
    expect((await call('forecast', { of: 'run', run: 1 })).text).toMatch(/run 1 is over/);
  } finally {
    lab.child.kill('SIGTERM');
    await lab.done;
  }
  const call = await connect(folder);
  expect((await call('run', { settings: { x: 0.1 }, why: 'w', device_seconds: 9 })).text).toMatch(/no lab is at work/);
});

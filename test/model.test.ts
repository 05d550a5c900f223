/** A language model as researcher: a scripted server that speaks the wire format of OpenAI, a real lab, a real script. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Status } from '../ansatz/src/study/views.ts';
import { ansatz, cleanUp, project, SCRIPT, start, stateOf, yaml } from './product.ts';

interface Question {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/** What the server says to the n-th question: a proposal, raw text, a status, nothing for so many milliseconds, or what the question makes of it. */
type Line =
  | object
  | string
  | { readonly status: number }
  | { readonly silent: number }
  | ((question: string, model: string) => object);

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  cleanUp();
});

const TOKENS = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };

async function serve(
  lines: readonly Line[],
): Promise<{ readonly url: string; readonly asked: Question[]; readonly keys: (string | undefined)[] }> {
  const asked: Question[] = [];
  const keys: (string | undefined)[] = [];
  let next = 0;
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push(JSON.parse(body) as Question);
      keys.push(request.headers.authorization);
      const given = lines[Math.min(next++, lines.length - 1)]!;
      const line = typeof given === 'function' ? given(textOf(asked.at(-1)!), asked.at(-1)!.model) : given;
      if (typeof line === 'object' && 'status' in line) {
        response.writeHead(line.status, { 'content-type': 'application/json', 'retry-after-ms': '5' });
        response.end(JSON.stringify({ error: { message: 'not now' } }));
        return;
      }
      const say = (): void => {
        const content = typeof line === 'string' ? line : JSON.stringify(line);
        response.writeHead(200, { 'content-type': 'application/json' });
        const choice = { index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' };
        response.end(
          JSON.stringify({
            id: 'x',
            object: 'chat.completion',
            created: 1,
            model: 'm',
            choices: [choice],
            usage: TOKENS,
          }),
        );
      };
      if (typeof line === 'object' && 'silent' in line) setTimeout(say, line.silent);
      else say();
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked, keys };
}

/** The parts of a question one after another. */
function textOf({ messages }: Question): string {
  return messages.map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content))).join('\n');
}

function proposal(changes: object): object {
  return {
    hypothesis: 'it helps',
    mechanism: 'because',
    expectedEffect: -1,
    knobs: [],
    edits: [],
    refutedIf: 'no gain',
    cites: [1],
    ...changes,
  };
}

function model(url: string, more = ''): string[] {
  return [
    `model: { model: m, url: '${url}', share: 50%, after: 1, price: { input: 10, output: 100 }, limit: 5s${more} }`,
    'price: 1',
  ];
}

const edit = (search: string, replace: string, file = 'script.sh'): object => ({ edits: [{ file, search, replace }] });

describe('a model that proposes', () => {
  test('settings and code: what cannot be run is told back to it, what is better is proven and kept, every token is paid', async () => {
    const { url, asked } = await serve([
      { status: 429 },
      (question: string) =>
        proposal({ knobs: [{ name: 'x', value: Number(/\(from 1\) x 0\.5 → ([\d.]+)/.exec(question)?.[1] ?? 0.5) }] }),
      proposal({ knobs: [{ name: 'y', value: 1 }] }),
      proposal({ knobs: [{ name: 'x', value: 7 }] }),
      proposal({ knobs: [{ name: 'x', value: 0.77 }] }),
      // While nothing is built on other code yet.
      proposal({ knobs: [{ name: 'x', value: 0.5002 }] }),
      proposal(edit('for i in', 'false; exit 3; for i in')),
      proposal(edit('not there at all', 'x')),
      proposal(edit('echo 1', 'echo 2', 'judge.sh')),
      proposal({}),
      proposal(edit('(2 - $X', '(1 - $X')),
      'I think we should try a larger x.',
      proposal({ knobs: [{ name: 'x', value: 0.5 }] }),
      proposal({ knobs: [{ name: 'x', value: 0.91 }] }),
      proposal({ knobs: [{ name: 'x', value: 0.5002 }] }),
    ]);
    const lines = [
      ...model(url, ', changes: both'),
      'sandbox: none',
      'budget: { runs: 50, money: 5 }',
      'code: { protected: [judge.sh] }',
    ];
    const folder = project({
      'ansatz.yaml': yaml(...lines),
      'script.sh': SCRIPT.replace('sleep 0.05', 'sleep 0.2'),
      'judge.sh': 'echo 1\n',
      'guidance.md': 'Mind the gap.\n',
    });
    const run = await ansatz(folder, ['run', '--plain']);
    expect(run.err).toBe('');
    const state = stateOf(folder, 's');
    const mine = state.trials.filter((trial) => trial.researcher === 'model');
    expect(mine.map((trial) => trial.point['x'])).toContain(0.77);
    // Whoever leads with that code is proven: the change itself, or settings turned on top of it.
    const coded = mine.find((trial) => trial.code !== undefined && trial.verdict !== 'crash')!;
    expect(coded.hypothesis).toBe('it helps — because');
    expect(state.trials[state.incumbent! - 1]!.code?.tree).toBe(coded.code!.tree);
    expect(mine.some((trial) => trial.verdict === 'crash')).toBe(true);
    expect(readFileSync(join(folder, 'script.sh'), 'utf8')).toContain('(2 - $X');

    // Each complaint went back, with what was asked and what is known.
    const texts = asked.map(({ messages }) =>
      messages.map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content))).join('\n'),
    );
    const told = (pattern: RegExp): boolean => texts.some((text) => pattern.test(text));
    expect(told(/not of the asked form: I think/)).toBe(true);
    expect(told(/there is no setting \\?"y\\?"; there are x/)).toBe(true);
    expect(told(/x cannot be 7/)).toBe(true);
    expect(told(/search text is not in script\.sh; closest: line/)).toBe(true);
    expect(told(/judge\.sh is protected/)).toBe(true);
    expect(told(/it changes nothing/)).toBe(true);
    expect(told(/tried before/)).toBe(true);
    expect(texts[1]).toMatch(/Mind the gap/);
    expect(texts[1]).toMatch(/awk/);
    // What is near to what was tried needs a second thought; what was learned is told.
    expect(told(/next to it tried .*Propose something else/)).toBe(true);
    expect(told(/from memory, nearest first/)).toBe(true);
    expect(told(/, crash: its code, in a first short try: exit 3/)).toBe(true);

    // The 429 cost nothing; everything else did, and no more than was held.
    const answered = asked.length - 1;
    expect(state.tokens).toEqual({ input: 1000 * answered, output: 100 * answered });
    const calls = (answered * (1000 * 10 + 100 * 100)) / 1e6;
    const runs = state.runs.reduce((sum, one) => sum + one.charge!.money, 0);
    expect(state.ledger.spent.money).toBeCloseTo(calls + runs, 9);
    expect(state.ledger.held.money).toBe(0);
    expect(state.expenses).toEqual({});
    const status = JSON.parse((await ansatz(folder, ['status', '--json'])).out) as Status;
    expect(status.tokens).toEqual(state.tokens);
    // The sampler had the other half.
    expect(state.trials.filter((trial) => trial.researcher === 'numeric').length).toBeGreaterThan(mine.length / 2);
  });

  test('settings next to what was tried are run when it insists, with what memory has said of them', async () => {
    const { url } = await serve([proposal({ knobs: [{ name: 'x', value: 0.5002 }] })]);
    const folder = project({ 'ansatz.yaml': yaml(...model(url), 'budget: { runs: 10 }'), 'script.sh': SCRIPT });
    await ansatz(folder, ['run', '--plain']);
    const insisted = stateOf(folder, 's').trials.find(({ point }) => point['x'] === 0.5002)!;
    expect(insisted).toMatchObject({ researcher: 'model', tried: { records: ['s/1'] } });
    expect(insisted.tried!.why).toMatch(/next to it tried/);
    expect((await ansatz(folder, ['show', String(insisted.id)])).out).toMatch(/memory +next to it tried .*\(s\/1\)/);
  });

  test('makes a change of a person’s idea, first and on their budget; without a model the idea is refused', async () => {
    const { url, asked } = await serve([proposal({ knobs: [{ name: 'x', value: 0.88 }] })]);
    const lines = [
      ...model(url).map((line) => line.replace('after: 1', 'after: 1000')),
      'people: { ana: { runs: 9 } }',
    ];
    const folder = project({ 'ansatz.yaml': yaml(...lines, 'budget: { runs: 6 }'), 'script.sh': SCRIPT });
    await ansatz(folder, ['run', '--plain']);
    expect(asked).toEqual([]);
    expect((await ansatz(folder, ['idea', 'go to the far end', '--by', 'ana'])).out).toMatch(
      /the model is asked when ansatz run --runs 16 goes on/,
    );
    await ansatz(folder, ['run', '--plain', '--runs', '20']);
    const state = stateOf(folder, 's');
    expect(asked).toHaveLength(1);
    expect(JSON.stringify(asked[0])).toMatch(/this idea of a person, and of nothing else: go to the far end/);
    expect(state.ideas).toMatchObject([{ text: 'go to the far end', by: 'ana', failed: 0 }]);
    expect(state.trials[state.ideas[0]!.trial! - 1]).toMatchObject({
      researcher: 'model',
      by: 'ana',
      point: { x: 0.88 },
    });
    const told = JSON.parse((await ansatz(folder, ['ideas', '--json'])).out) as object[];
    expect(told).toMatchObject([{ idea: 1, text: 'go to the far end', by: 'ana', trial: state.ideas[0]!.trial }]);
    expect((await ansatz(folder, ['ideas'])).out).toMatch(
      new RegExp(`1 +go to the far end +ana +trial ${state.ideas[0]!.trial} \\w+`),
    );
    const bare = project({ 'ansatz.yaml': yaml(), 'script.sh': SCRIPT });
    await ansatz(bare, ['run', '--plain']);
    expect((await ansatz(bare, ['idea', 'x'])).err).toMatch(/error\[no-model\]/);
  });

  test('never answers, or always fails: slots stay busy, it is asked ever less often, and the study ends as it would', async () => {
    const { url, asked } = await serve([{ status: 500 }]);
    const folder = project({ 'ansatz.yaml': yaml(...model(url), 'budget: { runs: 20 }'), 'script.sh': SCRIPT });
    expect((await ansatz(folder, ['run', '--plain'])).code).toBe(0);
    const state = stateOf(folder, 's');
    expect(state.ledger.spent.runs).toBe(20);
    expect(asked.length).toBeLessThanOrEqual(6);
    expect(state.ledger.spent.money).toBeCloseTo(
      state.runs.reduce((sum, one) => sum + one.charge!.money, 0),
      12,
    );
  });

  test('that is slow when the lab is killed is paid for once and not asked the same again', async () => {
    const { url, asked } = await serve([{ silent: 60_000 }]);
    const folder = project({
      'ansatz.yaml': yaml(
        ...model(url).map((line) => line.replace('limit: 5s', 'limit: 60s')),
        'budget: { runs: 40, money: 3 }',
      ),
      'script.sh': SCRIPT.replace('sleep 0.05', 'sleep 0.3'),
    });
    const lab = start(folder, ['run', '--plain']);
    while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    lab.child.kill('SIGKILL');
    await lab.done;
    const held = stateOf(folder, 's').ledger.held.money;
    expect(held).toBeGreaterThan(0.5);
    server!.close();
    server!.closeAllConnections();
    await ansatz(folder, ['run', '--plain', '--runs', '8']);
    const state = stateOf(folder, 's');
    expect(state.expenses).toEqual({});
    expect(state.ledger.held).toEqual({ runs: 0, deviceSeconds: 0, money: 0 });
    // The call that was under way counts at its worst case: nobody knows what it cost.
    expect(state.ledger.spent.money).toBeGreaterThan(0.5);
    expect(state.ledger.spent.money).toBeLessThanOrEqual(3);
  });

  test('wants a key that is not there, code without a word about the sandbox, or an address that is none: told before anything runs', async () => {
    const { url, asked, keys } = await serve([proposal({ knobs: [{ name: 'x', value: 0.9 }] })]);
    const at = (...lines: string[]): string => project({ 'ansatz.yaml': yaml(...lines), 'script.sh': SCRIPT });
    const none = await ansatz(at('model: { provider: anthropic, model: m }'), ['run']);
    expect(none.err).toMatch(/error\[no-key\].*ANTHROPIC_API_KEY is not set/);
    // Without bubblewrap on its path it must not start.
    const bare = { PATH: '/nonexistent' };
    const code = await start(at(...model(url, ', changes: code').concat('command: /bin/sh script.sh')), ['run'], bare)
      .done;
    expect(code.err).toMatch(/error\[no-sandbox\].*not installed[\s\S]*sandbox: none/);
    const address = await ansatz(at('model: { model: m, url: localhost:1 }'), ['run']);
    expect(address.err).toMatch(/error\[bad-url\]/);
    expect(asked).toEqual([]);
    const keyed = at(...model(url, ', key: MY_KEY'), 'budget: { runs: 12 }');
    const running = start(keyed, ['run', '--plain'], { MY_KEY: 'secret-1' });
    expect((await running.done).code).toBe(0);
    expect(keys[0]).toBe('Bearer secret-1');
    // The key is nowhere in what is kept.
    expect(readFileSync(join(keyed, '.ansatz', 's', 'journal.db')).includes('secret-1')).toBe(false);
  });

  test('several share the requests: each is known by its name, pays for its own, and what they came to is told', async () => {
    // One goes up, the other down; both never say the same twice.
    let step = 0;
    const answer = (_: string, name: string): object =>
      proposal({ knobs: [{ name: 'x', value: name === 'up' ? 0.6 + 0.0137 * ++step : 0.4 - 0.0113 * ++step }] });
    const { url, asked } = await serve([answer]);
    const one = (name: string, price: number): string =>
      `{ model: ${name}, url: '${url}', share: 50%, after: 1, price: { input: ${price}, output: ${price} }, limit: 5s }`;
    const folder = project({
      'ansatz.yaml': yaml(
        `model: [${one('up', 10)}, ${one('down', 20)}]`,
        'price: 1',
        'budget: { runs: 40, money: 5 }',
      ),
      'script.sh': SCRIPT,
    });
    const run = await ansatz(folder, ['run', '--plain']);
    expect(run.err).toBe('');
    const state = stateOf(folder, 's');
    const mine = state.trials.filter((trial) => trial.researcher === 'model');
    for (const name of ['up', 'down']) {
      const calls = asked.filter((question) => question.model === name).length;
      expect(calls).toBeGreaterThan(0);
      expect(state.arms[name]!.money).toBeCloseTo((calls * 1100 * (name === 'up' ? 10 : 20)) / 1e6, 9);
      expect(mine.some((trial) => trial.model === name)).toBe(true);
    }
    expect(mine.every((trial) => Number(trial.point['x']) > 0.5 === (trial.model === 'up'))).toBe(true);
    const status = JSON.parse((await ansatz(folder, ['status', '--json'])).out) as Status;
    expect(status.models!.map(({ model: name }) => name)).toEqual(['up', 'down']);
    expect(status.models!.reduce((sum, row) => sum + row.trials, 0)).toBe(mine.length);
    const twice = project({ 'ansatz.yaml': yaml(`model: [${one('up', 1)}, ${one('up', 2)}]`), 'script.sh': SCRIPT });
    expect((await ansatz(twice, ['run'])).err).toMatch(/error\[bad-model\].*two models are called "up"/);
  });

  test('code that crashes is tried for a moment, goes back to it with what failed, and is given up after three repairs', async () => {
    // Breaks the script, then breaks it anew with each repair, until it is asked for something else: then it helps.
    let broken = 0;
    let begun = false;
    let shifts = 0;
    const answer = (question: string): object => {
      if (/Repair trial/.test(question)) {
        const from = broken++;
        return proposal({ hypothesis: `repair ${broken}`, ...edit(`bad_${from}\n`, `bad_${broken}\n`) });
      }
      if (begun) {
        const now = /\((\d(?:\.\d+)?) - \$X/.exec(question)![1]!;
        const next = (1.9 - 0.01 * shifts++).toFixed(2);
        return proposal({ hypothesis: 'shift', ...edit(`(${now} - $X`, `(${next} - $X`) });
      }
      begun = true;
      return proposal({ hypothesis: 'a new start', ...edit('sleep 0.1\n', 'sleep 0.1\nbad_0\n') });
    };
    const { url, asked } = await serve([answer]);
    const folder = project({
      'ansatz.yaml': yaml(
        ...model(url, ', changes: code'),
        'sandbox: none',
        'code: { smoke: 3s }',
        'budget: { runs: 80, money: 9 }',
      ),
      'script.sh': `set -e\n${SCRIPT.replace('sleep 0.05', 'sleep 0.1')}`,
    });
    const run = await ansatz(folder, ['run', '--plain']);
    expect(run.err).toBe('');
    const state = stateOf(folder, 's');
    const mine = state.trials.filter((trial) => trial.researcher === 'model');
    const chain = mine.filter(({ verdict }) => verdict === 'crash');
    // Three repairs of it, each of the one before, and no more.
    expect(chain.map(({ operator, of }) => ({ operator, of }))).toEqual([
      { operator: 'draft', of: [1] },
      ...chain.slice(0, 3).map(({ id }) => ({ operator: 'debug', of: [id] })),
    ]);
    expect(mine.filter(({ operator }) => operator === 'debug')).toHaveLength(3);
    for (const trial of chain) {
      expect(trial.runs).toHaveLength(1);
      const only = state.runs[trial.runs[0]! - 1]!;
      // It never got beyond its try, and that is paid for.
      expect(only).toMatchObject({ status: 'failed', reason: 'crash', seconds: 0 });
      expect(only.smokeSeconds).toBeGreaterThan(0);
      expect(only.charge!.deviceSeconds).toBeCloseTo(only.smokeSeconds!, 9);
      expect(only.text).toMatch(/its code, in a first short try: exit 127/);
    }
    // What failed is told as data, with the code it is about.
    const repair = asked.map(textOf).find((text) => /Repair trial/.test(text))!;
    expect(repair).toMatch(/failure: \{"reason":"crash","exit":127,"text":"its code, in a first short try: exit 127/);
    expect(repair).toMatch(/"lastLines":\[.*bad_0: not found/);
    expect(repair).toMatch(/\+bad_0/);
    expect(asked.map(textOf)[0]).toMatch(/Draft: begin anew from the script as it is/);
    // What works is tried as well, and then run whole; repeats are not tried.
    const good = mine.find(({ verdict, operator }) => verdict === 'keep' && operator !== 'debug')!;
    const runs = good.runs.map((id) => state.runs[id - 1]!);
    expect(runs[0]!.smokeSeconds).toBeGreaterThan(0);
    expect(runs.slice(1).every(({ smokeSeconds }) => smokeSeconds === undefined)).toBe(true);
    expect(state.ledger.held).toEqual({ runs: 0, deviceSeconds: 0, money: 0 });
    // The tree hangs each repair from what it repairs.
    const tree = (await ansatz(folder, ['tree'])).out;
    chain.forEach(({ id }, i) => {
      const how = i === 0 ? 'draft' : 'debug';
      expect(tree).toMatch(new RegExp(`^${'  '.repeat(i + 1)}${id}  crash.*${how}: code script\\.sh`, 'm'));
    });
    const line = (await ansatz(folder, ['tree', String(chain[3]!.id), '--json'])).out;
    expect((JSON.parse(line) as { trial: number }[]).map(({ trial }) => trial)).toEqual([
      1,
      ...chain.map(({ id }) => id),
    ]);
    const shown = (await ansatz(folder, ['show', String(chain[1]!.id)])).out;
    expect(shown).toMatch(new RegExp(`\\(model, debug of ${chain[0]!.id}\\)`));
    const row = (JSON.parse((await ansatz(folder, ['trials', '--json'])).out) as { operator?: string }[])[
      chain[1]!.id - 1
    ]!;
    expect(row.operator).toBe('debug');
  });
});

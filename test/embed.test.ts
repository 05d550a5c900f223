/** Recall by meaning: a scripted server that speaks the wire format of OpenAI's embeddings, and of its chat. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { openEmbedding } from '../ansatz/src/io/llm/index.ts';
import { openVectors } from '../ansatz/src/io/memory/index.ts';
import { openNearness } from '../ansatz/src/lab/researcher/index.ts';
import type { EmbedConfig } from '../ansatz/src/study/config.ts';
import { experiment } from '../ansatz/src/study/memory/record.fixture.ts';
import { memoryOf, recall } from '../ansatz/src/study/memory/index.ts';
import { ansatz, cleanUp, project, SCRIPT, stateOf, yaml } from './product.ts';

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  cleanUp();
});

/** What words are about: those of one line mean the same. */
const MEANINGS = [/learning|rate|pace|brisk/gi, /depth|layers|tall|storeys/gi, /noise|drop|static/gi];
const vectorOf = (text: string): number[] => [...MEANINGS.map((about) => (text.match(about) ?? []).length), 0.01];

interface Scripted {
  readonly url: string;
  /** Every text that was embedded, in order; how often the server was asked to. */
  readonly texts: string[];
  readonly calls: () => number;
}

/** Embeds at 7 tokens a text unless `say` answers in its place; proposes x = 0.7, 0.71, … when it is asked to chat. */
async function serve(say: (call: number, texts: readonly string[]) => object | number = () => 0): Promise<Scripted> {
  const texts: string[] = [];
  let [calls, chats] = [0, 0];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const given = JSON.parse(body) as { readonly input: readonly string[] };
      let status = 200;
      let answer: object;
      if (request.url!.endsWith('/embeddings')) {
        texts.push(...given.input);
        const said = say(++calls, given.input);
        status = typeof said === 'number' && said !== 0 ? said : 200;
        const data = given.input.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text) }));
        const usage = { prompt_tokens: 7 * given.input.length, total_tokens: 7 * given.input.length };
        answer =
          typeof said === 'object'
            ? said
            : status === 200
              ? { object: 'list', data, model: 'e', usage }
              : { error: { message: 'no' } };
      } else {
        const proposal = {
          hypothesis: `a brisk pace ${chats}`,
          mechanism: 'because',
          expectedEffect: null,
          knobs: [{ name: 'x', value: 0.7 + 0.01 * chats++ }],
          edits: [],
          refutedIf: 'no gain',
          cites: [],
        };
        const choice = {
          index: 0,
          message: { role: 'assistant', content: JSON.stringify(proposal) },
          finish_reason: 'stop',
        };
        const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
        answer = { id: 'x', object: 'chat.completion', created: 1, model: 'm', choices: [choice], usage };
      }
      response.writeHead(status, { 'content-type': 'application/json', 'retry-after-ms': '5' });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, texts, calls: () => calls };
}

const config = (url: string, more: Partial<EmbedConfig> = {}): EmbedConfig => ({
  provider: 'openai',
  model: 'e',
  url,
  price: 1,
  limitSeconds: 5,
  maxTokens: 20_000,
  ...more,
});

const RECORDS = ['storeys were added', 'a brisk pace', 'static on the line'].map((hypothesis, i) =>
  experiment(i + 2, {}, {}, {}, { hypothesis }),
);
const { signal } = new AbortController();

describe('records near in meaning', () => {
  test('are found without a common word, told before others, and paid for once', async () => {
    const { url, texts, calls } = await serve();
    const vectors = openVectors(':memory:', 'e');
    const near = openNearness(openEmbedding(config(url)), vectors, config(url));
    const first = await near('learning rate', RECORDS, signal);
    expect(first.hits[0]).toEqual({ document: 1, score: 1 });
    expect(first.tokens).toBe(4 * 7);
    const told = (hits: typeof first.hits): string =>
      recall(memoryOf(RECORDS), { text: 'learning rate' }, 2000, { signal: () => hits }).text;
    expect(told(first.hits).indexOf('brisk')).toBeLessThan(told(first.hits).indexOf('storeys'));
    // Only the new question and the new record are asked for.
    const more = [...RECORDS, experiment(9, {}, {}, {}, { hypothesis: 'tall' })];
    const second = await near('layers', more, signal);
    expect(
      second.hits
        .slice(0, 2)
        .map(({ document }) => document)
        .sort((a, b) => a - b),
    ).toEqual([0, 3]);
    expect(second.tokens).toBe(2 * 7);
    expect(await near('layers', more, signal)).toMatchObject({ tokens: 0 });
    expect(calls()).toBe(2);
    expect(new Set(texts).size).toBe(texts.length);
    vectors.close();
  });

  test('are embedded the newest first, within the tokens of one request, the rest with later ones', async () => {
    const { url, texts } = await serve();
    const vectors = openVectors(':memory:', 'e');
    const many = Array.from({ length: 30 }, (_, i) =>
      experiment(i + 2, {}, {}, {}, { hypothesis: `pace number ${i} ${'of many '.repeat(20)}` }),
    );
    const small = config(url, { maxTokens: 400 });
    const near = openNearness(openEmbedding(small), vectors, small);
    const { hits, tokens } = await near('learning', many, signal);
    expect(tokens).toBeLessThanOrEqual(400);
    expect(texts.length).toBeLessThan(15);
    expect(texts[1]).toContain('pace number 29');
    expect(hits.every(({ document }) => document > 15)).toBe(true);
    for (let i = 0; i < 20; i++) await near('learning', many, signal);
    expect(texts).toHaveLength(31);
    vectors.close();
  });

  test.each<[string, (call: number) => object | number, RegExp]>([
    ['refuses', () => 401, /refuses|wants a key/],
    ['is at its limit', () => 429, /limit of requests/],
    [
      'says nonsense',
      () => ({ object: 'list', data: [], model: 'e', usage: { prompt_tokens: 1, total_tokens: 1 } }),
      /embeddings/,
    ],
  ])('are none when the model %s; it is left alone for ten minutes, then asked again', async (_how, say, why) => {
    let well = false;
    const { url, calls } = await serve((call) => (well ? 0 : say(call)));
    const vectors = openVectors(':memory:', 'e');
    let now = 0;
    const near = openNearness(openEmbedding(config(url)), vectors, config(url), () => now);
    const first = await near('learning', RECORDS, signal);
    expect(first).toMatchObject({ hits: [], tokens: 0, failed: expect.stringMatching(why) });
    const asked = calls();
    expect(await near('learning', RECORDS, signal)).toEqual({ hits: [], tokens: 0 });
    expect(calls()).toBe(asked);
    well = true;
    now = 601_000;
    expect((await near('learning', RECORDS, signal)).hits[0]).toMatchObject({ document: 1 });
    vectors.close();
  });
});

describe('a study whose model is told what is near in meaning', () => {
  const lines = (url: string): string[] => [
    `model: { model: m, url: '${url}', share: 50%, after: 1, price: { input: 10, output: 100 }, limit: 5s }`,
    `memory: { reuse: off, embed: { model: e, url: '${url}', price: 1000 } }`,
    'budget: { runs: 14, money: 50 }',
    'price: 1',
  ];

  test('pays for each token once, and a second study of the folder finds the vectors there', async () => {
    const { url, texts } = await serve();
    const folder = project({ 'ansatz.yaml': yaml(...lines(url)), 'script.sh': SCRIPT });
    expect((await ansatz(folder, ['run', '--plain'])).err).toBe('');
    const state = stateOf(folder, 's');
    expect(texts.length).toBeGreaterThan(3);
    expect(new Set(texts).size).toBe(texts.length);
    const asked = state.model.asked;
    expect(asked).toBeGreaterThan(0);
    // 1000 and 100 tokens for each answer, 7 for each text.
    expect((state.tokens.input - 7 * texts.length) % 1000).toBe(0);
    const questions = (state.tokens.input - 7 * texts.length) / 1000;
    const forRuns = state.runs.reduce((sum, run) => sum + (run.charge?.money ?? 0), 0);
    const spoken = (questions * (1000 * 10 + 100 * 100) + 7 * texts.length * 1000) / 1e6;
    expect(state.ledger.spent.money - forRuns).toBeCloseTo(spoken, 9);
    expect(state.ledger.held.money).toBeCloseTo(0, 9);
    const before = texts.length;
    await ansatz(folder, ['run', '--plain', '--new']);
    expect(texts.length).toBeGreaterThan(before);
    expect(new Set(texts).size).toBe(texts.length);
  });

  test('goes on by words alone when the embedding model cannot be had, and says so once', async () => {
    const { url } = await serve(() => 500);
    const folder = project({ 'ansatz.yaml': yaml(...lines(url)), 'script.sh': SCRIPT });
    await ansatz(folder, ['run', '--plain']);
    const state = stateOf(folder, 's');
    const warned = state.warnings.filter(({ code }) => code === 'embedding');
    expect(warned).toHaveLength(1);
    expect(warned[0]!.text).toMatch(/found by words alone.* answers 500/);
    expect(state.trials.some(({ researcher }) => researcher === 'model')).toBe(true);
    expect(state.ended).toBeDefined();
  });

  test('needs its key before anything is run', async () => {
    const text = yaml('memory: { embed: { model: e } }', "model: { model: m, url: 'http://127.0.0.1:9/v1' }");
    const folder = project({ 'ansatz.yaml': text, 'script.sh': SCRIPT });
    const { OPENAI_API_KEY: _, ...env } = process.env;
    const run = await ansatz(folder, ['run', '--plain'], { ...env, OPENAI_API_KEY: '' });
    expect(run.err).toMatch(/error\[no-key\]: the embedding model e needs a key, and OPENAI_API_KEY is not set/);
  });
});

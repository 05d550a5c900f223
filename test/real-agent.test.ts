/**
 * A real coding agent as researcher: Qwen Code in ACP mode against a scripted model, editing a real script that a real lab runs and judges.
 * Opt-in, for the agent is 150 MB: `npm i @qwen-code/qwen-code@0.24.4` somewhere, then `ANSATZ_QWEN=<its qwen> npm test -- test/real-agent.test.ts`.
 */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ansatz, cleanUp, project, SCRIPT, stateOf, yaml } from './product.ts';

const QWEN = process.env['ANSATZ_QWEN'];

interface Question {
  readonly stream?: boolean;
  readonly messages: readonly { readonly role: string; readonly content: unknown; readonly tool_calls?: unknown }[];
  readonly tools?: readonly Tool[];
}

interface Tool {
  readonly function: { readonly name: string; readonly parameters: { readonly properties?: object } };
}

let server: Server | undefined;
let home: string | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  if (home !== undefined) rmSync(home, { recursive: true, force: true });
  cleanUp();
});

/** Reads the script, then replaces a number in it, then says why: by whatever names the agent gives its tools. */
function answer({ messages, tools = [] }: Question): { content?: string; call?: { name: string; arguments: object } } {
  const named = (pattern: RegExp): Tool | undefined => tools.find((tool) => pattern.test(tool.function.name));
  const read = named(/^read_file$/);
  const edit = named(/^(?:edit|replace)$/);
  const text = messages
    .map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content)))
    .join('\n');
  // Agents ask small things beside the work (titles, who speaks next): those have no tools.
  if (read === undefined || edit === undefined) return { content: 'done' };
  const results = messages.filter(({ role }) => role === 'tool').length;
  const folder = /(\/[^\s"'`]*\/agents\/[^\s"'`/\\]+)/.exec(text)?.[1] ?? '.';
  const file = `${folder}/script.sh`;
  const pathOf = (tool: Tool): string =>
    Object.keys(tool.function.parameters.properties ?? {}).find((name) => /path/.test(name)) ?? 'file_path';
  if (results === 0) return { call: { name: read.function.name, arguments: { [pathOf(read)]: file } } };
  if (results === 1) {
    return {
      call: {
        name: edit.function.name,
        arguments: { [pathOf(edit)]: file, old_string: '(2 - $X', new_string: '(1 - $X' },
      },
    };
  }
  return { content: 'One less is better.' };
}

async function serve(): Promise<string> {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const question = JSON.parse(body) as Question;
      const { content = null, call } = answer(question);
      const calls =
        call === undefined
          ? undefined
          : [
              {
                index: 0,
                id: `c${question.messages.length}`,
                type: 'function',
                function: { name: call.name, arguments: JSON.stringify(call.arguments) },
              },
            ];
      const usage = { prompt_tokens: 900, completion_tokens: 40, total_tokens: 940 };
      const finish_reason = call === undefined ? 'stop' : 'tool_calls';
      const base = { id: 'x', created: 1, model: 'm' };
      const message = { role: 'assistant', content, ...(calls === undefined ? {} : { tool_calls: calls }) };
      if (question.stream !== true) {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify({
            ...base,
            object: 'chat.completion',
            choices: [{ index: 0, message, finish_reason }],
            usage,
          }),
        );
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const chunk = (part: object): void =>
        void response.write(`data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', ...part })}\n\n`);
      chunk({ choices: [{ index: 0, delta: message, finish_reason: null }] });
      chunk({ choices: [{ index: 0, delta: {}, finish_reason }] });
      chunk({ choices: [], usage });
      response.end('data: [DONE]\n\n');
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

test.runIf(QWEN !== undefined)(
  'Qwen Code edits the script, and the lab judges what it did (needs ANSATZ_QWEN)',
  { timeout: 240_000 },
  async () => {
    const url = await serve();
    home = mkdtempSync(join(tmpdir(), 'ansatz-qwen-'));
    const folder = project({
      'script.sh': SCRIPT.replace('sleep 0.05', 'sleep 1'),
      'ansatz.yaml': yaml(
        `model: { command: [${JSON.stringify(QWEN)}, --acp, --auth-type, openai], share: 50%, after: 1, price: { input: 10, output: 100 }, limit: 60s }`,
        'sandbox: none',
        'price: 1',
        'budget: { runs: 60, money: 9 }',
      ),
    });
    const run = await ansatz(folder, ['run', '--plain'], {
      HOME: home,
      OPENAI_BASE_URL: url,
      OPENAI_API_KEY: 'none',
      OPENAI_MODEL: 'm',
    });
    const state = stateOf(folder, 's');
    const [first] = state.trials.filter((trial) => trial.researcher === 'agent');
    expect(first, run.out).toMatchObject({ code: { files: ['script.sh'] }, verdict: 'keep' });
    expect(first!.hypothesis).toContain('One less is better');
    expect(state.trials[state.incumbent! - 1]!.code).toBeDefined();
    expect(state.tokens.input).toBeGreaterThan(0);
    expect(state.expenses).toEqual({});
  },
);

/** A coding agent that does what a script says, over the Agent Client Protocol: `node scripted-agent.ts <counter file>`. */

import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { agent, methods, ndJsonStream, PROTOCOL_VERSION } from '@agentclientprotocol/sdk';

const counter = process.argv[2]!;
appendFileSync(counter, 'x');
const turn = readFileSync(counter, 'utf8').length;
let cwd = '';

agent({ name: 'scripted' })
  .onRequest(methods.agent.initialize, () => ({ protocolVersion: PROTOCOL_VERSION, agentCapabilities: {} }))
  .onRequest(methods.agent.session.new, ({ params }) => {
    cwd = params.cwd;
    appendFileSync(`${counter}.log`, `tools ${params.mcpServers.length}\n`);
    return { sessionId: 's1' };
  })
  .onRequest(methods.agent.session.prompt, async ({ params, client }) => {
    const note = (text: string): void => appendFileSync(`${counter}.log`, `${text}\n`);
    note(`brief ${JSON.stringify(params.prompt)}`);
    const script = join(cwd, 'script.sh');
    const write = async (path: string, content: string): Promise<void> => {
      try {
        await client.request(methods.client.fs.writeTextFile, { sessionId: 's1', path, content });
        note(`wrote ${path}`);
      } catch {
        note(`refused ${path}`);
      }
    };
    const { content } = await client.request(methods.client.fs.readTextFile, { sessionId: 's1', path: script });
    if (turn === 2) await write(join(cwd, 'judge.sh'), 'echo 0\n');
    if (turn === 3) process.exit(7);
    if (turn === 1) {
      await write('/tmp/ansatz-agent-escaped', 'x');
      const asked = await client.request(methods.client.session.requestPermission, {
        sessionId: 's1',
        toolCall: { toolCallId: 't', kind: 'execute', title: 'rm -rf /' },
        options: [
          { optionId: 'yes', kind: 'allow_once', name: 'yes' },
          { optionId: 'no', kind: 'reject_once', name: 'no' },
        ],
      });
      note(`execute ${JSON.stringify(asked.outcome)}`);
      await write(script, content.replace('(2 - $X', '(1 - $X'));
    }
    if (turn === 4) return { stopReason: 'end_turn' };
    if (turn > 4) await write(script, `${content}# ${turn}\n`);
    await client.notify(methods.client.session.update, {
      sessionId: 's1',
      update: {
        sessionUpdate: 'agent_message_chunk',
        content: { type: 'text', text: `I looked.\nOne less is better (${turn}).` },
        _meta: { usage: { inputTokens: 500, outputTokens: 50 } },
      },
    });
    return { stopReason: 'end_turn' };
  })
  .connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>));

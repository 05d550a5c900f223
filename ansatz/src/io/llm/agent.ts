/**
 * A coding agent as a tool: any command line that speaks the Agent Client Protocol gets a folder, a brief and a limit;
 * what it has changed when it stops is its proposal.
 */

import { spawn } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, sep } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { Tokens } from './model.ts';

/** How the agent is started. */
export interface AgentCommand {
  readonly command: readonly string[];
  /** Variables beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
  readonly limitSeconds: number;
}

/** What it is given. */
export interface Errand {
  /** Absolute path of the copy it may change. */
  readonly tree: string;
  readonly brief: string;
  /** The lab's own tools, as a command that serves the Model Context Protocol. */
  readonly tools?: { readonly command: string; readonly args: readonly string[] };
}

/** How it went; `said` is the end of what the agent wrote. */
export type Errands = (
  errand: Errand,
  signal: AbortSignal,
) => Promise<
  | { readonly ok: true; readonly said: string; readonly tokens: Tokens }
  | { readonly ok: false; readonly failed: string; readonly tokens: Tokens }
>;

/** Kinds of tools that an agent may use without being asked twice: those that look and those that change its files. */
const ALLOWED = new Set(['read', 'edit', 'delete', 'move', 'search', 'think']);
/** Characters of what it says that are kept. */
const MOST_SAID = 2000;

/** Run errands with an agent. Its process group is ended with each errand, however that ends. Never throws. */
export function openAgent({ command, env, limitSeconds }: AgentCommand): Errands {
  return async ({ tree, brief, tools }, signal) => {
    const acp = await import('@agentclientprotocol/sdk');
    const [program, ...args] = command;
    const child = spawn(program!, args, {
      cwd: tree,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let said = '';
    let complaint = '';
    const tokens = { input: 0, output: 0 };
    child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-500)));
    const failure = new Promise<never>((_, reject) => {
      child.on('error', (error) => reject(new Error(`${program} cannot be started: ${error.message}`)));
      child.on('exit', (code) =>
        reject(new Error(`${program} ended with ${code ?? 'a signal'}: ${complaint.trim().split('\n').at(-1) ?? ''}`)),
      );
      AbortSignal.any([signal, AbortSignal.timeout(limitSeconds * 1000)]).addEventListener('abort', () =>
        reject(new Error(`the agent was not done within ${limitSeconds} s`)),
      );
    });
    failure.catch(() => {});
    const work = acp
      .client({ name: 'ansatz' })
      .onRequest(acp.methods.client.fs.readTextFile, ({ params }) => ({
        content: readInside(tree, params.path, params.line, params.limit),
      }))
      .onRequest(acp.methods.client.fs.writeTextFile, ({ params }) => {
        writeInside(tree, params.path, params.content);
        return {};
      })
      .onRequest(acp.methods.client.session.requestPermission, ({ params }) => {
        const { kind, locations } = params.toolCall;
        const near = (locations ?? []).every(({ path }) => within(tree, path));
        const wanted = near && ALLOWED.has(kind ?? 'other') ? 'allow_once' : 'reject_once';
        const option = params.options.find((one) => one.kind === wanted);
        return {
          outcome: option === undefined ? { outcome: 'cancelled' } : { outcome: 'selected', optionId: option.optionId },
        };
      })
      .onNotification(acp.methods.client.session.update, ({ params }) => {
        const { update } = params;
        if (update.sessionUpdate !== 'agent_message_chunk') return;
        if (update.content.type === 'text') said = (said + update.content.text).slice(-MOST_SAID);
        const usage = (
          update['_meta'] as { usage?: { inputTokens?: number; outputTokens?: number } } | null | undefined
        )?.usage;
        tokens.input += usage?.inputTokens ?? 0;
        tokens.output += usage?.outputTokens ?? 0;
      })
      .connectWith(
        acp.ndJsonStream(Writable.toWeb(child.stdin), Readable.toWeb(child.stdout) as ReadableStream<Uint8Array>),
        async (context) => {
          await context.request(acp.methods.agent.initialize, {
            protocolVersion: acp.PROTOCOL_VERSION,
            clientCapabilities: { fs: { readTextFile: true, writeTextFile: true } },
          });
          const { sessionId } = await context.request(acp.methods.agent.session.new, {
            cwd: tree,
            mcpServers:
              tools === undefined ? [] : [{ name: 'ansatz', command: tools.command, args: [...tools.args], env: [] }],
          });
          return await context.request(acp.methods.agent.session.prompt, {
            sessionId,
            prompt: [{ type: 'text', text: brief }],
          });
        },
      );
    try {
      const { stopReason } = await Promise.race([work, failure]);
      if (stopReason === 'end_turn' || stopReason === 'max_tokens' || stopReason === 'max_turn_requests')
        return { ok: true, said: said.trim(), tokens };
      return { ok: false, failed: `the agent stopped: ${stopReason}`, tokens };
    } catch (error) {
      return { ok: false, failed: error instanceof Error ? error.message : String(error), tokens };
    } finally {
      work.catch(() => {});
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
  };
}

function within(tree: string, path: string): boolean {
  const way = relative(tree, path);
  return isAbsolute(path) && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Where a path really leads, so that no link takes an agent out of its folder. */
function checked(tree: string, path: string): string {
  if (!within(tree, path)) throw new Error(`${path} is outside of the folder`);
  let existing = path;
  while (lstatSync(existing, { throwIfNoEntry: false }) === undefined) existing = dirname(existing);
  if (!within(realpathSync(tree), realpathSync(existing))) throw new Error(`${path} leads out of the folder`);
  return path;
}

function readInside(tree: string, path: string, line?: number | null, limit?: number | null): string {
  const text = readFileSync(checked(tree, path), 'utf8');
  if ((line ?? undefined) === undefined && (limit ?? undefined) === undefined) return text;
  const lines = text.split('\n');
  const from = Math.max(0, (line ?? 1) - 1);
  return lines.slice(from, limit === undefined || limit === null ? undefined : from + limit).join('\n');
}

function writeInside(tree: string, path: string, content: string): void {
  const file = checked(tree, path);
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  writeFileSync(file, content);
}

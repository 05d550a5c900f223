/** `ansatz mcp`: the lab as tools of a coding agent. */

import { serveMcp } from '../mcp/server.ts';
import { proposer } from './idea.ts';
import { openUi, type UiOptions } from './ui.ts';
import { version } from './version.ts';

/**
 * Serve over standard input and output until it is closed, or over HTTP until interrupted. What an agent proposes is checked like what a
 * person types.
 */
export async function mcp(options: Pick<UiOptions, 'port'> & { readonly http?: boolean }): Promise<void> {
  const from = process.cwd();
  if (options.http !== true) {
    await serveMcp(from, version(), proposer(from));
    return;
  }
  const running = await openUi(from, options);
  process.stdout.write(
    `http://127.0.0.1:${running.port}/mcp\nAuthorization: Bearer ${running.toolsBearer}\nCtrl-C ends it; for Claude Code:\n  claude mcp add --transport http ansatz http://127.0.0.1:${running.port}/mcp --header "Authorization: Bearer ${running.toolsBearer}"\n`,
  );
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });
  await running.close();
}

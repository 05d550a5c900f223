/** `ansatz mcp`: the lab as tools of a coding agent. */

import { serveMcp } from '../mcp/server.ts';
import { proposalOf } from './idea.ts';
import { version } from './version.ts';

/** Serve over standard input and output until it is closed. What an agent proposes is checked like what a person types. */
export async function mcp(): Promise<void> {
  const from = process.cwd();
  await serveMcp(from, version(), (study) => ({ settings, patch, why, bet }) => {
    const words = Object.entries(settings).map(([name, value]) => `${name}=${String(value)}`);
    const options = {
      why,
      ...(study === undefined ? {} : { study }),
      ...(patch === undefined ? {} : { patchText: patch }),
      ...(bet === undefined ? {} : { bet }),
    };
    return proposalOf(from, words, options, 'agent');
  });
}

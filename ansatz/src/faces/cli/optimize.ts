/** `ansatz optimize`: ask and tell over JSON lines, for a loop in any language. */

import { createInterface } from 'node:readline';
import { Optimizer } from '../../methods/optimizer/index.ts';
import { toSpace } from '../../methods/space/index.ts';

/** Answer each request line with one line, until `close` or the end of the input. */
export async function optimize(): Promise<void> {
  let optimizer: Optimizer | undefined;
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    if (line.trim() === '') continue;
    let answer: unknown;
    try {
      const m = JSON.parse(line) as any;
      if (m.cmd === 'create') {
        optimizer = new Optimizer({
          space: toSpace(m.space),
          direction: m.direction,
          seed: m.seed,
          sampler: m.sampler ?? 'auto',
          maxResource: m.max_resource,
          workers: m.workers,
          pause: m.pause,
          budgetSteps: m.budget_steps,
        });
        answer = { ok: true };
      } else if (m.cmd === 'ask') answer = optimizer!.ask(m.params);
      else if (m.cmd === 'tell') {
        optimizer!.tell(m.id, m.value, m.state);
        answer = { ok: true };
      } else if (m.cmd === 'report') {
        const a = optimizer!.report(m.id, m.step, m.value);
        answer = a === 'continue' ? {} : a === 'pause' ? { pause: true } : { prune: true };
      } else if (m.cmd === 'observe') {
        for (const t of m.trials) optimizer!.observe(t.params, t.value);
        answer = { ok: true };
      } else if (m.cmd === 'best') answer = optimizer!.best() ?? { id: null };
      else if (m.cmd === 'close') {
        process.stdout.write('{"ok":true}\n');
        break;
      }
    } catch (error) {
      answer = { error: String((error as Error).stack) };
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
  process.exit(0);
}

/** `ansatz optimize`: ask and tell over JSON lines, for a loop in any language. The protocol is in docs/optimize.md. */

import { Conversation } from './optimize/conversation.ts';
import { linesOf } from './optimize/lines.ts';

/** Longest request in bytes. */
const MOST = 64 << 20;

/** Answer each request line with one line, in order, until `close` or the end of the input. */
export async function optimize(): Promise<void> {
  const { stdin, stdout } = process;
  if (stdin.isTTY) process.stderr.write('one request a line, such as {"cmd": "create", "space": [...]}; Ctrl-D ends\n');
  const conversation = new Conversation();
  for await (const line of linesOf(stdin, MOST)) {
    if (line !== undefined && isBlank(line)) continue;
    stdout.write(`${line === undefined ? TOO_LONG : conversation.answer(line)}\n`);
    if (conversation.closed) return;
  }
}

const TOO_LONG = JSON.stringify({
  error: `the line is longer than ${MOST >> 20} MiB`,
  fix: 'send observations in several requests',
});

/** A line of nothing, or of a byte order mark, asks nothing and gets no answer. */
function isBlank(line: string): boolean {
  return line.trim() === '';
}

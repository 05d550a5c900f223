/** The live view of a terminal: the status redrawn in place, and keys. */

import type { EventBody } from '../../study/events/index.ts';
import type { State } from '../../study/state.ts';
import { statusOf } from '../../study/views.ts';
import { statusLines } from './status.ts';
import { fit, paintFor } from './text.ts';

const FRAME_MS = 250;

/** A picture of a running lab. */
export interface LiveView {
  /** Show this state at the next frame. */
  show(state: State): void;
  /** Print a line above the picture. */
  say(text: string): void;
  close(): void;
}

/**
 * Draw on `stream` until closed. Keys post steering events: `q` drains, `k` kills after a second `k`, `p` pauses
 * and resumes, `?` explains; Ctrl-C does what it does without a view (`interrupt`).
 */
export function openLiveView(
  stream: NodeJS.WriteStream,
  input: NodeJS.ReadStream,
  post: (event: EventBody) => void,
  interrupt: () => void,
): LiveView {
  const paint = paintFor(stream);
  let state: State | undefined;
  let drawn = 0;
  let footer = '';
  let armed = false;
  let help = false;

  const frame = (): void => {
    if (state === undefined) return;
    const width = Math.max(20, (stream.columns ?? 80) - 1);
    const height = Math.max(6, (stream.rows ?? 24) - 2);
    const keys = armed
      ? paint.red('k again: stop all runs now   any other key: no')
      : help
        ? 'q drain: let the runs finish, start no more   p pause or resume   k stop the runs   Ctrl-C as q, twice as k'
        : paint.dim('q drain   p pause   k kill   ? help');
    const lines = [
      ...statusLines(statusOf(state), paint, width).slice(0, height - 2),
      '',
      fit(footer === '' ? keys : footer, width),
    ];
    stream.write(`${erase()}${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  const erase = (): string => (drawn === 0 ? '' : `\u001b[${drawn}A\u001b[0J`);

  const key = (data: Buffer): void => {
    const pressed = data.toString();
    const wasArmed = armed;
    armed = false;
    help = false;
    if (pressed === '\u0003') interrupt();
    else if (pressed === 'q') post({ type: 'study.draining' });
    else if (pressed === 'p') post({ type: state?.phase === 'paused' ? 'study.resumed' : 'study.paused' });
    else if (pressed === 'k' && wasArmed) post({ type: 'study.killed' });
    else if (pressed === 'k') armed = true;
    else if (pressed === '?' || pressed === 'h') help = true;
    frame();
  };

  const raw = input.isTTY;
  if (raw) {
    input.setRawMode(true);
    input.resume();
    input.on('data', key);
  }
  const resized = (): void => {
    // Lines may have been wrapped anew: what was drawn cannot be found again, so draw below it.
    drawn = 0;
    frame();
  };
  stream.on('resize', resized);
  stream.write('\u001b[?25l');
  const timer = setInterval(frame, FRAME_MS);

  return {
    show(next) {
      state = next;
      if (next.phase === 'draining')
        footer = paint.yellow('draining: waiting for the runs under way; Ctrl-C again stops them');
      else if (next.phase === 'killed') footer = paint.red('stopping the runs under way');
      else footer = '';
    },
    say(text) {
      stream.write(`${erase()}${text}\n`);
      drawn = 0;
      frame();
    },
    close() {
      clearInterval(timer);
      stream.off('resize', resized);
      if (raw) {
        input.off('data', key);
        input.setRawMode(false);
        input.pause();
      }
      stream.write(`${erase()}\u001b[?25h`);
      drawn = 0;
    },
  };
}

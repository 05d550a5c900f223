import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LINE_CAP, LineReader } from './stream.ts';

function read(...chunks: (string | Uint8Array)[]): { lines: string[]; dropped: number } {
  const lines: string[] = [];
  const reader = new LineReader((line) => lines.push(line));
  for (const chunk of chunks) reader.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  reader.end();
  return { lines, dropped: reader.dropped };
}

describe('a terminal stream', () => {
  it('is split at newlines, with either line end, without blank lines', () => {
    expect(read('a\n\nb\r\n  \nc').lines).toEqual(['a', 'b', 'c']);
  });

  it('tells each rewrite of a progress bar, equal ones once', () => {
    expect(read('\rstep 1\rstep 2\rstep 2\rstep 3').lines).toEqual(['step 1', 'step 2', 'step 3']);
  });

  it('tells equal lines each time', () => {
    expect(read('loss 1\nloss 1\r\nloss 1\n').lines).toEqual(['loss 1', 'loss 1', 'loss 1']);
  });

  it('loses colours, titles, links and control characters', () => {
    const link = '\u001B]8;;http://x\u001B\\loss\u001B]8;;\u001B\\';
    expect(read(`\u001B]0;title\u0007\u001B[1;32m${link}\u001B[0m\u0000: \u001B(B0.5\u001B[K\n`).lines).toEqual([
      'loss: 0.5',
    ]);
  });

  it('replaces invalid bytes and keeps characters cut between chunks', () => {
    const bytes = Buffer.from('损失 ±0.5\n');
    expect(read(bytes.subarray(0, 2), bytes.subarray(2, 8), bytes.subarray(8)).lines).toEqual(['损失 ±0.5']);
    expect(read(Buffer.from([0x6c, 0x6f, 0x73, 0x73, 0xff, 0x3d, 0x35, 0x36, 0x37, 0x38, 10])).lines).toEqual([
      'loss\uFFFD=5678',
    ]);
  });

  it('carries out backspaces: they overwrite, and back at the start a rewrite begins', () => {
    expect(read('loss 0.5\b\b\b1.5\n').lines).toEqual(['loss 1.5']);
    expect(read(`loss 1${'\b'.repeat(6)}loss 2${'\b'.repeat(6)}\rloss 3\n`).lines).toEqual([
      'loss 1',
      'loss 2',
      'loss 3',
    ]);
  });

  it('hears a bar drawn with backspaces only for as long as it runs', () => {
    const bar = Array.from({ length: 5000 }, (_, i) => `loss ${1000 + i}${'\b'.repeat(9)}`).join('');
    const { lines, dropped } = read(bar);
    expect(lines).toHaveLength(5000);
    expect(lines.at(-1)).toBe('loss 5999');
    expect(dropped).toBe(0);
  });

  it('cuts an overlong line before the token that crosses the cap and counts what it lost', () => {
    const { lines, dropped } = read(`${'word '.repeat(LINE_CAP)}\nnext 1\n`);
    expect(lines).toEqual([expect.stringMatching(/^(?:word )*word$/), 'next 1']);
    expect(lines[0]!.length).toBeLessThanOrEqual(LINE_CAP);
    expect(dropped).toBe(5 * LINE_CAP - LINE_CAP);
    expect(read('x'.repeat(LINE_CAP)).lines[0]).toHaveLength(LINE_CAP);
  });

  it('goes on after a line of 10 MB', () => {
    const { lines, dropped } = read(Buffer.alloc(10_000_000, 'a'), '\nloss: 0.5\n');
    expect(lines).toEqual(['loss: 0.5']);
    expect(dropped).toBe(10_000_000 - LINE_CAP);
  });

  it('tells nothing of an archive, and what comes after it', () => {
    const archive = Uint8Array.from({ length: 200_000 }, (_, i) => 128 + ((i * 7919) % 127));
    expect(read(archive, '\nloss: 0.5\n').lines).toEqual(['loss: 0.5']);
  });

  it('is heard the same however it is cut', () => {
    const piece = fc.constantFrom(
      'loss: 0.5',
      '\n',
      '\r',
      '\r\n',
      '\b',
      '\b\b\b\b\b\b\b\b\b',
      '\u001B[31m',
      '\u001B]0;t\u0007',
      '█',
      '损',
      ' ',
      'x'.repeat(1500),
      '\u0000',
      '12',
    );
    const raw = fc.uint8Array({ maxLength: 5 });
    const stream = fc.array(
      fc.oneof({ weight: 9, arbitrary: piece.map((text) => Buffer.from(text)) }, { weight: 1, arbitrary: raw }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(
        stream,
        fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 30 }),
        (pieces, sizes) => {
          const whole = Buffer.concat(pieces);
          const chunks: Buffer[] = [];
          for (let at = 0, i = 0; at < whole.length; i++) {
            const size = sizes[i % sizes.length]!;
            chunks.push(whole.subarray(at, at + size));
            at += size;
          }
          expect(read(...chunks)).toEqual(read(whole));
        },
      ),
      { numRuns: 500 },
    );
  });
});

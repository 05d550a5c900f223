import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linesOf } from './lines.ts';

async function read(chunks: readonly Uint8Array[], most = 1000): Promise<(string | undefined)[]> {
  const stream = (async function* () {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  })();
  const lines: (string | undefined)[] = [];
  for await (const line of linesOf(stream, most)) lines.push(line);
  return lines;
}

test('lines are the same wherever the stream is cut, also inside a character', async () => {
  const texts = fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', '')));
  await fc.assert(
    fc.asyncProperty(texts, fc.array(fc.nat(200)), async (lines, cuts) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((to, i) => bytes.subarray(places[i], to));
      expect(await read(chunks)).toEqual(lines);
    }),
    { numRuns: 100 },
  );
});

test('the last line needs no newline, and the end of an empty input is no line', async () => {
  expect(await read([Buffer.from('a\r\n\nb')])).toEqual(['a\r', '', 'b']);
  expect(await read([])).toEqual([]);
});

test('a line that is too long is passed over, the next one is read', async () => {
  const chunks = ['ab', 'cdef', 'ghi\nok\n', 'toolong'].map((text) => Buffer.from(text));
  expect(await read(chunks, 5)).toEqual([undefined, 'ok', undefined]);
});

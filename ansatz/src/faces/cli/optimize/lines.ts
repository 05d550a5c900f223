/** A stream of bytes as lines, whatever the bytes are. */

/**
 * The lines of `chunks`, as they come: without their newline, the last one also when it has none. A line of more than
 * `most` bytes is not kept and comes as undefined.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<string | undefined> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const add = (part: Uint8Array): void => {
    bytes += part.length;
    if (bytes > most) parts = [];
    else parts.push(part);
  };
  const line = (): string | undefined => {
    const text = bytes > most ? undefined : Buffer.concat(parts).toString('utf8');
    parts = [];
    bytes = 0;
    return text;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, end));
      from = end + 1;
      yield line();
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  if (bytes > 0) yield line();
}

const NEWLINE = 0x0a;

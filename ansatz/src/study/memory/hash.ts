/** A 64-bit hash of a text as 16 hexadecimal digits: two lanes of multiply and rotate, finished as in MurmurHash3. */

/** Equal texts, equal hashes. Not for anything that somebody might want to forge. */
export function hash(text: string): string {
  let [a, b] = [0x9747b28c, 0x3c6ef372];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x85ebca6b);
    a = (a << 13) | (a >>> 19);
    b = Math.imul(b ^ code, 0xc2b2ae35);
    b = (b << 17) | (b >>> 15);
  }
  const [x, y] = [finish(a ^ text.length), finish(b ^ Math.imul(a, 31))];
  return `${x.toString(16).padStart(8, '0')}${y.toString(16).padStart(8, '0')}`;
}

function finish(state: number): number {
  let h = state;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

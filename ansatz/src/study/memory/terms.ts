/** What a text is found by: words, parts of identifiers, and the ideas they stand for. */

import { stem } from './stem.ts';
import { GROUPS } from './thesaurus.ts';

const STOP = new Set(
  (
    'a an and are as at be been but by can did do does for from had has have he her his how i if in into is it its just me more most my no nor not of off on or our out over own ' +
    'same she so some such than that the their them then there these they this those through to too under until up very was we were what when where which while who will with would you your'
  ).split(' '),
);
/** Parts of identifiers: `warmupSteps`, `WARMUP_STEPS` and `warmup-steps` are the same two words; `sp1024` is two. */
const PARTS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+(?:\.\d+)?(?:e-?\d+)?|[^\x00-\x7f\s\p{P}\p{S}]+/gu;
const LONGEST = 3;

/** Words of a text in order, identifiers in parts, lower case, stemmed; stop words stay, phrases need them. */
function words(text: string): string[] {
  return Array.from(text.matchAll(PARTS), ([part]) => stemmed(part.toLowerCase()));
}

const stems = new Map<string, string>();
/** Words of a language repeat themselves: what was stemmed once is remembered. */
function stemmed(word: string): string {
  const known = stems.get(word);
  if (known !== undefined) return known;
  const found = stem(word);
  if (stems.size < 50_000) stems.set(word, found);
  return found;
}

const ideas = new Map<string, string>(
  GROUPS.flatMap((line) => {
    const phrases = line.split(',').map((phrase) => words(phrase).join(' '));
    return phrases.map((phrase): [string, string] => [phrase, `~${phrases[0]!.replaceAll(' ', '_')}`]);
  }),
);

/**
 * Terms of a text, one for each occurrence: stems without stop words, and `~idea` for every phrase of the thesaurus
 * (the longest that fits). Numbers are terms as they are written.
 */
export function terms(text: string): string[] {
  const all = words(text);
  const found: string[] = [];
  for (let i = 0; i < all.length; i++) {
    const word = all[i]!;
    if (!STOP.has(word) && (word.length > 1 || /\d/.test(word))) found.push(word);
  }
  for (let i = 0; i < all.length;) {
    let length = Math.min(LONGEST, all.length - i);
    let idea: string | undefined;
    for (; length > 0; length--) {
      idea = ideas.get(length === 1 ? all[i]! : all.slice(i, i + length).join(' '));
      if (idea !== undefined) break;
    }
    if (idea !== undefined) found.push(idea);
    i += Math.max(1, length);
  }
  return found;
}

/** English words without their endings: M. F. Porter 1980, "An algorithm for suffix stripping", Program 14(3). */

const CONSONANT = '[^aeiou]';
const VOWEL = '[aeiouy]';
const C = `${CONSONANT}[^aeiouy]*`;
const V = `${VOWEL}[aeiou]*`;
/** m > 0, m = 1 and m > 1 of the paper: how many vowel-consonant sequences the stem has. */
const SOME = new RegExp(`^(?:${C})?${V}${C}`);
const ONE = new RegExp(`^(?:${C})?${V}${C}(?:${V})?$`);
const MORE = new RegExp(`^(?:${C})?${V}${C}${V}${C}`);
const HAS_VOWEL = new RegExp(`^(?:${C})?${VOWEL}`);
/** *o of the paper: ends consonant, vowel, consonant, the last not w, x or y. */
const SHORT = new RegExp(`^${C}${VOWEL}[^aeiouwxy]$`);

const STEP2: Readonly<Record<string, string>> = {
  ational: 'ate',
  tional: 'tion',
  enci: 'ence',
  anci: 'ance',
  izer: 'ize',
  bli: 'ble',
  alli: 'al',
  entli: 'ent',
  eli: 'e',
  ousli: 'ous',
  ization: 'ize',
  ation: 'ate',
  ator: 'ate',
  alism: 'al',
  iveness: 'ive',
  fulness: 'ful',
  ousness: 'ous',
  aliti: 'al',
  iviti: 'ive',
  biliti: 'ble',
  logi: 'log',
};
const STEP3: Readonly<Record<string, string>> = {
  icate: 'ic',
  ative: '',
  alize: 'al',
  iciti: 'ic',
  ical: 'ic',
  ful: '',
  ness: '',
};
const ENDS2 = ending(Object.keys(STEP2));
const ENDS3 = ending(Object.keys(STEP3));
const ENDS4 = ending('al ance ence er ic able ible ant ement ment ent ou ism ate iti ous ive ize'.split(' '));

function ending(suffixes: readonly string[]): RegExp {
  return new RegExp(`^(.+?)(${suffixes.join('|')})$`);
}

/** The stem of a word in lower-case ASCII letters; anything else, and words of one or two letters, is given back. */
export function stem(given: string): string {
  if (given.length < 3 || !/^[a-z]+$/.test(given)) return given;
  // A y at the start is a consonant.
  const first = given.startsWith('y');
  let word = first ? `Y${given.slice(1)}` : given;

  if (/(?:ss|i)es$/.test(word)) word = word.slice(0, -2);
  else if (/[^s]s$/.test(word)) word = word.slice(0, -1);

  const eed = /^(.+?)eed$/.exec(word);
  const ed = /^(.+?)(?:ed|ing)$/.exec(word);
  if (eed !== null) {
    if (SOME.test(eed[1]!)) word = word.slice(0, -1);
  } else if (ed !== null && HAS_VOWEL.test(ed[1]!)) {
    word = ed[1]!;
    if (/(?:at|bl|iz)$/.test(word)) word += 'e';
    else if (/([^aeiouylsz])\1$/.test(word)) word = word.slice(0, -1);
    else if (SHORT.test(word)) word += 'e';
  }

  const y = /^(.+?)y$/.exec(word);
  if (y !== null && HAS_VOWEL.test(y[1]!)) word = `${y[1]!}i`;

  word = replaced(word, ENDS2, STEP2);
  word = replaced(word, ENDS3, STEP3);

  const fourth = ENDS4.exec(word);
  const ion = /^(.+?[st])ion$/.exec(word);
  if (fourth !== null) {
    if (MORE.test(fourth[1]!)) word = fourth[1]!;
  } else if (ion !== null && MORE.test(ion[1]!)) word = ion[1]!;

  const e = /^(.+?)e$/.exec(word);
  if (e !== null && (MORE.test(e[1]!) || (ONE.test(e[1]!) && !SHORT.test(e[1]!)))) word = e[1]!;
  if (word.endsWith('ll') && MORE.test(word)) word = word.slice(0, -1);
  return first ? `y${word.slice(1)}` : word;
}

function replaced(word: string, ends: RegExp, by: Readonly<Record<string, string>>): string {
  const match = ends.exec(word);
  return match !== null && SOME.test(match[1]!) ? match[1]! + by[match[2]!]! : word;
}

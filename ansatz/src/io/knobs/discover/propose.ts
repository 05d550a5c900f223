/** From a raw find to a proposal: what it is, whether to search over it, in which range, and how much it matters. */

import type { Knob } from '../../../study/config.ts';
import type { Value } from '../../../methods/space/space.ts';
import { compute, meaningOf, wordsOf, type Meaning } from './name.ts';
import type { Raw } from './raw.ts';
import { plainValue } from './source.ts';

/** A knob a script has, ready for a config. */
export type FoundKnob = Knob & {
  /** `train.py:12` */
  readonly where: string;
  readonly help?: string;
  /** How much it usually matters, 0 to 10; knobs below 2 are not proposed. */
  readonly score: number;
};

/** What becomes of a find: a knob, the seed, a reason to leave it alone, or nothing worth a line. */
export type Judged =
  | { readonly as: 'knob'; readonly knob: FoundKnob }
  | { readonly as: 'seed' }
  | { readonly as: 'skipped'; readonly why: string }
  | { readonly as: 'nothing' };

/** Judges one find. `source` is the text of the script: alternatives of a text setting are looked up in it. */
export function judge(raw: Raw, source: string): Judged {
  const path = raw.name.split('.');
  const numeric = raw.kind === 'int' || raw.kind === 'float';
  const meaning: Meaning =
    raw.meaning === undefined ? meaningOf(path.at(-1)!, path.slice(0, -1), numeric, raw.help) : { is: raw.meaning };
  if (meaning.is === 'seed')
    return { as: raw.loose === true && raw.via.by === 'constant' && raw.why !== undefined ? 'nothing' : 'seed' };
  if (raw.loose === true && (meaning.is === 'out' ? meaning.why !== compute : meaning.is === 'other'))
    return { as: 'nothing' };
  if (meaning.is === 'out') return { as: 'skipped', why: meaning.why };
  if (raw.why !== undefined) return { as: 'skipped', why: raw.why };
  if (raw.kind === 'list' || raw.initial?.kind === 'list')
    return { as: 'skipped', why: 'holds a list; only single values are searched' };
  const base = {
    via: raw.via,
    where: `${raw.file}:${raw.line}`,
    ...(raw.help === undefined ? {} : { help: raw.help }),
  };
  const initial = plainValue(raw.initial);
  const weight = raw.loose === true ? 0.8 : raw.via.by === 'constant' && meaning.is === 'other' ? 0.5 : 1;
  const range = rangeOf(raw, meaning, initial, source);
  if ('why' in range) return raw.loose === true ? { as: 'nothing' } : { as: 'skipped', why: range.why };
  const score = Math.round(range.score * weight * 10) / 10;
  const given = initial === undefined ? {} : { default: initial };
  if ('choices' in range) {
    const { choices, ordered } = range;
    const fits = initial !== undefined && choices.includes(initial) ? { default: initial } : {};
    return {
      as: 'knob',
      knob: { ...base, name: raw.name, kind: 'choice', choices, ...(ordered && { ordered }), ...fits, score },
    };
  }
  const { kind, low, high, scale } = range;
  return {
    as: 'knob',
    knob: { ...base, name: raw.name, kind, low, high, scale, ...(given as { default?: number }), score },
  };
}

type Range =
  | {
      readonly kind: 'float' | 'int';
      readonly low: number;
      readonly high: number;
      readonly scale: 'linear' | 'log';
      readonly score: number;
    }
  | { readonly choices: readonly Value[]; readonly ordered?: boolean; readonly score: number }
  | { readonly why: string };

function rangeOf(raw: Raw, meaning: Meaning, initial: Value | undefined, source: string): Range {
  if (raw.choices !== undefined) {
    if (raw.choices.length < 2) return { why: 'has a single choice' };
    return { choices: raw.choices, score: listed(meaning) };
  }
  if (raw.kind === 'bool') return { choices: [false, true], score: truth(raw.name) };
  if (raw.kind === 'text') return texts(meaning, initial, source, raw.help ?? '');
  if (raw.kind !== 'int' && raw.kind !== 'float') return { why: 'its kind of value is not known' };
  if (typeof initial !== 'number') return { why: 'has no default to start from' };
  if (!Number.isFinite(initial)) return { why: 'its default is not finite' };
  if (raw.kind === 'int' && !Number.isInteger(initial)) return { why: 'takes an int, but its default is none' };
  const range = numbers(meaning, initial, raw);
  return 'why' in range || 'choices' in range ? range : clamp(range, raw);
}

/** Meanings whose value is a float even where `dropout = 0` looks like an int. */
const floats = new Set<Meaning['is']>([
  'rate',
  'decay',
  'dropout',
  'momentum',
  'beta1',
  'beta2',
  'average',
  'discount',
  'smoothing',
  'fraction',
  'clip',
]);

function numbers(meaning: Meaning, d: number, raw: Raw): Range {
  const promoted = floats.has(meaning.is) && Math.abs(d) <= 1 && (raw.via.by !== 'flag' || raw.untyped === true);
  const kind = raw.kind === 'float' || promoted ? 'float' : 'int';
  const log = (low: number, high: number, score: number): Range => ({
    kind,
    low: nice(low),
    high: nice(high),
    scale: 'log',
    score,
  });
  const linear = (low: number, high: number, score: number): Range => ({
    kind,
    low: nice(low),
    high: nice(high),
    scale: 'linear',
    score,
  });
  switch (meaning.is) {
    case 'rate': {
      const score = /(^|_)(min|end|final|init|initial|minimum|warmup|start)(_|$)/.test(wordsOf(raw.name).join('_'))
        ? 4
        : 10;
      if (kind === 'int') return whole(d, 4);
      return d > 0 ? log(d / 10, d * 10, score) : log(1e-6, 1e-3, 3);
    }
    case 'decay':
      if (kind === 'int') return whole(d, 3);
      return d > 0 ? log(d / 10, Math.max(d, Math.min(d * 10, 1)), 8) : log(1e-6, 0.1, 7);
    case 'batch':
      return octaves(d, 2, 8.5);
    case 'dropout':
      return linear(0, d < 0.5 ? 0.5 : 0.9, 7);
    case 'momentum':
      if (d <= 0 || d >= 1) return linear(0, 0.99, 6);
      return d >= 0.8 ? linear(0.8, 0.99, 6) : linear(0, 0.95, 6);
    case 'beta1':
      return linear(Math.min(0.8, nice(d * 0.9)), Math.max(0.99, d), 6);
    case 'beta2':
      return linear(Math.min(0.9, nice(d * 0.95)), Math.max(0.9999, d), 6);
    case 'average':
    case 'discount':
      if (d <= 0 || d > 1) return other(d, kind, 4);
      return d >= 0.9 ? linear(Math.min(0.9, d), Math.max(0.9999, d), 5) : linear(nice(d / 2), 0.99, 5);
    case 'clip':
      return d > 0 ? log(d / 10, d * 10, 4) : linear(0, 5, 4);
    case 'smoothing':
      return linear(0, 0.3, 5);
    case 'warmup':
      if (kind === 'float' && d >= 0 && d <= 1) return linear(0, d <= 0.3 ? 0.3 : 1, 6);
      if (d > 0) return kind === 'int' ? whole(d, 6, 4) : log(d / 4, d * 4, 6);
      return linear(0, 200, 5);
    case 'fraction':
      if (d > 0 && d < 0.05 && kind === 'float') return log(d / 10, Math.min(1, d * 10), 4.5);
      if (d >= 0 && d <= 1 && kind === 'float') return linear(0, d < 0.5 ? Math.max(0.5, nice(2 * d)) : 1, 4.5);
      return other(d, kind, 4);
    case 'width':
      return octaves(d, 1, 7);
    case 'context':
      return octaves(d, 1, 3);
    case 'heads':
      return d >= 1
        ? { choices: powersUpTo(d * 2), ordered: true, score: 5 }
        : { why: 'its default leaves the range open' };
    case 'depth':
      return kind === 'int' ? whole(d, 7) : other(d, kind, 5);
    case 'accumulation':
      return kind === 'int' ? whole(d, 3, 4) : other(d, kind, 3);
    case 'epsilon':
      return d > 0 && d < 0.01 ? log(d / 100, d * 100, 2) : other(d, kind, 3);
    case 'share':
      // Of more than one it is a count.
      return d > 0 && d <= 1 ? { ...linear(Math.min(0.3, d / 2), 1, 5), kind: 'float' } : other(d, kind, 3);
    case 'leaves':
      return kind === 'int' && d > 0 ? atLeast(raw.name.endsWith('split') ? 2 : 1, whole(d, 5, 4)) : other(d, kind, 3);
    case 'penalty':
      // Zero turns it off, and lies at no end of a log range.
      return { ...(d > 0 ? log(d / 100, d * 100, 5) : log(1e-4, 10, 4)), kind: 'float' };
    case 'strength':
      return other(d, kind, 4.5);
    default:
      return other(d, kind, kind === 'float' ? 3 : 2.5);
  }
}

/** One octave and more around an int, log when that spans much. */
function whole(d: number, score: number, factor = 2): Range {
  if (d < 0) return { why: 'a negative default leaves its range open' };
  if (d === 0) return { why: 'a default of 0 leaves its range open' };
  const low = Math.max(1, Math.floor(d / factor));
  const high = Math.max(low + 2, Math.ceil(d * factor));
  return { kind: 'int', low, high, scale: high / low >= 8 || high > 64 ? 'log' : 'linear', score };
}

/**
 * Sizes: doublings and halvings of the default where it is a multiple of a power of two, so that divisibility that a
 * model or a batch relies on survives; else a log range.
 */
function octaves(d: number, steps: number, score: number): Range {
  if (d <= 0 || !Number.isInteger(d)) return { why: 'its default leaves the range open' };
  const choices: number[] = [];
  for (let i = -steps; i <= steps; i++) {
    const size = d * 2 ** i;
    if (Number.isInteger(size)) choices.push(size);
  }
  if (d >= 4 && d % 4 === 0 && choices.length >= 3) return { choices, ordered: true, score };
  return whole(d, score, 2 ** steps);
}

function atLeast(low: number, range: Range): Range {
  return 'low' in range ? { ...range, low: Math.max(low, range.low) } : range;
}

function powersUpTo(high: number): number[] {
  const choices: number[] = [];
  for (let n = high; Number.isInteger(n) && n >= 1; n /= 2) choices.unshift(n);
  return choices.length >= 2 ? choices.slice(-4) : [1, high];
}

/** A number whose name says little. */
function other(d: number, kind: 'float' | 'int', score: number): Range {
  if (kind === 'int') return whole(d, score);
  if (d === 0) return { why: 'a default of 0 leaves its range open' };
  const [low, high] = d > 0 ? [d / 4, d * 4] : [d * 4, d / 4];
  return { kind, low: nice(low), high: nice(high), scale: d > 0 ? 'log' : 'linear', score };
}

/** Bounds that the script itself declares are kept. */
function clamp(range: Exclude<Range, { why: string } | { choices: readonly Value[] }>, raw: Raw): Range {
  const low = Math.max(range.low, raw.low ?? -Infinity);
  const high = Math.min(range.high, raw.high ?? Infinity);
  return low < high ? { ...range, low, high } : { why: 'the bounds that the script declares leave nothing to search' };
}

function listed(meaning: Meaning): number {
  return meaning.is === 'optimizer' || meaning.is === 'schedule' || meaning.is === 'activation' ? 6 : 3.5;
}

function truth(name: string): number {
  return /bias|nesterov|amsgrad|(^|_)tie|residual|norm|qk|gated|ema|rotary|rope|prenorm|augment|aug|mixup|anneal|cosine|normalize|dueling|double/i.test(
    name,
  )
    ? 3
    : 1;
}

const alternatives: Partial<Record<Meaning['is'], readonly string[]>> = {
  activation: [
    'relu',
    'gelu',
    'silu',
    'swish',
    'tanh',
    'elu',
    'selu',
    'leaky_relu',
    'leakyrelu',
    'mish',
    'sigmoid',
    'relu2',
    'swiglu',
    'geglu',
    'softplus',
  ],
  optimizer: [
    'sgd',
    'adam',
    'adamw',
    'rmsprop',
    'adagrad',
    'adadelta',
    'nadam',
    'radam',
    'lion',
    'muon',
    'lamb',
    'adafactor',
    'sophia',
    'shampoo',
    'momentum',
    'nesterov',
    'adamax',
    'lbfgs',
  ],
  schedule: [
    'cosine',
    'linear',
    'constant',
    'step',
    'exponential',
    'polynomial',
    'onecycle',
    'plateau',
    'none',
    'wsd',
    'warmup_cosine',
    'inverse_sqrt',
    'trapezoidal',
    'multistep',
    'constant_with_warmup',
  ],
};

/** Text settings have a range only where the alternatives are well known and the script, or their help, mentions them. */
function texts(meaning: Meaning, initial: Value | undefined, source: string, help: string): Range {
  const known = alternatives[meaning.is];
  if (known === undefined || typeof initial !== 'string') return { why: 'text whose alternatives are not known' };
  const lower = source.matchAll(/["']([\w-]{2,24})["']/g).map((match) => match[1]!);
  const listedWords = help.match(/[\w-]{2,24}/g) ?? [];
  const mentioned = [...new Set([...lower, ...listedWords])].filter((word) => known.includes(word.toLowerCase()));
  const choices = [...new Set([initial, ...mentioned])];
  return choices.length >= 2 ? { choices, score: 6 } : { why: 'text whose alternatives are not known' };
}

/** Three digits are plenty for a bound, and hide the rounding of binary fractions. */
function nice(value: number): number {
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? value : Number(value.toPrecision(4));
}

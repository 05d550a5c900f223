/** Seeded randomness: xoshiro128** (Blackman & Vigna 2018), seeded by splitmix32. */

/** A stream of random numbers. Same seed, same stream; every draw advances it. */
export interface Rng {
  /** The seed it was made from, whatever its labels: what all streams of one study have in common. */
  readonly seed: number;
  /** Uniform in [0, 1), 32 random bits. */
  uniform(): number;
  /** Uniform integer in [0, n). */
  int(n: number): number;
  /** Standard normal (Marsaglia polar method). */
  normal(): number;
}

/** A stream for a seed and any number of labels, so that neighbouring streams share nothing. */
export function rng(seed: number, ...labels: readonly number[]): Rng {
  let mixed = splitmix(seed >>> 0);
  for (const label of labels) mixed = splitmix((mixed ^ Math.imul(label + 0x9e3779b9, 0x85ebca6b)) >>> 0);
  let a = splitmix(mixed);
  let b = splitmix(a);
  let c = splitmix(b);
  let d = splitmix(c) | 1; // never all zero
  let spare: number | undefined;

  const bits = (): number => {
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return scrambled;
  };
  const uniform = (): number => bits() / 2 ** 32;

  return {
    seed,
    uniform,
    int: (n) => Math.floor(uniform() * n),
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      for (;;) {
        const u = 2 * uniform() - 1;
        const v = 2 * uniform() - 1;
        const s = u * u + v * v;
        if (s >= 1 || s === 0) continue;
        const factor = Math.sqrt((-2 * Math.log(s)) / s);
        spare = v * factor;
        return u * factor;
      }
    },
  };
}

function rotate(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}

function splitmix(state: number): number {
  let z = (state + 0x9e3779b9) >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad) >>> 0;
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97) >>> 0;
  return (z ^ (z >>> 15)) >>> 0;
}

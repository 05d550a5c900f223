/** The standard normal distribution, exact in the tails, and what expected improvement needs of it. */

const LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI);
const SQRT_HALF_PI = Math.sqrt(Math.PI / 2);

/** Mills ratio (1 − Φ(x)) / φ(x) for x ≥ 0, relative error below 1e-13. */
export function mills(x: number): number {
  if (x < 2.5) {
    // Taylor series of (Φ(x) − ½)/φ(x): x + x³/3 + x⁵/15 + … (Marsaglia 2004, J. Stat. Software 11(4)).
    let term = x;
    let sum = x;
    for (let i = 3; term > 1e-17 * sum; i += 2) {
      term *= (x * x) / i;
      sum += term;
    }
    return SQRT_HALF_PI * Math.exp((x * x) / 2) - sum;
  }
  // Laplace's continued fraction 1/(x + 1/(x + 2/(x + 3/(x + …)))), from the inside out.
  let tail = x;
  for (let i = Math.ceil(12 + 500 / (x * x)); i >= 1; i--) tail = x + i / tail;
  return 1 / tail;
}

/** Density φ(z). */
export function pdf(z: number): number {
  return Math.exp(-0.5 * z * z - LOG_SQRT_2PI);
}

/** Distribution function Φ(z). */
export function cdf(z: number): number {
  return z > 0 ? 1 - mills(z) * pdf(z) : mills(-z) * pdf(z);
}

/** log Φ(z), finite for every finite z. */
export function logCdf(z: number): number {
  return z > 0 ? Math.log1p(-mills(z) * pdf(z)) : Math.log(mills(-z)) - 0.5 * z * z - LOG_SQRT_2PI;
}

/**
 * log(φ(z) + z Φ(z)): log expected improvement of a unit normal over a threshold z standard deviations above its
 * mean, stable far below zero (Ament et al. 2023, arXiv 2310.20708, eq. 9).
 */
export function logH(z: number): number {
  if (z > -1) return Math.log(pdf(z) + z * cdf(z));
  const x = -z;
  // Beyond 300 the difference below is lost in rounding; its asymptote is exact to 1e-4 there.
  const rest = x > 300 ? 1 / (x * x) : 1 - x * mills(x);
  return Math.log(rest) - 0.5 * z * z - LOG_SQRT_2PI;
}

/** d logH / dz = Φ(z) / (φ(z) + z Φ(z)). */
export function logHSlope(z: number): number {
  if (z > -1) {
    const c = cdf(z);
    return c / (pdf(z) + z * c);
  }
  const x = -z;
  if (x > 300) return x;
  const m = mills(x);
  return m / (1 - x * m);
}

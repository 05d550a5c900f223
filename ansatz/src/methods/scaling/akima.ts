/** The minimum of an Akima spline (Akima 1970, J. ACM 17(4)): smooth through every point, and local, so that a stray point bends only its neighbours. */

/** Where the spline through (x, y) is least, when that is strictly inside; x ascending and distinct, at least three. */
export function akimaMinimum(x: readonly number[], y: readonly number[]): { x: number; y: number } | undefined {
  const n = x.length;
  if (n < 3) return undefined;
  const slopes = akimaSlopes(x, y);
  let best = { x: x[0]!, y: y[0]! };
  if (y[n - 1]! < best.y) best = { x: x[n - 1]!, y: y[n - 1]! };
  for (let i = 0; i < n - 1; i++) {
    const h = x[i + 1]! - x[i]!;
    const rise = (y[i + 1]! - y[i]!) / h;
    // The cubic of this piece: y + s·u + q·u² + c·u³.
    const q = (3 * rise - 2 * slopes[i]! - slopes[i + 1]!) / h;
    const c = (slopes[i]! + slopes[i + 1]! - 2 * rise) / (h * h);
    for (const u of [0, ...flat(slopes[i]!, q, c)]) {
      if (u < 0 || u > h || (i === 0 && u === 0)) continue;
      const at = y[i]! + u * (slopes[i]! + u * (q + u * c));
      if (at < best.y) best = { x: x[i]! + u, y: at };
    }
  }
  return best.x > x[0]! && best.x < x[n - 1]! ? best : undefined;
}

/** Derivatives at the points: means of the neighbouring slopes, each weighted by how little the other side changes. */
function akimaSlopes(x: readonly number[], y: readonly number[]): number[] {
  const inner = x.slice(1).map((v, i) => (y[i + 1]! - y[i]!) / (v - x[i]!));
  const [first, second, last, other] = [inner[0]!, inner[1]!, inner.at(-1)!, inner.at(-2)!];
  const m = [3 * first - 2 * second, 2 * first - second, ...inner, 2 * last - other, 3 * last - 2 * other];
  return x.map((_, i) => {
    const [left, right] = [Math.abs(m[i + 1]! - m[i]!), Math.abs(m[i + 3]! - m[i + 2]!)];
    return left + right > 1e-12 ? (right * m[i + 1]! + left * m[i + 2]!) / (left + right) : (m[i + 1]! + m[i + 2]!) / 2;
  });
}

/** Roots of s + 2q·u + 3c·u². */
function flat(s: number, q: number, c: number): number[] {
  if (Math.abs(c) < 1e-300) return q === 0 ? [] : [-s / (2 * q)];
  const root = q * q - 3 * c * s;
  return root < 0 ? [] : [(-q + Math.sqrt(root)) / (3 * c), (-q - Math.sqrt(root)) / (3 * c)];
}

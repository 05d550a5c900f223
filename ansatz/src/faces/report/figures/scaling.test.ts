import { expect, test } from 'vitest';
import { bowlsFigure, lawFigure, type LawPicture, residualFigure, tidyRows } from './scaling.ts';

const law: LawPicture = {
  kind: 'law',
  title: 'loss over <compute>',
  xName: 'compute & more',
  yName: 'loss',
  name: 'bnsl',
  points: [1e18, 1e19, 1e20].map((x, i) => ({ x, y: 4 - i / 2 })),
  curve: [1e18, 1e19, 1e20, 1e21].map((x, i) => ({ x, y: 4 - i / 2 })),
  bands: [
    { level: 0.9, ends: [1e20, 1e21].map((x, i) => ({ x, low: 3 - i, high: 3 + i / 2 })) },
    { level: 0.5, ends: [1e20, 1e21].map((x, i) => ({ x, low: 3 - i / 2, high: 3 })) },
  ],
  forecast: { x: 1e21, y: 2.5, low: 2.3, high: 2.7 },
};

/** Numbers of all paths, in pairs. */
function places(svg: string): [number, number][] {
  return [...svg.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

test.each(['wide', 'narrow'] as const)('a law is drawn within its frame, %s', (width) => {
  const svg = lawFigure(law, width);
  const [, w, h] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!;
  for (const [x, y] of places(svg)) {
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x).toBeLessThanOrEqual(Number(w));
    expect(y).toBeGreaterThanOrEqual(0);
    expect(y).toBeLessThanOrEqual(Number(h));
  }
  expect(svg.match(/class="band"/g)).toHaveLength(2);
  expect(svg).toContain('compute &amp; more');
  expect(svg).not.toMatch(/NaN| style="/);
});

test('names of lines and intervals stand at the right of a wide one only', () => {
  expect(lawFigure(law, 'wide')).toContain('90 of 100');
  expect(lawFigure(law, 'narrow')).not.toContain('90 of 100');
});

test('bowls: what lies far above the minima is cut, optima are joined', () => {
  const budgets = [1e18, 1e20].map((C, i) => ({
    C,
    points: [1, 2, 4, 8, 16].map((n, j) => ({
      x: n * 1e7 * (1 + i),
      y: 4 - i + (j - 2) ** 2 / 5 + (j === 4 ? 50 : 0),
    })),
    optimum: { x: 4e7 * (1 + i), y: 4 - i },
  }));
  const svg = bowlsFigure({ kind: 'bowls', title: 't', xName: 'N', yName: 'loss', budgets }, 'wide');
  expect(svg).toContain('1e18 FLOPs');
  expect(svg.match(/class="second line"/g)).toHaveLength(2);
  expect(bowlsFigure({ kind: 'bowls', title: 't', xName: 'N', yName: 'loss', budgets: [] }, 'wide')).toBe('');
});

test('residuals are drawn about zero, in per cent', () => {
  const svg = residualFigure(
    {
      kind: 'residuals',
      title: 't',
      xName: 'N',
      points: [
        { x: 1e6, y: 0.02 },
        { x: 1e9, y: -0.01 },
      ],
    },
    'wide',
  );
  expect(svg).toContain('>2<');
  expect(svg).toContain('class="reference"');
});

test('tidy rows have every number of a picture once', () => {
  const rows = tidyRows([law]);
  expect(rows).toHaveLength(3 + 4 + 4 + 1);
  expect(rows.at(-1)).toBe('law,forecast,1e+21,2.5,2.3,2.7');
});

import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { readNumber } from './number.ts';

it.each([
  ['2.8656', 2.8656, 1e-4],
  ['1.5E-04', 1.5e-4, 1e-5],
  ['21', 21, 1],
  ['-3', -3, 1],
  ['1,675,304', 1675304, 1],
  ['6.512345E+00', 6.512345, 1e-6],
  ['.5', 0.5, 0.1],
  ['5.', 5, 1],
  ['3e-4', 3e-4, 1e-4],
  ['3.92466139793396', 3.92466139793396, 0],
  ['0.8999999761581421', 0.8999999761581421, 0],
  ['nan', NaN, 0],
  ['-inf', -Infinity, 0],
  ['Infinity', Infinity, 0],
  ['1e999', Infinity, 0],
])('%s is read with the resolution it was printed in', (text, value, resolution) => {
  expect(readNumber(text)).toEqual({ value, text, resolution });
});

it.each(['', ' ', '1.2.3', '3x', '0x10', '1_000', '1,00', 'info', 'one', '--1', '1e', '2024-01-01', '12:30'])(
  '"%s" is no number',
  (text) => {
    expect(readNumber(text)).toBeUndefined();
  },
);

it('a rounded number differs from the true one by at most half its resolution', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e4, max: 1e4, noNaN: true }), fc.integer({ min: 0, max: 6 }), (value, digits) => {
      const printed = readNumber(value.toFixed(digits))!;
      expect(Math.abs(printed.value - value)).toBeLessThanOrEqual(printed.resolution * 0.5 * (1 + 1e-6));
    }),
  );
});

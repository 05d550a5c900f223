import { expect, test } from 'vitest';
import { UserError } from '../../study/error.ts';
import { parseSheet, quantity, runsIn } from './index.ts';

const read = (text: string): ReturnType<typeof runsIn> => runsIn(parseSheet(text, 'runs.csv'), {});
const errorOf = (work: () => unknown): UserError => {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

test.each([
  ['1.3B', 1.3e9],
  ['300 million', 3e8],
  ['1,300,000', 1.3e6],
  ['26b tokens', 26e9],
  ['2.61 nats/token', 2.61],
  ['5.76e23', 5.76e23],
  ['6e18 FLOPs', 6e18],
  ['2 EFLOPs', 2e18],
  ['40 PF-days', 40 * 8.64e19],
  ['.07B', 7e7],
])('%s is %d', (cell, value) => expect(quantity(cell)! / value).toBeCloseTo(1, 12));

test.each(['large', '1.3Q', '', '1.2.3', 'B', '3 apples'])('"%s" is no amount', (cell) =>
  expect(quantity(cell)).toBeUndefined(),
);

test('columns are found by name, units of headers apply, and a missing D comes from C = 6ND', () => {
  const { N, D, loss, rows } = read('run,params (B),val_loss,flops\na,1.3,2.61,6e18\n\nb,0.3,3.1,1e18\nc,,3,1e18\n');
  expect(N).toEqual([1.3e9, 3e8]);
  expect(D[0]).toBeCloseTo(6e18 / 6 / 1.3e9, 3);
  expect(loss).toEqual([2.61, 3.1]);
  expect(rows).toEqual([2, 4]);
});

test('semicolons, tabs and a byte order mark are read', () => {
  expect(read('\ufeffN;D;loss\n1B;2B;3\n').N).toEqual([1e9]);
  expect(read('N\tD\tloss\n1B\t2B\t3\n').D).toEqual([2e9]);
});

test('mistakes are told with their place and a way out', () => {
  expect(errorOf(() => read('N,D,loss\n1B,2B,3\n1B,huge,3\n'))).toMatchObject({
    code: 'bad-cell',
    where: 'runs.csv:3, column D',
  });
  expect(errorOf(() => read('N,D,loss\n1B,2B,-3\n'))).toMatchObject({ code: 'bad-cell', where: 'runs.csv:2' });
  expect(errorOf(() => read('N,D,loss\n1.3B,2B,3\n0.7,2B,3\n2B,2B,3\n'))).toMatchObject({
    code: 'mixed-units',
    where: 'runs.csv:3',
  });
  expect(errorOf(() => read('size_of_it,D,loss\n1,2,3\n')).code).toBe('no-column');
  expect(errorOf(() => runsIn(parseSheet('N,D,lost\n1,2,3\n', 'runs.csv'), { loss: 'loss' })).message).toContain(
    '"lost"',
  );
  expect(errorOf(() => read('1,2,3\n4,5,6\n')).code).toBe('no-table');
  expect(errorOf(() => read('')).code).toBe('no-table');
});

test('exchanged columns and FLOPs in another unit are doubted', () => {
  expect(read('N,D,loss\n20B,1B,3\n40B,2B,2.9\n').warnings.join()).toContain('exchanged');
  expect(read('N,D,C,loss\n1B,20B,120,3\n2B,40B,480,2.9\n').warnings.join()).toContain('6ND');
});

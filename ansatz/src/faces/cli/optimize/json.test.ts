import { expect, test } from 'vitest';
import { parse } from './json.ts';

test('numbers that JSON does not have are read, inside texts they are letters', () => {
  expect(parse('{"a":NaN,"b":[-Infinity,Infinity,-NaN],"c":"NaN, \\"Infinity","NaN":1}')).toEqual({
    a: null,
    b: [-Infinity, Infinity, null],
    c: 'NaN, "Infinity',
    NaN: 1,
  });
});

test.each(['', '{', 'NaNa', '"NaN', '{"a":NaN', 'Infinity1', "{'a': NaN}"])('%j is still an error', (text) => {
  expect(() => parse(text)).toThrow(SyntaxError);
});

test('a hostile line costs no more than its length', () => {
  expect(() => parse(`NaN${'\\"'.repeat(500_000)}`)).toThrow(SyntaxError);
});

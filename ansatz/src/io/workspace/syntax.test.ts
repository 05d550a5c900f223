import { expect, test } from 'vitest';
import { openSyntax } from './syntax.ts';

/** A whole file, and an edit of it that cannot be right, with the line that is told. */
const FILES: readonly (readonly [file: string, right: string, wrong: string, line: number])[] = [
  ['train.py', 'def f(x):\n    return x\n', 'def f(x:\n    return x\n', 1],
  ['a.mjs', 'export const a = [1];\n', 'export const a = [1;\n', 1],
  ['a.ts', 'const a: number = 1;\nlet b = a;\n', 'const a: number = 1;\nlet b = = a;\n', 2],
  [
    'a.tsx',
    'const a: string = "";\nconst b = <div>{a}</div>;\n',
    'const a: string = "";\nconst b = <div>{a</div>;\n',
    2,
  ],
  ['run.sh', 'set -e\nfor i in 1 2; do\n  echo "$i"\ndone\n', 'set -e\nfor i in 1 2; do\n  echo "$i"\n', 4],
  ['a.cpp', 'int f() {\n  return 1;\n}\n', 'int f() {\n  return (1;\n}\n', 2],
  ['a.h', '#pragma once\nstruct S { int a; };\n', '#pragma once\nstruct S { int a }}\n', 2],
  [
    'k.cu',
    '#include <cuda.h>\n__global__ void k(float* __restrict__ a) {\n  __shared__ float s[4];\n  a[threadIdx.x] = s[0];\n}\nvoid go(float* a) {\n  k<<<dim3(1, 2), 32>>>(a);\n}\n',
    '#include <cuda.h>\n__global__ void k(float* __restrict__ a) {\n  __shared__ float s[4];\n  a[threadIdx.x = s[0];\n}\nvoid go(float* a) {\n  k<<<dim3(1, 2), 32>>>(a);\n}\n',
    4,
  ],
  ['a.rs', 'fn main() {\n    let x = 1;\n}\n', 'fn main() {\n    let x = ;\n}\n', 2],
  ['a.go', 'package main\n\nfunc main() {}\n', 'package main\n\nfunc main( {}\n', 3],
  ['A.java', 'class A {\n  void f() {}\n}\n', 'class A {\n  void f( {}\n}\n', 2],
  ['a.rb', 'def f\n  1\nend\n', 'def f(\n  1\nend\n', 1],
  ['a.yaml', 'a: 1\nb: [1, 2]\n', 'a: 1\nb: [1, 2\n', 2],
  ['a.toml', 'a = 1\n[b]\nc = "x"\n', 'a = 1\n[b\nc = "x"\n', 2],
  ['a.json', '{\n  "a": 1\n}\n', '{\n  "a": ,\n}\n', 2],
];

test.each(FILES)('%s: what is right is read, and where it is wrong is told', async (file, right, wrong, line) => {
  const syntax = await openSyntax([file]);
  expect(syntax(file, right)).toBeUndefined();
  const found = syntax(file, wrong);
  expect(found).toBeDefined();
  // Where something is missing, parsers differ in whether they tell the line before or after.
  expect(Math.abs(found! - line)).toBeLessThanOrEqual(1);
});

test('of a language that nobody here reads, and of a file that was not announced, nothing is said', async () => {
  const syntax = await openSyntax(['notes.txt']);
  expect(syntax('notes.txt', '(((')).toBeUndefined();
  expect(syntax('a.jl', 'function f(')).toBeUndefined();
  expect(syntax('run.sh', 'for i in')).toBeUndefined();
});

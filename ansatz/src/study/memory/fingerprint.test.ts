import { expect, test } from 'vitest';
import { diffPrint, fingerprint } from './fingerprint.ts';
import { hash } from './hash.ts';

const PYTHON = `"""Train."""
import torch

def train(model, lr=1e-3):
    # one step
    for x in data:
        loss = model(x)
        print("step", loss)
    return loss
`;

/** The first level at which two programs are the same. */
function sameAt(a: string, b: string, path: string): string {
  const [x, y] = [fingerprint(a, path), fingerprint(b, path)];
  return (['blob', 'bare', 'renamed', 'template'] as const).find((level) => x[level] === y[level]) ?? 'none';
}

test('comments, docstrings, quotes, blank lines and the width of indentation make no difference in Python', () => {
  const other = PYTHON.replace('"""Train."""\n', '')
    .replace('    # one step\n', '\n')
    .replaceAll('    ', '  ')
    .replace('"step"', "'step'")
    .replace('lr=1e-3', 'lr = 0.001');
  expect(sameAt(PYTHON, other, 'train.py')).toBe('bare');
});

test('moving a line out of a block of Python does', () => {
  const outside = PYTHON.replace('        print("step", loss)\n', '    print("step", loss)\n');
  expect(sameAt(PYTHON, outside, 'train.py')).toBe('none');
});

test('other names are seen as names, other numbers as numbers', () => {
  expect(sameAt(PYTHON, PYTHON.replaceAll('lr', 'rate').replaceAll('loss', 'cost'), 'train.py')).toBe('renamed');
  expect(sameAt(PYTHON, PYTHON.replace('1e-3', '3e-4'), 'train.py')).toBe('template');
  expect(sameAt(PYTHON, PYTHON.replace('model(x)', 'model.forward(x)'), 'train.py')).toBe('none');
  // Two names made one is another program, and so is another attribute.
  expect(sameAt('a = b + c', 'a = b + b', 'x.py')).toBe('none');
  expect(sameAt('x.relu()', 'x.gelu()', 'x.py')).toBe('none');
});

test.each([
  ['x.ts', 'const a = 1; // one\nf(a, /* two */ "s");', 'const a = 1\nf(\n  a,\n  "s",\n)'],
  ['x.cu', 'int n = 4; /* rows */\nrun<<<n>>>(p);', 'int n=4;\n// rows\nrun<<< n >>>( p );'],
  ['x.sh', 'export LR=0.1 # rate\npython train.py \\\n  --x', 'export LR=0.1\npython train.py --x'],
])('layout and comments make no difference in %s', (path, a, b) => {
  expect(sameAt(a, b, path)).toBe('bare');
});

test('what looks like a comment inside of a string stays', () => {
  expect(sameAt('f("# a")', 'f("# b")', 'x.py')).toBe('none');
  expect(sameAt('f("// a")', 'f("// b")', 'x.ts')).toBe('none');
});

test('an open string or comment at the end of a file is read to the end', () => {
  for (const path of ['x.py', 'x.ts', 'x.sh']) {
    for (const text of ['a = "open', '/* open', "'''open", '`open', '', '\n\n', '(((']) fingerprint(text, path);
  }
});

test('the same edit of another base has the same print; lines that moved do not count', () => {
  const one = diffPrint(['lr = 0.1'], ['lr = 0.2  # more'], 'x.py');
  expect(diffPrint(['  lr = 0.1 '], ['lr=0.2'], 'x.py')).toBe(one);
  expect(diffPrint(['lr = 0.1', 'x = 1'], ['x = 1', 'lr = 0.2'], 'x.py')).toBe(one);
  expect(diffPrint(['lr = 0.1'], ['lr = 0.3'], 'x.py')).not.toBe(one);
  expect(diffPrint(['lr = 0.2'], ['lr = 0.1'], 'x.py')).not.toBe(one);
});

test('hashes of many short texts are all different', () => {
  const texts = Array.from({ length: 60_000 }, (_, i) => `lr=${i}`);
  expect(new Set(texts.map(hash)).size).toBe(texts.length);
});

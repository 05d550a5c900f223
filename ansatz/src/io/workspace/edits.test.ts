import { describe, expect, test } from 'vitest';
import { applyEdits, EditError, type Edit } from './edits.ts';
import { openSyntax } from './syntax.ts';

const syntax = await openSyntax(['train.py', 'broken.py', 'notes.txt']);

const FILES: Readonly<Record<string, string>> = {
  'train.py': [
    'import os',
    '',
    'class Model:',
    '    def step(self):',
    '        x = 1',
    '        return x',
    '',
    'lr = 0.1',
    'wd = 0.1',
    '',
  ].join('\n'),
  'notes.txt': 'one\ntwo\none\n',
  'broken.py': 'def f(:\n    pass\n',
};

function apply(...edits: Edit[]): Readonly<Record<string, string>> {
  return Object.fromEntries(applyEdits(edits, (file) => FILES[file], syntax));
}

function why(...edits: Edit[]): string {
  try {
    apply(...edits);
    return 'made';
  } catch (error) {
    if (error instanceof EditError) return error.message;
    throw error;
  }
}

describe('search and replace', () => {
  test('finds what is there exactly, once', () => {
    const { 'train.py': text } = apply({ file: 'train.py', search: 'lr = 0.1', replace: 'lr = 0.3' });
    expect(text).toBe(FILES['train.py']!.replace('lr = 0.1', 'lr = 0.3'));
  });

  test('then with other blanks at the ends of lines, then with another indentation, which the replacement gets', () => {
    const trailing = apply({ file: 'train.py', search: 'lr = 0.1   \nwd = 0.1\t', replace: 'lr = 1' });
    expect(trailing['train.py']).toContain('\nlr = 1\n');
    const shifted = apply({
      file: 'train.py',
      search: 'x = 1\nreturn x',
      replace: 'x = 2\nif x:\n    x += 1\nreturn x',
    });
    expect(shifted['train.py']).toContain('        x = 2\n        if x:\n            x += 1\n        return x\n');
  });

  test('several edits see each other; a new file and a removal of lines', () => {
    const made = apply(
      { file: 'train.py', search: 'lr = 0.1', replace: 'lr = 0.2' },
      { file: 'train.py', search: 'lr = 0.2\n', replace: '' },
      { file: 'lib/new.py', search: '', replace: 'A = 1' },
    );
    expect(made['train.py']).not.toContain('lr');
    expect(made['lib/new.py']).toBe('A = 1\n');
  });

  test.each([
    [{ file: 'notes.txt', search: 'one', replace: 'x' }, /more than once in notes\.txt/],
    [{ file: 'train.py', search: ' 0.1 ', replace: 'x' }, /more than once|not in/],
    [{ file: 'train.py', search: 'learning_rate = lr', replace: 'x' }, /not in train\.py; closest: line 8: lr = 0\.1/],
    [{ file: 'none.py', search: 'x', replace: 'y' }, /there is no file none\.py/],
    [{ file: 'train.py', search: '', replace: 'y' }, /train\.py exists/],
    [{ file: 'train.py', search: 'return x', replace: 'return (x' }, /would not parse: syntax error in line/],
  ])('%j is refused: %s', (edit, reason) => {
    expect(why(edit)).toMatch(reason);
  });

  test('what did not parse before need not after; what nobody here can parse is taken as it is', () => {
    expect(why({ file: 'broken.py', search: 'pass', replace: 'return 1' })).toBe('made');
    expect(why({ file: 'notes.txt', search: 'two', replace: '(((' })).toBe('made');
  });
});

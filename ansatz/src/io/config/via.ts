/**
 * How a knob's value travels, in the words of `ansatz.yaml`:
 * `--lr`, `--lr=`, `switch --amp/--no-amp`, `override optim.lr`, `env LR`, `file config.yaml optim.lr`,
 * `const train.py LR`, `const train.py Adam(lr)`.
 */

import type { Delivery } from '../../study/config.ts';
import { closest, UserError } from '../../study/error.ts';
import { joinWords, splitWords } from './words.ts';

const ways = ['switch', 'override', 'env', 'file', 'const'] as const;
const examples =
  'write --lr, --lr=, switch --amp, override optim.lr, env LR, file config.yaml optim.lr or const train.py LR';

/** The delivery that a `via` text describes; a UserError `bad-via` when it describes none. */
export function parseVia(text: string, where?: string): Delivery {
  const words = splitWords(text.trim(), where);
  const [way, first, second] = words;
  if (way === undefined) throw badVia(text, 'it is empty', where);
  if (way.startsWith('-')) {
    if (words.length > 1) throw badVia(text, 'a flag is one word; the value is added by ansatz', where);
    const equals = way.endsWith('=');
    const flag = equals ? way.slice(0, -1) : way;
    checkFlag(flag, text, where);
    return { by: 'flag', flag, style: equals ? 'equals' : 'space' };
  }
  const wanted = way === 'file' || way === 'const' ? 3 : 2;
  if (!ways.some((known) => known === way)) {
    throw badVia(text, `"${way}" is not a way to pass a value${closest(way, ways)}`, where);
  }
  if (words.length !== wanted || first === undefined || first === '') {
    throw badVia(text, `"${way}" takes ${wanted - 1} word${wanted === 2 ? '' : 's'}`, where);
  }
  if (way === 'override') {
    if (first.includes('=')) throw badVia(text, 'the value is added by ansatz', where);
    return { by: 'override', key: first };
  }
  if (way === 'env') {
    checkVariable(first, where);
    return { by: 'env', variable: first };
  }
  if (way === 'switch') {
    const [flag, off, ...more] = first.split('/');
    if (flag === undefined || more.length > 0) throw badVia(text, 'a switch has one form, or two parted by /', where);
    checkFlag(flag, text, where);
    if (off === undefined) return { by: 'flag', flag, style: 'switch' };
    checkFlag(off, text, where);
    return { by: 'flag', flag, style: 'switch', off };
  }
  checkInside(first, where);
  if (way === 'file') return { by: 'file', file: first, path: parsePath(second!) };
  if (second === '') throw badVia(text, 'the name of the constant is missing', where);
  return { by: 'constant', file: first, name: second! };
}

/** The text that `parseVia` reads back as the same delivery. */
export function formatVia(via: Delivery): string {
  switch (via.by) {
    case 'flag':
      if (via.style === 'switch') return `switch ${via.flag}${via.off === undefined ? '' : `/${via.off}`}`;
      return via.style === 'equals' ? `${via.flag}=` : via.flag;
    case 'override':
      return joinWords(['override', via.key]);
    case 'env':
      return `env ${via.variable}`;
    case 'file':
      return joinWords(['file', via.file, formatPath(via.path)]);
    case 'constant':
      // Parentheses need quotes in a shell alone.
      return `${joinWords(['const', via.file])} ${/^\w+\(\w*\)$/.test(via.name) ? via.name : joinWords([via.name])}`;
  }
}

/** Keys of a dotted path; a backslash protects a dot or a backslash that belongs to a key. */
export function parsePath(text: string): string[] {
  const keys = [''];
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '.') keys.push('');
    else keys[keys.length - 1] += c === '\\' && i + 1 < text.length ? text[++i]! : c;
  }
  return keys;
}

/** The dotted path that `parsePath` reads back as the same keys. */
export function formatPath(keys: readonly string[]): string {
  return keys.map((key) => key.replaceAll(/[\\.]/g, (c) => `\\${c}`)).join('.');
}

/** Refuses a name that no environment can hold. */
export function checkVariable(name: string, where?: string): void {
  if (/^[A-Za-z_]\w*$/.test(name)) return;
  throw new UserError('bad-variable', `"${name}" cannot be the name of an environment variable`, {
    where,
    why: 'a name has letters, digits and _, and does not begin with a digit',
  });
}

/** Refuses a path that leads out of the script's folder: what a run may touch is its own copy of that folder. */
export function checkInside(path: string, where?: string): void {
  const keys = path.split(/[\\/]/);
  if (!path.startsWith('/') && !/^[A-Za-z]:/.test(path) && !keys.includes('..') && path !== '') return;
  throw new UserError('outside-folder', `"${path}" is not inside the script's folder`, {
    where,
    why: 'a run works in a private copy of that folder and may change nothing else',
    fix: 'write the path relative to the folder of ansatz.yaml, without ..',
  });
}

function checkFlag(flag: string, text: string, where: string | undefined): void {
  if (/^--?[^\s=/-][^\s=/]*$/.test(flag)) return;
  throw badVia(text, `"${flag}" is not a flag such as --lr`, where);
}

function badVia(text: string, why: string, where: string | undefined): UserError {
  return new UserError('bad-via', `"${text}" does not say how the value reaches the script`, {
    where,
    why,
    fix: examples,
  });
}

/** A study's name is the name of its folder: nothing that leads elsewhere, hides, or has to be quoted with care. */

import { basename } from 'node:path';
import { UserError } from '../../study/error.ts';

const valid = /^[\p{L}\p{N}](?:[\p{L}\p{N}._ -]{0,62}[\p{L}\p{N}_-])?$/u;

/** The name a study in `folder` gets when nobody gives it one. */
export function nameFor(folder: string): string {
  const plain = basename(folder)
    .replaceAll(/[^\p{L}\p{N}._ -]+/gu, '-')
    .slice(0, 60)
    .replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}_]+$/gu, '');
  return plain === '' || plain === 'current' ? 'study' : plain;
}

/** `name` itself when it may name a study; else a UserError `bad-name`. */
export function checkName(name: string, where?: string): string {
  if (valid.test(name) && name !== 'current') return name;
  throw new UserError('bad-name', `"${name}" cannot be the name of a study`, {
    where,
    why: 'it names a folder: letters, digits, dots, dashes and spaces, at most 64, beginning and ending with a letter or digit; not "current"',
    fix: 'name: my-study',
  });
}

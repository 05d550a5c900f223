/** Reading and replacing a file of a private copy without ever reaching the original behind a link. */

import { lstatSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname, join, relative } from 'node:path';
import { UserError } from '../../study/error.ts';
import { checkInside } from '../config/via.ts';

/** Text of a file; bytes that are not UTF-8 are read as Latin-1, which `replacePrivate` writes back byte for byte. */
export interface Text {
  readonly text: string;
  readonly encoding: 'utf8' | 'latin1';
}

/** The text of a file below `folder`, or undefined when there is none. */
export function readPrivate(folder: string, file: string): Text | undefined {
  checkInside(file, file);
  let bytes: Buffer;
  try {
    bytes = readFileSync(join(folder, file));
  } catch {
    return undefined;
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), encoding: 'utf8' };
  } catch {
    return { text: bytes.toString('latin1'), encoding: 'latin1' };
  }
}

/** Puts a new file in the place of the old one. A folder that leads out of the private copy is a UserError. */
export function replacePrivate(folder: string, file: string, { text, encoding }: Text): void {
  checkInside(file, file);
  const path = join(folder, file);
  const way = relative(realpathSync(folder), realpathSync(dirname(path)));
  if (way.startsWith('..') || way.startsWith('/')) {
    throw new UserError('outside-folder', `${file} lies behind a link that leads out of the run's private copy`, {
      where: file,
      why: 'writing it would change your original',
      fix: 'copy that folder into the study, or set the knob another way',
    });
  }
  const mode = lstatSync(path).isSymbolicLink() ? 0o644 : lstatSync(path).mode & 0o777;
  const fresh = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    // A new file under the old name: a hard or symbolic link keeps pointing at what it did, unchanged.
    writeFileSync(fresh, text, { encoding, mode, flag: 'wx' });
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

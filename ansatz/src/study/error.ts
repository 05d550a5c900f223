/** The user's mistakes, told so that the fix can be pasted. */

import { nearest } from '../methods/math/nearest.ts';

/**
 * Something only the user can put right: what is wrong, where, why, and how to fix it.
 * Faces print it in the style of rustc; it never means a bug of ours.
 */
export class UserError extends Error {
  /** Stable short name, e.g. `unknown-key`, documented in docs/errors.md. */
  readonly code: string;
  /** File, line or command the trouble is in. */
  readonly where: string | undefined;
  readonly why: string | undefined;
  /** Text to paste or to do. */
  readonly fix: string | undefined;

  constructor(code: string, message: string, more: { where?: string; why?: string; fix?: string } = {}) {
    super(message);
    this.name = 'UserError';
    this.code = code;
    this.where = more.where;
    this.why = more.why;
    this.fix = more.fix;
  }
}

/** `; closest: "val_loss"` for a name not among those allowed, or an empty string when none is near. */
export function closest(given: string, allowed: Iterable<string>): string {
  const name = nearest(given, allowed);
  return name === undefined ? '' : `; closest: "${name}"`;
}

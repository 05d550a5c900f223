/** A law of loss over parameters and tokens in a file. */

import { readFileSync, statSync } from 'node:fs';
import { CHINCHILLA_LAW, type Law } from '../../methods/plan/index.ts';
import { UserError } from '../../study/error.ts';

/** What `ansatz scale fit --json` printed. Throws a UserError for a file that holds no such law. */
export function readLaw(file: string): Law {
  const found = statSync(file, { throwIfNoEntry: false });
  const fix = 'ansatz scale fit runs.csv --bootstrap 1000 --json > law.json';
  if (found === undefined || found.isDirectory()) throw new UserError('no-data', `there is no law "${file}"`, { fix });
  let parsed: { law?: unknown; params?: Record<string, unknown>; covariance?: unknown } | undefined;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8')) as typeof parsed;
  } catch (error) {
    throw new UserError('bad-law', `"${file}" is no JSON`, { where: file, why: (error as Error).message, fix });
  }
  const names = ['E', 'A', 'B', 'alpha', 'beta'] as const;
  const values = names.map((name) => parsed?.params?.[name]);
  if (values.some((value) => typeof value !== 'number' || !(value > 0))) {
    throw new UserError('bad-law', `"${file}" holds no law of loss over parameters and tokens`, {
      where: file,
      why: `its params must be ${names.join(', ')}, all above zero${typeof parsed?.law === 'string' ? `; it is the law ${parsed.law}` : ''}`,
      fix,
    });
  }
  const rows = parsed?.covariance;
  const square =
    Array.isArray(rows) &&
    rows.length === 5 &&
    rows.every((row) => Array.isArray(row) && row.length === 5 && row.every((value) => typeof value === 'number'));
  const [E, A, B, alpha, beta] = values as [number, number, number, number, number];
  return {
    params: { E, A, B, alpha, beta },
    covariance: square ? (rows as number[][]) : undefined,
    decay: CHINCHILLA_LAW.decay,
    from: file,
  };
}

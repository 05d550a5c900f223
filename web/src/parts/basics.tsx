/** Small things that every page has. */

import { Link } from '@tanstack/react-router';
import type { ReactElement, ReactNode } from 'react';
import { changed, num, plusMinus, signed } from '../../../ansatz/src/faces/report/numbers.ts';
import type { TableRow } from '../api.ts';

/** A state or verdict: a sign, a colour and a word. */
export function Verdict({ of }: { of: string | undefined }): ReactElement {
  return <span className={`v ${of ?? 'open'}`}>{of ?? 'open'}</span>;
}

/** The number of a trial, as a way to it. */
export function TrialLink({
  study,
  trial,
  children,
}: {
  study: string;
  trial: number;
  children?: ReactNode;
}): ReactElement {
  return (
    <Link to="/s/$study/trials/$trial" params={{ study, trial: String(trial) }} className="trial">
      {children ?? trial}
    </Link>
  );
}

/** `+0.031 ± 0.012`, positive is better. */
export function Effect({ row }: { row: Pick<TableRow, 'effect' | 'margin'> }): ReactElement | null {
  if (row.effect === undefined || row.effect === null) return null;
  return <span className={row.effect > 0 ? 'up' : ''}>{signed(row.effect, row.margin)}</span>;
}

/** What a trial changes against its parent. */
export function Changes({ row, most = 4 }: { row: Pick<TableRow, 'changes' | 'files'>; most?: number }): ReactElement {
  const words = changed(row.changes, most);
  const files = row.files ?? [];
  return (
    <>
      {words}
      {files.length > 0 && (
        <span className="code-mark">
          {words === '' ? '' : ', '}code {files.slice(0, 2).join(' ')}
          {files.length > 2 ? ` and ${files.length - 2} more` : ''}
        </span>
      )}
    </>
  );
}

/** A curve as small as a word. */
export function Spark({ values }: { values: readonly number[] }): ReactElement | null {
  if (values.length < 2) return null;
  const [width, height] = [76, 18];
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const at = values.map(
    (value, i) =>
      `${((i / (values.length - 1)) * (width - 2) + 1).toFixed(1)} ${(height - 2 - ((value - low) / span) * (height - 4)).toFixed(1)}`,
  );
  return (
    <svg className="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path d={`M${at.join('L')}`} />
    </svg>
  );
}

/** A number under its name. */
export function Stat({ name, children, more }: { name: string; children: ReactNode; more?: ReactNode }): ReactElement {
  return (
    <div className="stat">
      <dt>{name}</dt>
      <dd>{children}</dd>
      {more !== undefined && <dd className="muted">{more}</dd>}
    </div>
  );
}

export function Value({
  value,
  margin,
  digits = 5,
}: {
  value?: number | null;
  margin?: number | null;
  digits?: number;
}): ReactElement {
  if (value === undefined || value === null) return <span className="muted">–</span>;
  return <>{margin === undefined || margin === null ? num(value, digits) : plusMinus(value, margin)}</>;
}

/** `12 s ago`, `3 min ago`, else the date; the clock of the page. */
export function ago(at: number, now: number = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h ago`;
  return when(at);
}

/** Date and time of the reader's own clock. */
export function when(at: number): string {
  const date = new Date(at);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

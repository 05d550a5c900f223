/** Rows without names for their fields, among rows that have them: what is what is told by likeness to the others. */

import { median } from '../../methods/math/summary.ts';
import { numberIn } from './cells.ts';
import type { Roles } from './roles.ts';
import { type Cells, counted, type Odd } from './table.ts';
import { verdictInText, wordOf } from './verdicts.ts';

/**
 * Give names to the fields of odd rows, a shape (a number of fields) at a time: the metric is the column whose values lie
 * nearest to `known`, the metric elsewhere; the description is the longest one. A shape with no such column is left out.
 */
export function readOdd(odd: readonly Odd[], roles: Roles, known: readonly number[], guesses: string[]): Cells[] {
  const shapes = new Map<number, Odd[]>();
  for (const one of odd) shapes.set(one.fields.length, [...(shapes.get(one.fields.length) ?? []), one]);
  const centre = known.length > 0 ? median(known) : NaN;
  const found: Cells[] = [];
  for (const [width, rows] of shapes) {
    const at = Array.from({ length: width }, (_, i) => rows.map((row) => row.fields[i]!));
    const metric = metricAt(at, centre);
    const text = longest(at, metric);
    if (metric === undefined && text === undefined) {
      guesses.push(
        `${counted(rows.length, 'line')} with ${width} fields left out: none looks like ${roles.metric ?? 'a metric'} (first: line ${rows[0]!.line})`,
      );
      continue;
    }
    const status = at.findIndex(
      (cells, i) =>
        i !== text && i !== metric && cells.filter((cell) => wordOf(cell) !== undefined).length > 0.5 * cells.length,
    );
    let judged = 0;
    for (const { line, fields } of rows) {
      const cells = new Map(fields.map((field, i) => [`field ${i + 1}`, field]));
      const name = (i: number | undefined, role: string | undefined): void => {
        if (i === undefined || i < 0 || role === undefined) return;
        cells.set(role, fields[i]!);
        if (role !== `field ${i + 1}`) cells.delete(`field ${i + 1}`);
      };
      const words = [metric === undefined ? '' : fields[metric]!, text === undefined ? '' : fields[text]!].join(' ');
      name(metric, roles.metric);
      name(text, roles.text);
      if (roles.id !== undefined && metric !== 0 && text !== 0) name(0, roles.id);
      if (status >= 0) name(status, roles.status);
      else if (roles.status !== undefined) {
        const verdict = verdictInText(words);
        if (verdict !== undefined) {
          cells.set(roles.status, verdict);
          judged++;
        }
      }
      found.push({ line, cells });
    }
    const parts = [
      metric === undefined ? 'none of them the metric' : `field ${metric + 1} read as ${roles.metric ?? 'the metric'}`,
      text === undefined ? '' : `field ${text + 1} as the description`,
      judged > 0 ? `the verdict of ${judged} taken from its words` : '',
    ];
    guesses.push(
      `${counted(rows.length, 'line')} with ${width} fields (first: line ${rows[0]!.line}): ${parts.filter((part) => part !== '').join(', ')}`,
    );
  }
  return found;
}

/** The column of numbers nearest to the metric elsewhere, by ratio; without one elsewhere, the first of broken numbers. */
function metricAt(at: readonly (readonly string[])[], centre: number): number | undefined {
  let best: { place: number; far: number } | undefined;
  at.forEach((cells, place) => {
    const values = cells.map((cell) => numberIn(cell)).filter((value) => value !== undefined && Number.isFinite(value));
    if (values.length === 0 || values.length < 0.4 * cells.length) return;
    const middle = median(values as number[]);
    const far = Number.isNaN(centre)
      ? Number.isInteger(middle)
        ? 5
        : place
      : Math.abs(Math.log(Math.abs(middle / centre)));
    if (Number.isNaN(far) || far > 3) return;
    if (far < (best?.far ?? Infinity)) best = { place, far };
  });
  return best?.place;
}

function longest(at: readonly (readonly string[])[], metric: number | undefined): number | undefined {
  let best: { place: number; length: number } | undefined;
  at.forEach((cells, place) => {
    if (place === metric) return;
    const length = cells.reduce((sum, cell) => sum + cell.length, 0) / cells.length;
    // At equal length the later one: descriptions stand last.
    if (length >= 8 && length >= (best?.length ?? 0)) best = { place, length };
  });
  return best?.place;
}

/** JSON lines: one object a line, as pi-autoresearch and its kin write them, with lines of configuration in between. */

import type { Direction } from '../../study/config.ts';
import { flattened } from './json.ts';
import { type Cells, columnsOf, counted, type Dialect } from './table.ts';

/** At least one line, and most of them, must be an object. */
export const jsonLines: Dialect = (text) => {
  const lines = text.split(/\r\n|\n|\r/);
  const filled = lines.filter((line) => line.trim() !== '');
  if (filled[0]?.trim().startsWith('{') !== true) return undefined;
  const records: Cells[] = [];
  const broken: number[] = [];
  let [config, segment, others] = [0, 0, 0];
  let metric: string | undefined;
  let direction: Direction | undefined;
  lines.forEach((line, i) => {
    if (line.trim() === '') return;
    let value: unknown;
    try {
      value = JSON.parse(line.trim().replace(/,$/, ''));
    } catch {
      broken.push(i + 1);
      return;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      broken.push(i + 1);
      return;
    }
    const object = value as Record<string, unknown>;
    const said = typeof object['type'] === 'string' ? object['type'] : undefined;
    const name = object['metricName'] ?? object['metric_name'];
    if (typeof name === 'string' && typeof object['metric'] !== 'number') {
      config++;
      if (records.length > 0) segment++;
      metric ??= name;
      const better = object['bestDirection'] ?? object['direction'];
      if (typeof better === 'string') direction ??= /low|min/i.test(better) ? 'minimize' : 'maximize';
      return;
    }
    if (said !== undefined && /^(?:config|header|meta|metadata|summary|session|hook|note|event)$/i.test(said)) {
      others++;
      return;
    }
    const cells = flattened(object);
    if (cells.size === 0) return;
    const own = object['segment'];
    records.push({
      line: i + 1,
      cells,
      group: `segment ${typeof own === 'number' || typeof own === 'string' ? own : segment}`,
    });
  });
  if (records.length + config === 0 || broken.length > records.length + config) return undefined;
  const pi = records.some(({ cells }) => cells.has('metric') && cells.has('status') && cells.has('run'));
  return {
    dialect: pi ? 'pi-autoresearch JSON lines' : 'JSON lines',
    columns: columnsOf(records),
    // Only several segments are groups.
    records:
      new Set(records.map(({ group }) => group)).size > 1
        ? records
        : records.map(({ line, cells }) => ({ line, cells })),
    guesses: [
      ...(broken.length > 0
        ? [
            `${counted(broken.length, 'line')} that ${broken.length === 1 ? 'is' : 'are'} no JSON left out (first: line ${broken[0]})`,
          ]
        : []),
      ...(others > 0 ? [`${counted(others, 'line')} about the session left out`] : []),
      ...(config > 1 ? [`${config} lines of configuration: the metric and direction are those of the first`] : []),
    ],
    ...(metric === undefined ? {} : { metric }),
    ...(direction === undefined ? {} : { direction }),
    ...(pi ? { metricColumn: 'metric' } : {}),
  };
};

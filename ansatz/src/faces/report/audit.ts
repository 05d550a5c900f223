/** The kill audit in words: what stopping early saved, and what those let finish on purpose say about its price. */

import { standInText } from '../../study/standin.ts';
import type { Report } from './data.ts';
import { count, grouped, num, percent, seconds } from './numbers.ts';

/** What is measured and how. */
export function auditLead({ status }: Report): string {
  const { audit } = status;
  const better =
    audit.finished === 0
      ? 'None of these has a result yet, so what stopping costs is not known.'
      : `${audit.better === 0 ? 'None' : grouped(audit.better)} of the ${count(audit.finished, 'such run')} with a result came out better than the best of its moment.`;
  return `Runs that look hopeless are stopped early. One in twenty of them, drawn by chance, is let finish instead, to see what the others would have come to. ${better}`;
}

/** Name and amount, in reading order; none when nothing was stopped early. */
export function auditRows({ status }: Report): (readonly [string, string])[] {
  const { audit, objective, curve } = status;
  if (audit.stops + audit.audited + audit.unfinished === 0 && curve === undefined) return [];
  const rows: (readonly [string, string])[] = [
    ...(curve === undefined
      ? []
      : ([['what stands in for the result', standInText(curve, objective.metric)]] as const)),
    ['stopped for good', grouped(audit.stops)],
    [
      'let finish instead',
      `${grouped(audit.audited)}${audit.audited > audit.finished ? `, ${grouped(audit.finished)} with a result` : ''}`,
    ],
  ];
  if (audit.unfinished > 0) rows.push(['paused, with no time left to go on', grouped(audit.unfinished)]);
  if (audit.stated !== undefined) rows.push(['stated risk of a stop', percent(audit.stated)]);
  if (audit.realised !== undefined) {
    const { share, low, high } = audit.realised;
    rows.push(
      ['realised: better than the best of its moment', `${percent(share)} (95 %: ${percent(low)} to ${percent(high)})`],
      ['became the best when its trial was judged', `${grouped(audit.kept)} of ${grouped(audit.finished)}`],
      [`lost per stop, in ${objective.metric}`, `${num(audit.regret!, 3)} on average, ${num(audit.worst!, 3)} at most`],
    );
  }
  rows.push(['saved', `about ${seconds(audit.savedSeconds)} of device time`]);
  return rows;
}

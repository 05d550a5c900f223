/** The section of a report about a scale that was not tried. */

import type { Report } from './data.ts';
import { forecastFigure, forecastLines, nextLines, recipeText, shareText } from './fidelity.ts';
import { table } from './ledger.ts';
import { num, percent, seconds } from './numbers.ts';
import { figure, section, text } from './parts.ts';

/** Rows of a table. */
const ROWS = 8;

/** What small runs say of the target of the study's fidelity; nothing for a study without one. */
export function fidelitySection({ fidelity, status }: Report): string {
  if (fidelity === undefined) return '';
  const { metric } = status.objective;
  const title = `At ${fidelity.knob} ${num(fidelity.target)}`;
  const { forecast } = fidelity;
  if (forecast === undefined) return section(title, `No forecast yet: ${fidelity.waits}.`);
  const recipes = forecast.contenders
    .slice(0, ROWS)
    .map((one) => [
      one.trials[0] === status.best?.trial ? `${one.recipe} (kept)` : one.recipe,
      `${num(one.value)} [${num(one.low)}, ${num(one.high)}]`,
      percent(one.best),
      num(one.small),
      String(one.runs),
      recipeText(one),
    ]);
  const climbs = fidelity.climbs
    .slice(-ROWS)
    .map((one) => [
      `run ${one.run} of trial ${one.trial}`,
      num(one.level),
      one.value === undefined ? one.status : num(one.value),
      one.deviceSeconds === undefined ? '' : seconds(one.deviceSeconds),
      one.why,
    ]);
  const list = (items: readonly string[]): string =>
    `<ul>${items.map((item) => `<li>${text(item)}</li>`).join('')}</ul>`;
  return section(
    title,
    shareText(fidelity),
    figure(
      forecastFigure(forecast, metric, status.best?.trial),
      `Dots: runs. Lines: the law of each recipe, its exponent drawn to that of all. Fan: ${num(100 * forecast.level)} of 100 for the likeliest best, from the largest scale that was run (dashed).`,
    ),
    list(forecastLines(forecast, metric)),
    table(['recipe', '#there', '#best with', `#at ${num(forecast.largest)}`, '#runs', 'settings'], recipes),
    climbs.length === 0
      ? ''
      : `<h3>Run at other levels, and why</h3>${table(['run', `#${fidelity.knob}`, `#${metric}`, '#device time', 'what it was to tell'], climbs)}`,
    forecast.next.length === 0 ? '' : `<h3>What would tell most per device-second</h3>${list(nextLines(forecast))}`,
    ...forecast.warnings.map((warning) => `<p class="caution">${text(warning)}</p>`),
  );
}

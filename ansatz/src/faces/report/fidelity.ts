/** What small runs say of a large one, in words and as a figure: the report's, the dashboard's and the terminal's. */

import type { FidelityStatus, FidelityView, ScaleForecast } from '../../study/scales.ts';
import { raceFigure, type Race } from './figures/race.ts';
import { bothWidths, type Width } from './figures/size.ts';
import { count, num, percent, seconds, typed } from './numbers.ts';
import type { Report } from './data.ts';

/** Recipes that are drawn. */
const DRAWN = 4;
const CROSSINGS = 3;

/** `trial 3 at steps 20000: loss 1.9 [1.6, 2.3]`; then `the best there with 17 %, trial 1 with 83 %; 10 × steps beyond buys 6 %`. */
export function fidelityText(one: FidelityStatus, metric: string): string[] {
  const { knob, target, incumbent, survives, rival, tenfold } = one;
  if (one.waits !== undefined) return [`no forecast for ${knob} ${num(target)} yet: ${one.waits}`];
  const name = lossText(one.loss!, metric);
  const chances = [
    ...(survives === undefined ? [] : [`the best there with ${percent(survives)}`]),
    ...(rival === undefined ? [] : [`trial ${rival.trial} with ${percent(rival.chance)}`]),
  ];
  return [
    ...(incumbent === undefined
      ? []
      : [
          `trial ${incumbent.trial} at ${knob} ${num(target)}: ${name} ${num(incumbent.value)} [${num(incumbent.low)}, ${num(incumbent.high)}]`,
        ]),
    `${chances.join(', ')}; 10 × ${knob} beyond buys ${percent(tenfold!)}`,
  ];
}

/** What is forecast: the metric, or what it lacks to the whole. */
export function lossText(loss: ScaleForecast['loss'], metric: string): string {
  return loss.replace('metric', () => metric);
}

/** The name of a recipe for people. */
export function recipeText(one: Pick<ScaleForecast['contenders'][number], 'trials' | 'settings'>): string {
  const named = one.settings.map(({ knob, to }) => `${knob}=${typed(to)}`).join(' ');
  return named === '' ? 'as the script is' : named;
}

/** The forecast as a picture: the likeliest best in front, its rivals, and the incumbent. */
export function raceOf(forecast: ScaleForecast, metric: string, incumbent?: number): Race {
  const { knob, contenders, largest, target } = forecast;
  const told = contenders.filter(({ curve }) => curve.length > 1).toSorted((a, b) => b.best - a.best);
  const kept =
    told.find(({ trials }) => trials[0] === incumbent) ?? told.find(({ recipe }) => recipe === forecast.ahead);
  const shown = [...new Set([...told.slice(0, DRAWN - 1), ...(kept === undefined ? [] : [kept])])];
  const role = (i: number): Race['racers'][number]['role'] =>
    i === 0 ? 'best' : shown[i] === kept ? 'reference' : 'second';
  return {
    title: `${lossText(forecast.loss, metric)} over ${knob}, to ${num(target)}`,
    xName: knob,
    yName: lossText(forecast.loss, metric),
    largest,
    racers: shown
      .map((one, i) => ({
        name: one.trials[0] === incumbent ? `${one.recipe}, kept` : one.recipe,
        trial: one.trials[0]!,
        role: role(i),
        points: one.points,
        curve: one.curve,
      }))
      .toReversed(),
  };
}

/** What a forecast says, sentence by sentence. */
export function forecastLines(forecast: ScaleForecast, metric: string): string[] {
  const { knob, target, largest, ahead, survives, contenders, crossings, tenfold } = forecast;
  const likeliest = contenders.toSorted((a, b) => b.best - a.best)[0]!;
  return [
    `${ahead} is ahead at ${knob} ${num(largest)}: ${percent(survives)} that it is the best at ${num(target)}${likeliest.recipe === ahead ? '' : `; ${likeliest.recipe} is, with ${percent(likeliest.best)}`}.`,
    ...crossings
      .slice(0, CROSSINGS)
      .map(
        (one) =>
          `${one.recipe} is expected to pass it at ${knob} ${num(Number(one.at.toPrecision(2)))}; ahead at ${num(target)} with ${percent(one.chance)}.`,
      ),
    `10 × ${knob} beyond ${num(target)} buys ${percent(tenfold)} of ${lossText(forecast.loss, metric)}.`,
  ];
}

/** What would tell most per device-second, the first first. */
export function nextLines(forecast: ScaleForecast): string[] {
  const [best, rival] = forecast.asked.recipes;
  const about = rival === undefined ? best! : `the difference of ${best} and ${rival}`;
  return forecast.next
    .slice(0, CROSSINGS)
    .map(
      (one) =>
        `${one.recipe} at ${forecast.knob} ${num(one.scale)}: ${seconds(one.seconds)}, takes ${percent(one.shrinks)} off what is unsure of ${about}`,
    );
}

/** Runs at other levels in a sentence. */
export function shareText(view: FidelityView): string {
  return `Trials are run and judged at ${view.knob} ${num(view.base)}; ${count(view.climbs.length, 'run')} at ${view.levels
    .filter((level) => level !== view.base)
    .map((level) => num(level))
    .join(
      ', ',
    )} took ${percent(view.share)} of the device time (${percent(view.floor)} to ${percent(view.cap)} may go there, the more the less clear it is who is best at ${num(view.target)}).`;
}

/** Both widths of the figure. */
export function forecastFigure(forecast: ScaleForecast, metric: string, incumbent?: number): string {
  const race = raceOf(forecast, metric, incumbent);
  return bothWidths((width: Width) => raceFigure(race, width));
}

/** The same as lines of a list in Markdown. */
export function fidelityMarkdown({ fidelity, status }: Report): string[] {
  if (fidelity === undefined) return [];
  if (fidelity.forecast === undefined) return [`No forecast yet: ${fidelity.waits}.`];
  return forecastLines(fidelity.forecast, status.objective.metric);
}

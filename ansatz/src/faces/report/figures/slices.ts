/** One small picture per knob: its value against the result, coloured by verdict. */

import type { Knob } from '../../../study/config.ts';
import type { Value } from '../../../methods/space/space.ts';
import type { KnobCurve } from '../../../study/effects.ts';
import { html, line } from '../escape.ts';
import type { Report } from '../data.ts';
import { num, percent, typed } from '../numbers.ts';
import { linear, log, type Scale, type Tick } from '../scale.ts';
import { standsOut } from '../knobs.ts';
import { el, type Frame, label, leftRoom, pathOf, picture, xAxis, yAxis } from '../svg.ts';
import { rangeOf } from './size.ts';
import { type Dot, verdictDots } from './verdicts.ts';

const WIDTH = 276;
const HEIGHT = 190;
/** Slices beyond these are left out. */
export const MOST_SLICES = 12;

/** What slices are drawn of. */
export interface Sliced extends Pick<Report, 'knobs' | 'effects'> {
  readonly status: Pick<Report['status'], 'baseline' | 'best' | 'objective'>;
  readonly trials: readonly Pick<Report['trials'][number], 'trial' | 'state' | 'value' | 'point'>[];
}

/** The slices in order of what seems to matter. */
export function sliceFigures(report: Sliced): string[] {
  const order = report.effects.map((effect) => effect.knob);
  return report.knobs
    .toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
    .slice(0, MOST_SLICES)
    .map((knob) => slice(report, knob));
}

function slice(report: Sliced, knob: Knob): string {
  const { trials, status, effects } = report;
  const best = status.best?.trial;
  const points = trials.flatMap((trial) => {
    const value = Object.hasOwn(trial.point, knob.name) ? trial.point[knob.name] : undefined;
    return value === undefined ? [] : [{ trial, value }];
  });
  const results = points.flatMap(({ trial }) => (trial.value === undefined ? [] : [trial.value]));
  const base = [status.baseline?.mean, status.best?.mean].filter((value) => value !== undefined);
  const range = rangeOf(base, results, status.objective.direction) ?? [0, 1];
  const [top, bottom] = [26, 28];
  const y = linear(...range, HEIGHT - bottom - 16, top, 4);
  const frame: Frame = { width: WIDTH, height: HEIGHT, left: leftRoom(y), right: 16, top, bottom };
  const x = axisOf(
    knob,
    points.map(({ value }) => value),
    frame,
  );
  const dots = points.map(({ trial, value }): Dot => {
    const jitter = knob.kind === 'choice' ? (((trial.trial * 0.618) % 1) - 0.5) * 0.5 : 0;
    const said = trial.value === undefined ? 'no result' : num(trial.value);
    return {
      trial: trial.trial,
      state: trial.state,
      x: x.clipped(placeOf(knob, value) + jitter),
      y: trial.value === undefined ? HEIGHT - bottom - 6 : y.clipped(trial.value),
      title: html(line(`trial ${trial.trial}: ${knob.name} ${typed(value)}, ${said}, ${trial.state}`)),
    };
  });
  const effect = effects.find((one) => one.knob === knob.name);
  const share = effect?.share === undefined ? '' : standsOut(effect) ? percent(effect.share) : 'not above chance';
  const parts = [
    label(0, 12, knob.name, { class: 'title' }),
    label(WIDTH - frame.right, 12, share, { class: 'tick', 'text-anchor': 'end' }),
    yAxis(frame, y, ''),
    xAxis(frame, x, ''),
  ];
  for (const [point, look] of [
    [trials[0]?.point, 'reference'],
    [best === undefined || best === 1 ? undefined : trials[best - 1]?.point, 'best'],
  ] as const) {
    if (point === undefined || !Object.hasOwn(point, knob.name)) continue;
    const at = x.clipped(placeOf(knob, point[knob.name]!));
    parts.push(el('line', { class: `guide ${look}`, x1: at, x2: at, y1: top, y2: HEIGHT - bottom }));
  }
  if (effect?.curve !== undefined) parts.push(expected(knob, effect.curve, x, y));
  parts.push(verdictDots(dots));
  return picture(frame, 'slice', `${knob.name} against ${status.objective.metric}`, ...parts);
}

/** The expected result along the knob and how far the models of it disagree; for choices a stroke for each. */
function expected(knob: Knob, { values, means, sds }: KnobCurve, x: Scale, y: Scale): string {
  const at = (i: number, off: number): [number, number] => [
    x.clipped(placeOf(knob, values[i]!)),
    y.clipped(means[i]! + off * sds[i]!),
  ];
  if (knob.kind === 'choice') {
    const strokes = values.map((value, i) => {
      const [from, to] = [-0.3, 0.3].map((side) => x.clipped(placeOf(knob, value) + side)) as [number, number];
      const [above, below] = [at(i, 1)[1], at(i, -1)[1]].sort((a, b) => a - b) as [number, number];
      const band = el('rect', {
        class: 'band',
        x: from,
        width: to - from,
        y: above,
        height: Math.max(1, below - above),
      });
      return (
        band +
        el('path', {
          class: 'line second',
          d: pathOf([
            [from, at(i, 0)[1]],
            [to, at(i, 0)[1]],
          ]),
        })
      );
    });
    return strokes.join('');
  }
  const order = [...values.keys()];
  const outline = [...order.map((i) => at(i, 1)), ...order.toReversed().map((i) => at(i, -1))];
  return (
    el('path', { class: 'band', d: `${pathOf(outline)}Z` }) +
    el('path', { class: 'line second', d: pathOf(order.map((i) => at(i, 0))) })
  );
}

function placeOf(knob: Knob, value: Value): number {
  return knob.kind === 'choice' ? Math.max(0, knob.choices.indexOf(value)) : Number(value);
}

function axisOf(knob: Knob, values: readonly Value[], frame: Frame): Scale {
  const [from, to] = [frame.left + 6, frame.width - frame.right - 6];
  if (knob.kind === 'choice') {
    const most = Math.floor((to - from) / knob.choices.length / 6.5);
    const ticks = knob.choices.map((choice, i): Tick => {
      const text = line(typed(choice));
      return { value: i, label: text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text };
    });
    return { ...linear(-0.5, knob.choices.length - 0.5, from, to, 4, false), ticks: ticks.length > 12 ? [] : ticks };
  }
  // A baseline may lie outside the range; it is shown all the same.
  const numbers = values
    .map(Number)
    .filter((value) => Number.isFinite(value) && (knob.scale === 'linear' || value > 0));
  const low = Math.min(knob.low, ...numbers.slice(0, 1));
  const high = Math.max(knob.high, ...numbers.slice(0, 1));
  return knob.scale === 'log' ? log(low, high, from, to, 5) : linear(low, high, from, to, 4, false);
}

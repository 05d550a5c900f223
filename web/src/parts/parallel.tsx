/** Parallel coordinates: a line per trial over all knobs that differ; ranges dragged on an axis pick the lines through them. */

import { Link } from '@tanstack/react-router';
import { type PointerEvent, type ReactElement, useEffect, useMemo, useRef, useState } from 'react';
import { brief, num } from '../../../ansatz/src/faces/report/numbers.ts';
import type { Knob, SearchPage } from '../api.ts';
import { colour } from '../theme.ts';

interface Axis {
  readonly name: string;
  /** Place of a trial in [0, 1], from the bottom up; undefined where it has no value. */
  readonly at: readonly (number | undefined)[];
  readonly ends: readonly [string, string];
  readonly labels: readonly { readonly at: number; readonly text: string }[];
  /** The filter that means a range of this axis. */
  readonly filter: (low: number, high: number) => string;
}

type Brush = readonly [number, number];

const HEIGHT = 300;
const [TOP, BOTTOM] = [44, 24];

export function Parallel({ study, page }: { study: string; page: SearchPage }): ReactElement {
  const axes = useMemo(() => axesOf(page), [page]);
  const [brushes, setBrushes] = useState<Readonly<Record<string, Brush>>>({});
  const [width, setWidth] = useState(900);
  const [dragging, setDragging] = useState<{ readonly axis: string; readonly from: number } | undefined>();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [theme, setTheme] = useState(0);
  useEffect(() => {
    const resize = new ResizeObserver(() => setWidth(box.current?.clientWidth ?? 900));
    resize.observe(box.current!);
    const again = (): void => setTheme((n) => n + 1);
    globalThis.addEventListener('ansatz-theme', again);
    return () => {
      resize.disconnect();
      globalThis.removeEventListener('ansatz-theme', again);
    };
  }, []);
  const side = width < 600 ? 26 : 60;
  const x = (i: number): number => side + (i * (width - 2 * side)) / Math.max(1, axes.length - 1);
  const y = (share: number): number => TOP + (1 - share) * (HEIGHT - TOP - BOTTOM);
  const picked = useMemo(
    () =>
      page.trials.flatMap((_, t) =>
        Object.entries(brushes).every(([name, [low, high]]) => {
          const place = axes.find((axis) => axis.name === name)?.at[t];
          return place !== undefined && place >= low && place <= high;
        })
          ? [t]
          : [],
      ),
    [page, axes, brushes],
  );
  const some = Object.keys(brushes).length > 0;
  // Names that would lie on each other lean.
  const crowded = (width - 2 * side) / Math.max(1, axes.length - 1) < 84;
  useEffect(() => {
    const element = canvas.current!;
    const ratio = globalThis.devicePixelRatio || 1;
    element.width = width * ratio;
    element.height = HEIGHT * ratio;
    const pen = element.getContext('2d')!;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, HEIGHT);
    const draw = (trials: Iterable<number>, stroke: (t: number) => string, alpha: number, thick: number): void => {
      pen.globalAlpha = alpha;
      pen.lineWidth = thick;
      for (const t of trials) {
        pen.strokeStyle = stroke(t);
        pen.beginPath();
        let open = false;
        axes.forEach((axis, i) => {
          const place = axis.at[t];
          if (place === undefined) {
            open = false;
            return;
          }
          if (open) pen.lineTo(x(i), y(place));
          else pen.moveTo(x(i), y(place));
          open = true;
        });
        pen.stroke();
      }
      pen.globalAlpha = 1;
    };
    const many = page.trials.length;
    const faint = colour('soft');
    const rank = ranks(axes.at(-1)!.at);
    const [cold, warm] = [colour('discard'), colour('keep')];
    if (some) draw(page.trials.keys(), () => faint, Math.min(0.15, 20 / many), 1);
    // The best on top: drawn last.
    const order = [...picked].sort((a, b) => (rank[a] ?? -1) - (rank[b] ?? -1));
    draw(order, (t) => mixed(cold, warm, rank[t] ?? 0), Math.max(0.12, Math.min(0.8, 60 / order.length)), 1.3);
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [page, axes, picked, width, some, theme]);

  const share = (event: PointerEvent): number => {
    const { top } = box.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, 1 - (event.clientY - top - TOP) / (HEIGHT - TOP - BOTTOM)));
  };
  const filter = Object.entries(brushes)
    .map(([name, [low, high]]) => axes.find((axis) => axis.name === name)?.filter(low, high))
    .filter((one) => one !== undefined)
    .join(' and ');
  return (
    <>
      <div className="parallel" ref={box}>
        <canvas ref={canvas} aria-hidden="true" />
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`${page.trials.length} trials over ${axes.length} axes`}
          onPointerMove={(event) => {
            if (dragging === undefined) return;
            const to = share(event);
            const brush: Brush = [Math.min(dragging.from, to), Math.max(dragging.from, to)];
            if (brush[1] - brush[0] > 0.01) setBrushes({ ...brushes, [dragging.axis]: brush });
          }}
          onPointerUp={() => setDragging(undefined)}
          onPointerLeave={() => setDragging(undefined)}
        >
          {axes.map((axis, i) => {
            const brush = brushes[axis.name];
            return (
              <g key={axis.name} transform={`translate(${x(i)} 0)`} data-axis={axis.name}>
                <text
                  className="title"
                  textAnchor={crowded ? 'start' : 'middle'}
                  transform={crowded ? `translate(-4 16) rotate(-24)` : undefined}
                  y={crowded ? 0 : 12}
                >
                  {axis.name}
                </text>
                <line className="axis" y1={y(0)} y2={y(1)} />
                <text className="tick" textAnchor="middle" y={TOP - 6}>
                  {axis.ends[1]}
                </text>
                <text className="tick" textAnchor="middle" y={HEIGHT - 8}>
                  {axis.ends[0]}
                </text>
                {axis.labels.map(({ at, text }) => (
                  <text key={text} className="tick" x={6} y={y(at) + 4}>
                    {text}
                  </text>
                ))}
                {brush !== undefined && (
                  <rect
                    className="brush"
                    x={-8}
                    width={16}
                    y={y(brush[1])}
                    height={Math.max(1, y(brush[0]) - y(brush[1]))}
                  />
                )}
                <rect
                  className="grip"
                  x={-16}
                  width={32}
                  y={TOP}
                  height={HEIGHT - TOP - BOTTOM}
                  onPointerDown={(event) => {
                    const { [axis.name]: _, ...rest } = brushes;
                    setBrushes(rest);
                    setDragging({ axis: axis.name, from: share(event) });
                  }}
                />
              </g>
            );
          })}
        </svg>
      </div>
      <p className="muted" data-picked={picked.length}>
        {some ? (
          <>
            {picked.length} of {page.trials.length} trials:{' '}
            <Link to="/s/$study/trials" params={{ study }} search={{ filter, sort: 'value' }}>
              {filter}
            </Link>{' '}
            <button type="button" className="quiet" onClick={() => setBrushes({})}>
              all
            </button>
          </>
        ) : (
          `A line per trial, the better the bluer. Drag along an axis to pick a range.`
        )}
      </p>
    </>
  );
}

function axesOf(page: SearchPage): Axis[] {
  const knobs = page.knobs.slice(0, 12).map((knob): Axis => axisOf(knob, page));
  const values = page.trials.map(({ value }) => value);
  const { metric, direction } = page.status.objective;
  const known = values.filter((value) => value !== undefined && value !== null).sort((a, b) => a - b);
  // The far tail of bad results would press the rest together.
  const low = direction === 'minimize' ? known[0]! : known[Math.floor(0.05 * known.length)]!;
  const high = direction === 'minimize' ? known[Math.floor(0.95 * known.length)]! : known.at(-1)!;
  const span = high - low || 1;
  const up = direction !== 'minimize';
  const at = (value: number): number => {
    const share = Math.min(1, Math.max(0, (value - low) / span));
    return up ? share : 1 - share;
  };
  const back = (share: number): number => low + (up ? share : 1 - share) * span;
  return [
    ...knobs,
    {
      name: metric,
      at: values.map((value) => (value === undefined || value === null ? undefined : at(value))),
      ends: known.length === 0 ? ['', ''] : up ? [num(low), num(high)] : [num(high), num(low)],
      labels: [],
      filter: (a, b) => {
        const [from, to] = [back(a), back(b)].sort((p, q) => p - q);
        // An end of the axis holds everything beyond it.
        const least = (up ? a : 1 - b) <= 0.001 ? [] : [`value >= ${number(from!)}`];
        const most = (up ? b : 1 - a) >= 0.999 ? [] : [`value <= ${number(to!)}`];
        return [...least, ...most].join(' and ') || 'value > -1e300';
      },
    },
  ];
}

function axisOf(knob: Knob, page: SearchPage): Axis {
  const valueOf = (t: number): string | number | boolean | undefined => page.trials[t]!.point[knob.name];
  const name = /^[A-Za-z_][\w.]*$/.test(knob.name) ? knob.name : `\`${knob.name}\``;
  if (knob.kind === 'choice') {
    const { choices } = knob;
    const place = (i: number): number => (choices.length === 1 ? 0.5 : i / (choices.length - 1));
    return {
      name: knob.name,
      at: page.trials.map((_, t) => {
        const i = choices.indexOf(valueOf(t) as never);
        return i < 0 ? undefined : place(i);
      }),
      ends: ['', ''],
      labels: choices.map((choice, i) => ({ at: place(i), text: String(choice) })),
      filter: (a, b) => {
        const inside = choices.filter((_, i) => place(i) >= a && place(i) <= b);
        return `${name} in [${inside.map((choice) => (typeof choice === 'string' ? `'${choice}'` : typeof choice === 'boolean' ? (choice ? 'True' : 'False') : String(choice))).join(', ')}]`;
      },
    };
  }
  const log = 'scale' in knob && knob.scale === 'log';
  const f = log ? Math.log : (v: number): number => v;
  const g = log ? Math.exp : (v: number): number => v;
  const [low, high] = [f(knob.low), f(knob.high)];
  return {
    name: knob.name,
    at: page.trials.map((_, t) => {
      const value = valueOf(t);
      return typeof value === 'number' ? Math.min(1, Math.max(0, (f(value) - low) / (high - low || 1))) : undefined;
    }),
    ends: [brief(knob.low), brief(knob.high)],
    labels: [],
    filter: (a, b) =>
      `${name} >= ${number(g(low + a * (high - low)))} and ${name} <= ${number(g(low + b * (high - low)))}`,
  };
}

function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Share of the others that each is better than, in [0, 1]. */
function ranks(at: readonly (number | undefined)[]): (number | undefined)[] {
  const known = [...at.keys()].filter((i) => at[i] !== undefined).sort((a, b) => at[a]! - at[b]!);
  const out: (number | undefined)[] = at.map(() => undefined);
  known.forEach((i, position) => (out[i] = known.length < 2 ? 1 : position / (known.length - 1)));
  return out;
}

function mixed(a: string, b: string, share: number): string {
  const parts = (text: string): number[] => [1, 3, 5].map((i) => Number.parseInt(text.slice(i, i + 2), 16));
  const [p, q] = [parts(a), parts(b)];
  return `rgb(${p.map((v, i) => Math.round(v + (q[i]! - v) * share)).join(' ')})`;
}

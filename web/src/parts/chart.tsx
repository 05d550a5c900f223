/** Curves that stay quick with a million points behind them: uPlot, redrawn when the theme or the width changes. */

import { type ReactElement, useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import type { CurvesPage } from '../api.ts';
import { colour, COLOURS, DASHES } from '../theme.ts';

interface Line {
  readonly label: string;
  readonly xs: readonly number[];
  readonly ys: readonly (number | null)[];
  readonly stroke: string;
  readonly width: number;
  readonly dash: readonly number[];
  readonly alpha: number;
  readonly role: 'mean' | 'high' | 'low' | 'member' | 'raw';
}

/** A colour per group by its place, the baseline dashed; the name of a variable of the page. */
export function colourOf(group: CurvesPage['groups'][number], i: number): { stroke: string; dash: readonly number[] } {
  return {
    stroke: `line-${i % COLOURS}`,
    dash: group.trial === 1 ? [6, 4] : DASHES[Math.floor(i / COLOURS) % DASHES.length]!,
  };
}

/** The chart of a page of curves. `log` = a logarithmic y axis. */
export function CurveChart({
  page,
  log,
  hidden,
  end = false,
  height = 420,
}: {
  page: CurvesPage;
  log: boolean;
  hidden: ReadonlySet<number>;
  /** The y axis covers what happens in the second half. */
  end?: boolean;
  height?: number;
}): ReactElement {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const latest = useRef<readonly Line[]>([]);
  const [theme, setTheme] = useState(0);
  useEffect(() => {
    const again = (): void => setTheme((n) => n + 1);
    globalThis.addEventListener('ansatz-theme', again);
    const media = matchMedia('(prefers-color-scheme: dark)');
    media.addEventListener('change', again);
    return () => {
      globalThis.removeEventListener('ansatz-theme', again);
      media.removeEventListener('change', again);
    };
  }, []);
  const lines = useMemo(() => linesOf(page, hidden, log), [page, hidden, log]);
  latest.current = lines;
  // A chart is made anew when its lines are others; when only their points moved it is given those.
  const shape = lines.map(({ label, role }) => `${label}/${role}`).join('|');
  const data = useMemo(() => joined(lines), [lines]);

  useEffect(() => {
    const element = place.current!;
    const soft = colour('soft');
    const rule = colour('rule');
    const axis = {
      stroke: soft,
      grid: { stroke: rule, width: 1 },
      ticks: { stroke: rule, width: 1 },
      font: '12px system-ui',
    };
    const bands: uPlot.Band[] = [];
    lines.forEach(({ role, stroke }, i) => {
      if (role === 'high') bands.push({ series: [i + 1, i + 2], fill: `${colour(stroke)}26` });
    });
    const made = new uPlot(
      {
        width: element.clientWidth,
        height,
        scales: {
          x: { time: false },
          y: { distr: log ? 3 : 1, ...(end ? { range: () => rangeAtEnd(latest.current) } : {}) },
        },
        axes: [
          {
            ...axis,
            label: page.x === 'time' ? 'seconds' : page.x === 'cost' ? 'device-seconds' : page.x,
            labelFont: '12px system-ui',
            labelSize: 18,
            space: 70,
          },
          { ...axis, size: 64 },
        ],
        legend: { show: false },
        cursor: { drag: { x: true, y: true, uni: 20 }, points: { size: 6 } },
        series: [
          { label: page.x },
          ...lines.map((line): uPlot.Series => ({
            label: line.label,
            stroke: `${colour(line.stroke)}${hex(line.alpha)}`,
            width: line.width,
            dash: [...line.dash],
            spanGaps: true,
            points: { show: line.role === 'mean' && line.xs.length < 3 },
          })),
        ],
        bands,
      },
      data as uPlot.AlignedData,
      element,
    );
    chart.current = made;
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
      chart.current = undefined;
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [shape, log, end, height, theme, page.x]);
  useEffect(() => {
    chart.current?.setData(data as uPlot.AlignedData);
  }, [data]);
  return <div className="chart" ref={place} role="img" aria-label={`${page.metric} over ${page.x}`} />;
}

function linesOf(page: CurvesPage, hidden: ReadonlySet<number>, log: boolean): Line[] {
  const fit = (y: number): number | null => (Number.isFinite(y) && (!log || y > 0) ? y : null);
  return page.groups.flatMap((group, i): Line[] => {
    if (hidden.has(group.trial) || group.band.xs.length === 0) return [];
    const { stroke, dash } = colourOf(group, i);
    const { xs, mean, sd } = group.band;
    const base = { stroke, dash, xs };
    const lines: Line[] = [];
    if (group.members.length > 1) {
      lines.push({
        ...base,
        label: `trial ${group.trial}`,
        role: 'high',
        width: 0,
        alpha: 0,
        ys: mean.map((y, k) => fit(y + sd[k]!)),
      });
      lines.push({
        ...base,
        label: `trial ${group.trial}`,
        role: 'low',
        width: 0,
        alpha: 0,
        ys: mean.map((y, k) => fit(y - sd[k]!)),
      });
      for (const member of group.members) {
        lines.push({
          ...base,
          label: `run ${member.run}`,
          role: 'member',
          width: 1,
          alpha: 0.28,
          xs: member.xs,
          ys: member.ys.map(fit),
        });
      }
    } else {
      const raw = group.members[0]?.raw;
      if (raw !== undefined) {
        lines.push({
          ...base,
          label: `run ${group.members[0]!.run}`,
          role: 'raw',
          width: 1,
          alpha: 0.25,
          dash: [],
          xs: raw.xs,
          ys: raw.ys.map(fit),
        });
      }
    }
    lines.push({
      ...base,
      label: `trial ${group.trial}`,
      role: 'mean',
      width: group.incumbent ? 2.6 : 1.8,
      alpha: 1,
      ys: mean.map(fit),
    });
    return lines;
  });
}

/** From the least to the largest mean in the second half of the axis, and a little more. */
function rangeAtEnd(lines: readonly Line[]): [number, number] {
  const means = lines.filter(({ role }) => role === 'mean');
  const last = Math.max(...means.map(({ xs }) => xs.at(-1) ?? 0));
  const ys = means.flatMap(({ xs, ys }) => ys.filter((y, i): y is number => y !== null && xs[i]! >= last / 2));
  if (ys.length === 0) return [0, 1];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const room = 0.08 * (high - low || Math.abs(high) || 1);
  return [low - room, high + room];
}

function joined(lines: readonly Line[]): (readonly (number | null | undefined)[])[] {
  if (lines.length === 0) return [[]];
  return uPlot.join(lines.map(({ xs, ys }) => [[...xs], [...ys]] as unknown as uPlot.AlignedData)) as never;
}

function hex(alpha: number): string {
  return Math.round(255 * alpha)
    .toString(16)
    .padStart(2, '0');
}

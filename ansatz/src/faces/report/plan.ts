/** Pictures of a planned run: where the time of a step goes in each layout, and how networks compare over sizes of the machine. */

import type { BigRun, Compared, StepTime } from '../../methods/plan/index.ts';
import { num } from './numbers.ts';
import { linear, log } from './scale.ts';
import { el, endLabels, label, pathOf, picture, xAxis, yAxis } from './svg.ts';

/** A file on its own has no stylesheet of a page; the colours are those of the report, after Okabe & Ito (2008). */
const LOOK =
  'svg{background:#fff;font:13px system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}text{fill:#1b1d1f}.tick,.note{fill:#5f6468;font-size:12px}.name{fill:#5f6468;font-size:12px}' +
  '.head{font-weight:650;font-size:15px}.axis{stroke:#9a9ea1}.grid{stroke:#e3e4e2}.line{fill:none;stroke-width:2}';
const COLOURS = ['#0067a8', '#56b4e9', '#d55e00', '#e69f00', '#cc79a7', '#a2a5a6', '#009e73'];

const PARTS: readonly (readonly [keyof StepTime, string])[] = [
  ['products', 'products'],
  ['elementwise', 'memory-bound'],
  ['tensor', 'tensor collectives'],
  ['bubble', 'bubble'],
  ['stages', 'between stages'],
  ['data', 'weights and gradients'],
  ['optimizer', 'optimizer'],
];

/** A bar per layout: device time per token, split into what it is spent on. */
export function planFigure(run: BigRun): string {
  const plans = run.found.best;
  const [left, right, top, bar, gap] = [430, 90, 66, 22, 12];
  const width = 1040;
  const height = top + plans.length * (bar + gap) + 44;
  const perToken = plans.map(({ time }) => time.seconds / (time.seconds * time.tokensPerSecond));
  const scale = linear(0, 1e6 * run.devices * Math.max(...perToken), left, width - right);
  const frame = { width, height, left, right, top, bottom: 40 };
  const shown = PARTS.filter(([part]) => plans.some(({ time }) => time[part] / time.seconds > 0.002));
  const children = [
    el('style', {}, LOOK),
    label(
      8,
      22,
      `${num(run.N / 1e9, 3)}B parameters on ${run.devices} × ${run.question.device.name}: the quickest layouts`,
      { class: 'head' },
    ),
    ...legend(
      shown.map(([part, name]) => [name, COLOURS[PARTS.findIndex(([other]) => other === part)]!]),
      8,
      46,
    ),
    xAxis(frame, scale, 'device-microseconds per token'),
  ];
  plans.forEach(({ layout: l, time }, i) => {
    const y = top + i * (bar + gap);
    const name = `data ${l.data} × tensor ${l.tensor}${l.sequence ? '+seq' : ''} × pipe ${l.pipeline}${l.interleave > 1 ? `(${l.interleave})` : ''}, ZeRO-${l.zero}, ${l.recompute === 'none' ? 'keep all' : l.recompute}, ${l.microbatch} seq`;
    children.push(label(left - 8, y + 15, name, { class: 'tick', 'text-anchor': 'end' }));
    let x = left;
    for (const [part] of shown) {
      const size = ((scale.at(1e6 * run.devices * perToken[i]!) - left) * time[part]) / time.seconds;
      children.push(
        el('rect', {
          x,
          y,
          width: Math.max(0, size),
          height: bar,
          fill: COLOURS[PARTS.findIndex(([other]) => other === part)]!,
        }),
      );
      x += size;
    }
    children.push(label(x + 6, y + 15, `MFU ${num(100 * time.mfu, 3)} %`, { class: 'tick' }));
  });
  return standalone(picture(frame, 'figure', 'Time per token of the quickest layouts', ...children));
}

/** A line per network: MFU of the best layout over the number of devices. */
export function networksFigure(run: BigRun, compared: readonly Compared[]): string {
  const [left, right, top] = [52, 250, 60];
  const [width, height] = [960, 400];
  const frame = { width, height, left, right, top, bottom: 48 };
  const sizes = compared.map(({ devices }) => devices);
  const x = log(Math.min(...sizes), Math.max(...sizes), left, width - right);
  const ticks = [...new Set(sizes)].map((value) => ({ value, label: String(value) }));
  const most = Math.max(...compared.map(({ plan }) => plan?.time.mfu ?? 0));
  const y = linear(0, 100 * most, height - frame.bottom, top);
  const networks = [...new Set(compared.map(({ network }) => network))];
  const ends: { y: number; text: string; look: string }[] = [];
  const children = [
    el('style', {}, LOOK),
    label(8, 22, `${num(run.N / 1e9, 3)}B parameters on ${run.question.device.name} devices: fat tree and tori`, {
      class: 'head',
    }),
    label(8, 44, 'MFU of the best layout, %', { class: 'name' }),
    yAxis(frame, y, ''),
    xAxis(frame, { ...x, ticks }, 'devices'),
  ];
  networks.forEach((network, i) => {
    const points = compared
      .filter((one) => one.network === network && one.plan !== undefined)
      .map(({ devices, plan }) => [x.at(devices), y.at(100 * plan!.time.mfu)] as const);
    if (points.length === 0) return;
    const colour = COLOURS[(i * 2) % COLOURS.length]!;
    children.push(el('path', { class: 'line', d: pathOf(points), stroke: colour }));
    for (const [cx, cy] of points) children.push(el('circle', { cx, cy, r: 3, fill: colour }));
    ends.push({ y: points.at(-1)![1], text: network, look: 'note' });
  });
  children.push(endLabels(ends, width - right + 10, top, height - frame.bottom));
  return standalone(picture(frame, 'figure', 'MFU of the best layout on a fat tree and on tori', ...children));
}

function legend(names: readonly (readonly [string, string])[], x: number, y: number): string[] {
  let at = x;
  return names.flatMap(([name, colour]) => {
    const parts = [
      el('rect', { x: at, y: y - 10, width: 11, height: 11, fill: colour }),
      label(at + 16, y, name, { class: 'note' }),
    ];
    at += 34 + 7 * name.length;
    return parts;
  });
}

/** A file of its own needs its namespace. */
function standalone(svg: string): string {
  return `${svg.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')}\n`;
}

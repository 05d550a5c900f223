/** Quality against the time of a run: the front nobody beats in both. */

import { useNavigate } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { num, seconds } from '../../../ansatz/src/faces/report/numbers.ts';
import { linear, log } from '../../../ansatz/src/faces/report/scale.ts';
import type { SearchPage } from '../api.ts';

const [WIDTH, HEIGHT] = [420, 260];
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 12, 12, 40];

export function Tradeoffs({ study, page }: { study: string; page: SearchPage }): ReactElement {
  const navigate = useNavigate();
  const { objective } = page.status;
  const all = page.tradeoffs;
  if (all.length < 3) return <p className="muted">Too few finished trials.</p>;
  const sorted = all.map(({ value }) => value).sort((a, b) => a - b);
  const at = (q: number): number => sorted[Math.round(q * (sorted.length - 1))]!;
  const y =
    objective.direction === 'minimize'
      ? linear(at(0), at(0.9), HEIGHT - BOTTOM, TOP, 5)
      : linear(at(0.1), at(1), HEIGHT - BOTTOM, TOP, 5);
  const times = all.map((one) => one.seconds);
  const [least, most] = [Math.max(1e-3, Math.min(...times)), Math.max(...times)];
  const x = most / least > 3 ? log(least, most, LEFT, WIDTH - RIGHT, 5) : linear(least, most, LEFT, WIDTH - RIGHT, 5);
  const shown =
    all.length <= 2500 ? all : all.filter(({ front }, i) => front || i % Math.ceil(all.length / 2500) === 0);
  const front = all.filter((one) => one.front).sort((a, b) => a.seconds - b.seconds);
  return (
    <figure>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        width={WIDTH}
        height={HEIGHT}
        role="img"
        aria-label={`${objective.metric} against seconds of a run`}
      >
        {y.ticks.map((tick) => (
          <g key={tick.value}>
            <line className="grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y.at(tick.value)} y2={y.at(tick.value)} />
            <text className="tick" x={LEFT - 6} y={y.at(tick.value) + 4} textAnchor="end">
              {tick.label}
            </text>
          </g>
        ))}
        {x.ticks.map((tick) => (
          <text key={tick.value} className="tick" x={x.at(tick.value)} y={HEIGHT - BOTTOM + 16} textAnchor="middle">
            {tick.label}
          </text>
        ))}
        <text className="name" x={WIDTH - RIGHT} y={HEIGHT - 6} textAnchor="end">
          seconds of a run
        </text>
        {shown.map((one) => (
          <circle
            key={one.trial}
            className={one.front ? 'dot front' : 'dot'}
            cx={x.clipped(one.seconds)}
            cy={y.clipped(one.value)}
            r={one.front ? 4.5 : 2.5}
            onClick={() =>
              void navigate({ to: '/s/$study/trials/$trial', params: { study, trial: String(one.trial) } })
            }
          >
            <title>{`trial ${one.trial}: ${num(one.value)}, ${seconds(one.seconds)}`}</title>
          </circle>
        ))}
        <path
          className="line front-line"
          d={front.map((one, i) => `${i === 0 ? 'M' : 'L'}${x.clipped(one.seconds)} ${y.clipped(one.value)}`).join('')}
        />
      </svg>
      <figcaption>
        {front.length === 1
          ? 'One trial is both the best and the quickest.'
          : `${front.length} trials that no other beats in both.`}
      </figcaption>
    </figure>
  );
}

/** What the search has learned: parallel coordinates with brushes, importance with intervals, each knob, pairs, quality against cost. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { sliceFigures } from '../../../ansatz/src/faces/report/figures/slices.ts';
import { num, percent, seconds } from '../../../ansatz/src/faces/report/numbers.ts';
import { get, type KnobEffect, type SearchPage } from '../api.ts';
import { Failure } from '../parts/failure.tsx';
import { Figure } from '../parts/figure.tsx';
import { Parallel } from '../parts/parallel.tsx';
import { Tradeoffs } from '../parts/tradeoffs.tsx';

export function Search(): ReactElement {
  const { study } = useParams({ from: '/s/$study/search' });
  const { data, error } = useQuery({
    queryKey: ['study', study, 'search'],
    queryFn: ({ signal }) => get<SearchPage>(`/studies/${study}/search`, {}, signal),
    placeholderData: keepPreviousData,
  });
  if (error !== null) return <Failure error={error} />;
  if (data === undefined) return <p className="empty">…</p>;
  if (data.knobs.length === 0) return <p className="empty">Nothing has been varied yet.</p>;
  const pressed = data.effects.filter((effect) => effect.pressed !== undefined);
  return (
    <>
      <section>
        <h2>Every trial</h2>
        <Parallel study={study} page={data} />
      </section>
      <div className="two">
        <section>
          <h2>What mattered</h2>
          <Importance effects={data.effects} />
          {data.interactions.length > 0 && (
            <p>
              Together more than alone:{' '}
              {data.interactions.map(({ knobs: [a, b], share }) => `${a} with ${b} (${percent(share)})`).join(', ')}.
            </p>
          )}
          {pressed.length > 0 && (
            <p>
              The best results press against the end of:{' '}
              {pressed
                .map(({ knob, pressed: edge }) => `${knob} (${edge!.edge}: try ${num(edge!.wider, 3)})`)
                .join(', ')}
              . A wider range may hold better ones.
            </p>
          )}
        </section>
        <section>
          <h2>Quality against cost</h2>
          <Tradeoffs study={study} page={data} />
        </section>
      </div>
      <section>
        <h2>Each knob</h2>
        <div className="slices">
          {sliceFigures(data).map((svg, i) => (
            <Figure key={i} study={study} svg={svg} />
          ))}
        </div>
      </section>
      <p className="muted">
        <Link to="/s/$study/trials" params={{ study }} search={{ sort: 'value' }}>
          all trials by value
        </Link>
        ; median cost of a trial {seconds(median(data.trials.map(({ cost }) => cost)))}
      </p>
    </>
  );
}

function Importance({ effects }: { effects: readonly KnobEffect[] }): ReactElement {
  const known = effects.filter(({ share }) => share !== undefined);
  if (known.length === 0) return <p className="muted">With fewer than 8 trials to compare nothing can be said.</p>;
  return (
    <table className="importance">
      <tbody>
        {known.map((effect) => {
          const [low, high] = effect.interval ?? [effect.share!, effect.share!];
          const sure = effect.chance !== undefined && effect.share! > effect.chance;
          return (
            <tr key={effect.knob} className={sure ? '' : 'dim'}>
              <td>{effect.knob}</td>
              <td className="bar-cell">
                <svg viewBox="0 0 100 14" preserveAspectRatio="none" width="100%" height="14" aria-hidden="true">
                  <rect
                    className={sure ? 'fill-keep' : 'fill-discard'}
                    x="0"
                    y="3"
                    width={100 * effect.share!}
                    height="8"
                  />
                  <line className="whisker" x1={100 * low} x2={100 * high} y1="7" y2="7" />
                </svg>
              </td>
              <td className="n">{percent(effect.share!)}</td>
              <td className="muted">
                {percent(low)} to {percent(high)}
              </td>
              <td className="muted">
                {effect.flat === true
                  ? 'makes no difference'
                  : sure
                    ? effect.trend === undefined
                      ? ''
                      : `trend ${num(effect.trend, 2)}`
                    : 'not above chance'}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

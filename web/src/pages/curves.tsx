/** Any metric of any trials, over any axis: mean ± spread over all runs of a trial, each run faint behind it. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import { get, type CurvesPage } from '../api.ts';
import { TrialLink } from '../parts/basics.tsx';
import { colourOf, CurveChart } from '../parts/chart.tsx';
import { Failure } from '../parts/failure.tsx';

export function Curves(): ReactElement {
  const { study } = useParams({ from: '/s/$study/curves' });
  const { trials, metric, x = 'step', smooth = '0', log, end } = useSearch({ from: '/s/$study/curves' });
  const navigate = useNavigate({ from: '/s/$study/curves' });
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set());
  const { data, error } = useQuery({
    queryKey: ['study', study, 'curves', trials, metric, x, smooth],
    queryFn: ({ signal }) => get<CurvesPage>(`/studies/${study}/curves`, { trials, metric, x, smooth }, signal),
    placeholderData: keepPreviousData,
  });
  const [typed, setTyped] = useState(trials ?? '');
  const set = (given: Record<string, string | undefined>): void => {
    void navigate({ search: (old) => ({ ...old, ...given }), replace: true });
  };
  const shownHere = trials === undefined ? 'the best, the baseline, what runs now and the next best' : undefined;
  return (
    <div className="curves">
      <div className="tools">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const ids = typed.match(/\d+/g);
            set({ trials: ids === null ? undefined : ids.join(',') });
          }}
        >
          <label>
            trials{' '}
            <input
              data-filter
              value={typed}
              placeholder="1, 12, 30"
              size={14}
              onChange={(event) => setTyped(event.target.value)}
            />
          </label>
        </form>
        <label>
          metric{' '}
          <select value={data?.metric ?? ''} onChange={(event) => set({ metric: event.target.value })}>
            {(data?.metrics ?? []).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          over{' '}
          <select value={x} onChange={(event) => set({ x: event.target.value })}>
            {(data?.axes ?? [x]).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          smooth{' '}
          <input
            type="range"
            min={0}
            max={0.2}
            step={0.005}
            value={Number(smooth)}
            onChange={(event) => set({ smooth: event.target.value === '0' ? undefined : event.target.value })}
          />{' '}
          <span className="muted">
            {Number(smooth) === 0 ? 'off' : `half-life ${(100 * Number(smooth)).toFixed(1)} %`}
          </span>
        </label>
        <label title="the range of the second half only: what matters late is small">
          <input
            type="checkbox"
            checked={end === '1'}
            onChange={(event) => set({ end: event.target.checked ? '1' : undefined })}
          />{' '}
          fit the end
        </label>
        <label>
          <input
            type="checkbox"
            checked={log === '1'}
            onChange={(event) => set({ log: event.target.checked ? '1' : undefined })}
          />{' '}
          log
        </label>
      </div>
      {error !== null && <Failure error={error} />}
      {data !== undefined && (
        <>
          <ul className="legend">
            {data.groups.map((group, i) => (
              <li key={group.trial} className={hidden.has(group.trial) ? 'dim' : ''}>
                <button
                  type="button"
                  className="swatch"
                  aria-label={`${hidden.has(group.trial) ? 'show' : 'hide'} trial ${group.trial}`}
                  onClick={() => {
                    const next = new Set(hidden);
                    if (!next.delete(group.trial)) next.add(group.trial);
                    setHidden(next);
                  }}
                >
                  <svg width="22" height="8" aria-hidden="true">
                    <line
                      x1="0"
                      x2="22"
                      y1="4"
                      y2="4"
                      stroke={`var(--${colourOf(group, i).stroke})`}
                      strokeWidth={group.incumbent ? 3 : 2}
                      strokeDasharray={colourOf(group, i).dash.join(' ')}
                    />
                  </svg>
                </button>
                <TrialLink study={study} trial={group.trial}>
                  trial {group.trial}
                </TrialLink>
                {group.incumbent ? ' best' : group.trial === 1 ? ' baseline' : ''}
                <span className="muted">
                  {' '}
                  {group.members.length > 1 ? `mean ± sd of ${group.members.length} runs` : ''}
                </span>
              </li>
            ))}
          </ul>
          <CurveChart page={data} log={log === '1'} hidden={hidden} end={end === '1'} />
          <p className="muted">
            {shownHere === undefined ? '' : `Shown: ${shownHere}. `}
            Means and spreads are over all runs of a trial, also those that were stopped, as far as they went. Smoothing
            goes by the axis, not by the number of points, and comes before thinning. Drag to zoom, double click to see
            all.{x === 'time' || x === 'cost' ? ' Points carry no clock: steps are taken to be equally long.' : ''}
          </p>
        </>
      )}
    </div>
  );
}

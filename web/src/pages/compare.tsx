/** Two to eight trials side by side: what differs in them and in what came of them. */

import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { type ReactElement, useEffect, useState } from 'react';
import { brief, num, seconds } from '../../../ansatz/src/faces/report/numbers.ts';
import { type Board, type CurvesPage, get, type TrialDetail, type Versus } from '../api.ts';
import { Effect, TrialLink, Value, Verdict } from '../parts/basics.tsx';
import { colourOf, CurveChart } from '../parts/chart.tsx';
import { Failure } from '../parts/failure.tsx';
import { Diff } from './trial.tsx';

const NONE: ReadonlySet<number> = new Set();

export function Compare(): ReactElement {
  const { study } = useParams({ from: '/s/$study/compare' });
  const { trials } = useSearch({ from: '/s/$study/compare' });
  const navigate = useNavigate({ from: '/s/$study/compare' });
  const board = useQuery({
    queryKey: ['study', study, 'board'],
    queryFn: ({ signal }) => get<Board>(`/studies/${study}/board`, {}, signal),
  });
  const best = board.data?.status.best?.trial;
  const chosen = trials ?? (best === undefined || best === 1 ? '1' : `1,${best}`);
  const ids = [...new Set((chosen.match(/\d+/g) ?? []).map(Number))].slice(0, 8);
  const [typed, setTyped] = useState(chosen);
  useEffect(() => setTyped(chosen), [chosen]);
  const details = useQueries({
    queries: ids.map((id) => ({
      queryKey: ['study', study, 'trial', String(id)],
      queryFn: ({ signal }: { signal: AbortSignal }) => get<TrialDetail>(`/studies/${study}/trials/${id}`, {}, signal),
      placeholderData: keepPreviousData,
    })),
  });
  const curves = useQuery({
    queryKey: ['study', study, 'curves', ids.join(','), 'compare'],
    queryFn: ({ signal }) => get<CurvesPage>(`/studies/${study}/curves`, { trials: ids.join(',') }, signal),
    enabled: ids.length > 0,
    placeholderData: keepPreviousData,
  });
  const pairs = useQuery({
    queryKey: ['study', study, 'versus', ids.join(',')],
    queryFn: ({ signal }) =>
      get<{ pairs: readonly Versus[] }>(`/studies/${study}/versus`, { trials: ids.join(',') }, signal),
    enabled: ids.length > 1,
    placeholderData: keepPreviousData,
  });
  const failed = details.find(({ error }) => error !== null)?.error;
  const shown = details.flatMap(({ data }) => data ?? []);
  const knobs = [...new Set(shown.flatMap(({ row }) => Object.keys(row.point)))];
  const differ = knobs.filter((knob) => new Set(shown.map(({ row }) => row.point[knob])).size > 1);
  const line = (name: string, cell: (detail: TrialDetail) => ReactElement | string): ReactElement => (
    <tr>
      <th scope="row">{name}</th>
      {shown.map((detail) => (
        <td key={detail.row.trial} className="n">
          {cell(detail)}
        </td>
      ))}
    </tr>
  );
  return (
    <div className="compare">
      <div className="tools">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void navigate({ search: { trials: (typed.match(/\d+/g) ?? []).join(',') } });
          }}
        >
          <label>
            trials <input data-filter value={typed} size={18} onChange={(event) => setTyped(event.target.value)} />{' '}
            <button type="submit">Compare</button>
          </label>
        </form>
        <span className="muted">two to eight; they can be ticked in the table</span>
      </div>
      {failed !== undefined && failed !== null && <Failure error={failed} />}
      {shown.length > 0 && (
        <div className="scroll">
          <table className="sides">
            <thead>
              <tr>
                <th />
                {shown.map(({ row, incumbent }) => (
                  <th key={row.trial} className="n">
                    <TrialLink study={study} trial={row.trial}>
                      trial {row.trial}
                    </TrialLink>
                    {row.trial === incumbent ? ' best' : row.trial === 1 ? ' baseline' : ''}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {line('verdict', ({ row }) => (
                <Verdict of={row.state} />
              ))}
              {line(shown[0]!.objective.metric, ({ row }) => (
                <Value value={row.value} margin={row.se} />
              ))}
              {line('effect, against the incumbent of its time', ({ row }) =>
                row.effect === undefined ? '–' : <Effect row={row} />,
              )}
              {line('P(better)', ({ row }) => (row.better === undefined ? '–' : num(row.better, 3)))}
              {line(`better than trial ${ids[0]} by`, ({ row }) => {
                const pair = pairs.data?.pairs.find(({ of }) => of === row.trial);
                if (pair === undefined) return '–';
                return (
                  <>
                    <Effect row={pair} /> <span className="muted">P {num(pair.better, 3)}</span>
                  </>
                );
              })}
              {line('runs', ({ row }) => String(row.runs))}
              {line('cost', ({ row }) => seconds(row.deviceSeconds))}
              {differ.map((knob) => (
                <tr key={knob} className="differs">
                  <th scope="row">{knob}</th>
                  {shown.map(({ row }) => (
                    <td key={row.trial} className="n">
                      {brief(row.point[knob])}
                    </td>
                  ))}
                </tr>
              ))}
              {line('why', ({ row }) => (
                <span className="why">{row.why}</span>
              ))}
            </tbody>
          </table>
          <p className="muted">
            A pair that was chosen after seeing results flatters the better one: verdicts allow for that, this line does
            not. {knobs.length > differ.length ? `${knobs.length - differ.length} settings are the same in all.` : ''}
          </p>
        </div>
      )}
      {curves.data !== undefined && (
        <section>
          <h2>Curves</h2>
          <ul className="legend">
            {curves.data.groups.map((group, i) => (
              <li key={group.trial}>
                <svg width="22" height="8" aria-hidden="true">
                  <line
                    x1="0"
                    x2="22"
                    y1="4"
                    y2="4"
                    stroke={`var(--${colourOf(group, i).stroke})`}
                    strokeWidth="2"
                    strokeDasharray={colourOf(group, i).dash.join(' ')}
                  />
                </svg>{' '}
                trial {group.trial}
              </li>
            ))}
          </ul>
          <CurveChart page={curves.data} log={false} hidden={NONE} height={320} />
        </section>
      )}
      {shown
        .filter(({ diff }) => diff !== '')
        .map(({ row, diff }) => (
          <section key={row.trial}>
            <h2>Code of trial {row.trial}</h2>
            <Diff text={diff} />
          </section>
        ))}
    </div>
  );
}

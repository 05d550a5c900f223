/** The studies of the project. */

import { useQuery } from '@tanstack/react-query';
import { Link, Navigate } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { percent, result } from '../../../ansatz/src/faces/report/numbers.ts';
import { get, type StudyBrief } from '../api.ts';
import { Failure } from '../parts/failure.tsx';

export function Studies(): ReactElement {
  const { data, error } = useQuery({
    queryKey: ['studies'],
    queryFn: ({ signal }) => get<{ project: string; studies: readonly StudyBrief[] }>('/studies', {}, signal),
    // No study, no stream of changes: a new one must be seen all the same.
    refetchInterval: 2000,
  });
  if (error !== null) return <Failure error={error} />;
  if (data === undefined) return <p className="empty">…</p>;
  const [only] = data.studies;
  if (only === undefined)
    return <p className="empty">No study yet. `ansatz run` starts one; it is here as soon as it does.</p>;
  if (data.studies.length === 1) return <Navigate to="/s/$study" params={{ study: only.name }} replace />;
  return (
    <>
      <h1>{data.project}</h1>
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th>study</th>
              <th>state</th>
              <th className="n">trials</th>
              <th>metric</th>
              <th className="n">best</th>
              <th className="n">gain</th>
            </tr>
          </thead>
          <tbody>
            {data.studies.map((study) => (
              <tr key={study.name}>
                <td>
                  <Link to="/s/$study" params={{ study: study.name }}>
                    {study.name}
                  </Link>
                </td>
                <td>
                  {study.open
                    ? study.phase
                    : study.phase === 'ended'
                      ? (study.ended?.text ?? 'ended')
                      : 'no lab at work'}
                </td>
                <td className="n">{study.trials}</td>
                <td>{study.objective.metric}</td>
                <td className="n">{result(study.best)}</td>
                <td className="n">{study.gain === undefined ? '–' : percent(study.gain.percent / 100)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

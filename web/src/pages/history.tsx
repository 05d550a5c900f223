/** What happened, the newest first: every event of the journal, and by whom where a person did it. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import { get, type Happening } from '../api.ts';
import { TrialLink, when } from '../parts/basics.tsx';
import { Failure } from '../parts/failure.tsx';

export function History(): ReactElement {
  const { study } = useParams({ from: '/s/$study/history' });
  const [steering, setSteering] = useState(false);
  const [before, setBefore] = useState<number | undefined>();
  const { data, error } = useQuery({
    queryKey: ['study', study, 'history', steering, before],
    queryFn: ({ signal }) =>
      get<{ events: readonly Happening[] }>(
        `/studies/${study}/history`,
        { steering: steering ? '1' : '0', before, limit: 200 },
        signal,
      ),
    placeholderData: keepPreviousData,
  });
  const last = data?.events.at(-1)?.seq;
  return (
    <>
      <div className="tools">
        <label>
          <input
            type="checkbox"
            checked={steering}
            onChange={(event) => {
              setSteering(event.target.checked);
              setBefore(undefined);
            }}
          />{' '}
          only what people did
        </label>
        <span className="push" />
        {before !== undefined && (
          <button type="button" onClick={() => setBefore(undefined)}>
            Newest
          </button>
        )}
        <button type="button" disabled={last === undefined || last <= 1} onClick={() => setBefore(last)}>
          Older
        </button>
      </div>
      {error !== null && <Failure error={error} />}
      <div className="scroll">
        <table className="events">
          <tbody>
            {(data?.events ?? []).map((event) => (
              <tr key={event.seq}>
                <td className="n muted">{event.seq}</td>
                <td className="w">{when(event.at)}</td>
                <td className="w">{event.type}</td>
                <td className="n">
                  {typeof event.body?.['trial'] === 'number' ? (
                    <TrialLink study={study} trial={event.body['trial']} />
                  ) : (
                    ''
                  )}
                </td>
                <td className="why">{words(event.body ?? {})}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** The parts of an event that are words or numbers, its trial left out. */
function words(body: Readonly<Record<string, unknown>>): string {
  return Object.entries(body)
    .filter(([name, value]) => name !== 'trial' && value !== null && value !== undefined)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('  ')
    .slice(0, 400);
}

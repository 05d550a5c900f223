/** What a run printed: its end, the lines before it on demand, and a search. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { get } from '../api.ts';

interface Page {
  readonly lines: readonly { readonly number?: number; readonly text: string }[];
  readonly next: number;
  readonly size: number;
}

export function Log({ study, runs }: { study: string; runs: readonly number[] }): ReactElement {
  const [run, setRun] = useState(runs.at(-1)!);
  const [stream, setStream] = useState<'stdout' | 'stderr'>('stdout');
  const [words, setWords] = useState('');
  const { data } = useQuery({
    queryKey: ['study', study, 'log', run, stream, words],
    queryFn: ({ signal }) => get<Page>(`/studies/${study}/runs/${run}/log`, { stream, search: words }, signal),
    placeholderData: keepPreviousData,
  });
  return (
    <section>
      <h2>Log</h2>
      <div className="tools">
        <label>
          run{' '}
          <select value={run} onChange={(event) => setRun(Number(event.target.value))}>
            {runs.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
        <label>
          <select
            value={stream}
            aria-label="Stream"
            onChange={(event) => setStream(event.target.value as 'stdout' | 'stderr')}
          >
            <option>stdout</option>
            <option>stderr</option>
          </select>
        </label>
        <input
          type="search"
          placeholder="find in the log"
          aria-label="Find in the log"
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        <span className="muted">
          {data === undefined
            ? ''
            : words === ''
              ? `the last ${data.lines.length} lines of ${(data.size / 1024).toFixed(1)} KiB`
              : `${data.lines.length} lines`}
        </span>
      </div>
      <pre className="log">
        {(data?.lines ?? []).map(({ number, text }, i) => (
          <span key={i}>
            {number === undefined ? '' : <b className="muted">{String(number).padStart(6)} </b>}
            {`${text}\n`}
          </span>
        ))}
        {data?.lines.length === 0 ? (
          <span className="muted">{words === '' ? 'nothing was printed' : 'no line contains that'}</span>
        ) : (
          ''
        )}
      </pre>
    </section>
  );
}

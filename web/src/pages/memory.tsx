/** What all studies of the project have taught, and what was not run because of it. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { get, type MemoryPage, type Recorded } from '../api.ts';
import { Verdict, when } from '../parts/basics.tsx';
import { Failure } from '../parts/failure.tsx';
import { useTyped } from '../parts/typed.ts';

export function Memory(): ReactElement {
  const { study } = useParams({ from: '/s/$study/memory' });
  const { words = '' } = useSearch({ from: '/s/$study/memory' });
  const navigate = useNavigate({ from: '/s/$study/memory' });
  const say = (text: string): void => {
    void navigate({ search: { words: text === '' ? undefined : text }, replace: true });
  };
  const [typed, setTyped] = useTyped(words, say, 200);
  const { data, error } = useQuery({
    queryKey: ['study', study, 'memory', words],
    queryFn: ({ signal }) => get<MemoryPage>(`/studies/${study}/memory`, { words }, signal),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <div className="tools">
        <input
          data-filter
          type="search"
          className="grow"
          placeholder="what was tried: words or knobs"
          aria-label="Search memory"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <span className="muted">{data === undefined ? '' : `${data.records} records over all studies here`}</span>
      </div>
      {error !== null && <Failure error={error} />}
      {data !== undefined && words !== '' && (
        <section>
          <h2>Nearest to “{words}”</h2>
          {data.found.length === 0 && <p className="muted">nothing is remembered that fits</p>}
          <ul className="records">
            {data.found.map((one) => (
              <Row key={one.id} one={one} />
            ))}
          </ul>
        </section>
      )}
      {data !== undefined && (
        <>
          <section>
            <h2>Lessons</h2>
            {data.lessons.length === 0 && (
              <p className="muted">none yet: two experiments about one thing make the first</p>
            )}
            <ul className="records">
              {data.lessons.map((lesson) => (
                <li key={lesson.id}>
                  {lesson.text}{' '}
                  <span className="muted">
                    for {lesson.support.for}, against {lesson.support.against}; {lesson.evidence.length} experiments
                  </span>
                </li>
              ))}
            </ul>
          </section>
          {data.conflicts.length > 0 && (
            <section>
              <h2>Contradictions</h2>
              {data.conflicts.map(({ a, b, differs, refutes }, i) => (
                <div className="conflict" key={i}>
                  <Row one={a} />
                  <Row one={b} />
                  <p className="muted">
                    {refutes
                      ? 'the gain did not repeat'
                      : differs.length === 0
                        ? 'nothing in their contexts differs: one of them was luck'
                        : `differs: ${differs.map(({ what }) => what).join(', ')}`}
                  </p>
                </div>
              ))}
            </section>
          )}
          <section>
            <h2>Avoided</h2>
            {data.avoided.length === 0 && <p className="muted">no proposal had to be refused</p>}
            <ul className="records">
              {data.avoided.map((one, i) => (
                <li key={i}>
                  <span className="muted">{when(one.at)}</span> {one.text}
                </li>
              ))}
            </ul>
          </section>
        </>
      )}
    </>
  );
}

function Row({ one }: { one: Recorded }): ReactElement {
  const trial = /(\d+)$/.exec(one.id)?.[1];
  return (
    <li>
      <Verdict of={one.verdict} />{' '}
      {trial === undefined ? (
        one.id
      ) : (
        <Link to="/s/$study/trials/$trial" params={{ study: one.study, trial }}>
          {one.id}
        </Link>
      )}{' '}
      {one.text}
    </li>
  );
}

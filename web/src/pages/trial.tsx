/** One trial, whole: what was expected, what came of it, on what evidence. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import { brief, changed, num, pText, seconds, signed, typed } from '../../../ansatz/src/faces/report/numbers.ts';
import { type Brief, type CurvesPage, get, type Happening, type TrialDetail } from '../api.ts';
import { Effect, Stat, TrialLink, Value, Verdict, when } from '../parts/basics.tsx';
import { CurveChart } from '../parts/chart.tsx';
import { Failure } from '../parts/failure.tsx';
import { Log } from '../parts/log.tsx';
import { useSteer } from '../parts/steering.tsx';

const NONE: ReadonlySet<number> = new Set();

export function TrialPage(): ReactElement {
  const { study, trial } = useParams({ from: '/s/$study/trials/$trial' });
  const { data, error } = useQuery({
    queryKey: ['study', study, 'trial', trial],
    queryFn: ({ signal }) => get<TrialDetail>(`/studies/${study}/trials/${trial}`, {}, signal),
    placeholderData: keepPreviousData,
  });
  const parent = data?.row.parent ?? 0;
  const drawn = [...new Set([Number(trial), ...(parent > 0 ? [parent] : []), 1])].join(',');
  const curves = useQuery({
    queryKey: ['study', study, 'curves', drawn, 'trial'],
    queryFn: ({ signal }) => get<CurvesPage>(`/studies/${study}/curves`, { trials: drawn }, signal),
    enabled: data !== undefined,
    placeholderData: keepPreviousData,
  });
  const { ask, dialog } = useSteer(study);
  const [note, setNote] = useState('');
  if (error !== null) return <Failure error={error} />;
  if (data === undefined) return <p className="empty">…</p>;
  const { row } = data;
  const last = data.runs.at(-1);
  return (
    <div className="one-trial">
      <p className="crumbs">
        <Link to="/s/$study/trials" params={{ study }}>
          trials
        </Link>{' '}
        / {row.trial}
        {row.trial > 1 && (
          <>
            {' '}
            <TrialLink study={study} trial={row.trial - 1}>
              ‹
            </TrialLink>
          </>
        )}{' '}
        <TrialLink study={study} trial={row.trial + 1}>
          ›
        </TrialLink>
      </p>
      <h1>
        Trial {row.trial} <Verdict of={row.state} />
        {row.trial === data.incumbent && <span className="chip">best</span>}
      </h1>
      <p className="under">{row.why}</p>
      <div className="row">
        <button type="button" onClick={() => ask({ do: 'repeat', trial: row.trial })}>
          Run it again…
        </button>
        <Link
          className="button"
          to="/s/$study/compare"
          params={{ study }}
          search={{ trials: `${row.trial},${data.incumbent === row.trial ? 1 : (data.incumbent ?? 1)}` }}
        >
          Compare with the {data.incumbent === row.trial ? 'baseline' : 'best'}
        </Link>
      </div>
      <dl className="stats">
        <Stat name={data.objective.metric} more={`${row.runs} runs`}>
          <Value value={row.value} margin={row.se} />
        </Stat>
        {row.effect !== undefined && (
          <Stat
            name="effect"
            more={row.shrunk === undefined ? 'against the incumbent of its time' : `believed ${signed(row.shrunk)}`}
          >
            <Effect row={row} />
          </Stat>
        )}
        {row.better !== undefined && (
          <Stat
            name="P(better)"
            more={
              row.p === undefined
                ? undefined
                : `${pText(row.p)} at any look${data.family === undefined ? '' : `, ${num(data.family.adjusted, 2)} in its family`}`
            }
          >
            {num(row.better, 3)}
          </Stat>
        )}
        {row.heldout !== undefined && (
          <Stat name="held-out" more={row.heldout.text}>
            <Value value={row.heldout.value} />
          </Stat>
        )}
        {row.tried !== undefined && (
          <Stat name="memory" more={row.tried.records.join(', ')}>
            {row.tried.why}
          </Stat>
        )}
        <Stat name="cost">{seconds(row.deviceSeconds)}</Stat>
        <Stat
          name="proposed by"
          more={row.bet === undefined || row.bet === row.researcher ? undefined : `bet ${row.bet}`}
        >
          {row.by ?? row.researcher}
          {row.operator === undefined ? '' : `: ${row.operator}`}
        </Stat>
      </dl>
      <div className="two">
        <section>
          <h2>Expected</h2>
          <p>{row.hypothesis}</p>
          <h2>Changed</h2>
          <p>{data.toParent.length === 0 && row.files === undefined ? 'nothing' : changed(data.toParent)}</p>
          {row.parent > 1 && (
            <p className="muted">
              against{' '}
              <TrialLink study={study} trial={row.parent}>
                trial {row.parent}
              </TrialLink>
              ; against the baseline: {changed(data.toBaseline)}
            </p>
          )}
          <table className="small">
            <tbody>
              {Object.entries(row.point).map(([knob, value]) => (
                <tr key={knob} className={data.toBaseline.some((one) => one.knob === knob) ? '' : 'dim'}>
                  <td>{knob}</td>
                  <td className="n">{typed(value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <pre className="wrap">{data.settings.argv}</pre>
          {data.settings.edits.length > 0 && <pre className="wrap">{data.settings.edits.join('\n')}</pre>}
          {Object.keys(data.environment).length > 0 && (
            <details>
              <summary>Environment</summary>
              <table className="small">
                <tbody>
                  {Object.entries(data.environment).map(([name, value]) => (
                    <tr key={name}>
                      <td>{name}</td>
                      <td>{value}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </details>
          )}
        </section>
        <section>
          <h2>Evidence</h2>
          <ol className="evidence">
            {data.evidence.map((event) => (
              <li key={event.seq}>
                <span className="muted">{when(event.at)}</span> {said(event)}
              </li>
            ))}
          </ol>
          <h2>Notes</h2>
          {data.notes.map((one, i) => (
            <p key={i}>
              <span className="muted">
                {when(one.at)} {one.by}
              </span>{' '}
              {one.text}{' '}
              {(one.tags ?? []).map((tag) => (
                <em key={tag} className="tag">
                  {tag}
                </em>
              ))}
            </p>
          ))}
          <form
            className="row"
            onSubmit={(event) => {
              event.preventDefault();
              const tags = [...note.matchAll(/(?<=^|\s)#([\w-]+)/g)].map((match) => match[1]!);
              const text = note.replaceAll(/(?<=^|\s)#[\w-]+/g, '').trim();
              ask({ do: 'note', trial: row.trial, text, ...(tags.length === 0 ? {} : { tags }) });
              setNote('');
            }}
          >
            <input
              className="grow"
              value={note}
              placeholder="a note; #words become tags"
              aria-label="Note"
              onChange={(event) => setNote(event.target.value)}
            />
            <button type="submit" disabled={note.trim() === ''}>
              Note
            </button>
          </form>
        </section>
      </div>
      <section>
        <h2>Curve</h2>
        {curves.data !== undefined && <CurveChart page={curves.data} log={false} hidden={NONE} height={300} />}
        <p className="muted">
          this trial{parent > 1 ? `, its parent (trial ${parent})` : ''} and the baseline (dashed).{' '}
          <Link to="/s/$study/curves" params={{ study }} search={{ trials: drawn }}>
            more curves
          </Link>
        </p>
      </section>
      <section>
        <h2>Runs</h2>
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th className="n">run</th>
                {data.runs.some(({ level }) => level !== undefined) && <th className="n">level</th>}
                <th className="n">seed</th>
                <th>status</th>
                <th className="n">result</th>
                <th className="n">time</th>
                <th className="n">cpu</th>
                <th className="n">memory</th>
                <th>said</th>
              </tr>
            </thead>
            <tbody>
              {data.runs.map((run) => (
                <tr key={run.run}>
                  <td className="n">{run.run}</td>
                  {data.runs.some(({ level }) => level !== undefined) && (
                    <td className="n" title={run.why}>
                      {run.level === undefined ? '' : num(run.level)}
                    </td>
                  )}
                  <td className="n">{run.seed}</td>
                  <td>
                    <Verdict of={run.status} />
                  </td>
                  <td className="n">
                    <Value value={run.value} />
                  </td>
                  <td className="n">{run.seconds === undefined ? '' : seconds(run.seconds)}</td>
                  <td className="n">{run.cpuSeconds === undefined ? '' : seconds(run.cpuSeconds)}</td>
                  <td className="n">{run.peakBytes === undefined ? '' : `${num(run.peakBytes / 2 ** 20, 3)} MiB`}</td>
                  <td className="why">
                    {run.text}
                    {run.risk === undefined ? '' : `; stated risk ${num(100 * run.risk, 2)} %`}
                    {run.audited === undefined
                      ? ''
                      : ` would have been stopped at step ${num(run.audited.step)}, and was let finish`}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {last !== undefined && last.metrics.length > 0 && (
          <p className="muted">
            Heard in run {last.run}:{' '}
            {last.metrics
              .map(({ key, count, last: value }) => `${key} ${value === null ? 'NaN' : brief(value)} (${count})`)
              .join(', ')}
          </p>
        )}
      </section>
      {data.diff !== '' && (
        <section>
          <h2>Code</h2>
          <Diff text={data.diff} />
        </section>
      )}
      {data.runs.length > 0 && <Log study={study} runs={data.runs.map(({ run }) => run)} />}
      <div className="two">
        <section>
          <h2>Lineage</h2>
          <Briefs study={study} rows={data.lineage} none="it departs from the script as it is" />
          {data.children.length > 0 && <h3>Departed from it</h3>}
          {data.children.length > 0 && <Briefs study={study} rows={data.children} none="" />}
        </section>
        <section>
          <h2>Tried before, and alike</h2>
          {data.like.length === 0 && <p className="muted">nothing</p>}
          <ul>
            {data.like.map((one) => (
              <li key={one.id}>{one.text}</li>
            ))}
          </ul>
        </section>
      </div>
      {dialog}
    </div>
  );
}

function Briefs({ study, rows, none }: { study: string; rows: readonly Brief[]; none: string }): ReactElement {
  if (rows.length === 0) return <p className="muted">{none}</p>;
  return (
    <table className="small">
      <tbody>
        {rows.map((one) => (
          <tr key={one.trial}>
            <td className="n">
              <TrialLink study={study} trial={one.trial} />
            </td>
            <td>
              <Verdict of={one.state} />
            </td>
            <td className="n">
              <Value value={one.value} />
            </td>
            <td className="why">{one.hypothesis}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A patch, line by line: signs say what the colours say. */
export function Diff({ text }: { text: string }): ReactElement {
  return (
    <pre className="diff">
      {text.split('\n').map((line, i) => (
        <span
          key={i}
          className={
            /^\+(?!\+\+)/.test(line) ? 'plus' : /^-(?!--)/.test(line) ? 'minus' : line.startsWith('@@') ? 'at' : ''
          }
        >
          {`${line}\n`}
        </span>
      ))}
    </pre>
  );
}

function said({ type, body = {} }: Happening): string {
  const why = typeof body['why'] === 'string' ? body['why'] : '';
  switch (type) {
    case 'trial.proposed':
      return `proposed by ${word(body['by'] ?? body['researcher'])}`;
    case 'trial.repeated':
      return `${word(body['more'])} more ${body['more'] === 1 ? 'run' : 'runs'}: ${why}`;
    case 'trial.judged':
      return `${word(body['verdict'])}: ${why}`;
    case 'trial.drifted':
      return `drifted: ${why}`;
    default:
      return [body['text'], ...((body['tags'] as string[] | undefined) ?? []).map((tag) => `#${tag}`)]
        .filter(Boolean)
        .join(' ');
  }
}

function word(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

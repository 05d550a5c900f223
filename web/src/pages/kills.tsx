/** The kill audit: what stopping runs saved, and what it may have cost. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { num, percent, seconds } from '../../../ansatz/src/faces/report/numbers.ts';
import { get, type KillsPage } from '../api.ts';
import { Stat, TrialLink, Value, Verdict } from '../parts/basics.tsx';
import { Failure } from '../parts/failure.tsx';

export function Kills(): ReactElement {
  const { study } = useParams({ from: '/s/$study/kills' });
  const { data, error } = useQuery({
    queryKey: ['study', study, 'kills'],
    queryFn: ({ signal }) => get<KillsPage>(`/studies/${study}/kills`, {}, signal),
    placeholderData: keepPreviousData,
  });
  if (error !== null) return <Failure error={error} />;
  if (data === undefined) return <p className="empty">…</p>;
  const { audit } = data;
  return (
    <>
      <p className="under">
        {audit.stops === 0 && audit.audited === 0
          ? 'No run was stopped early.'
          : `${audit.stops} runs were stopped early; ${audit.audited} that would have been stopped were let finish, to see what such stops cost.`}
      </p>
      <dl className="stats">
        <Stat name="saved">{seconds(audit.savedSeconds)}</Stat>
        {audit.stated !== undefined && (
          <Stat name="stated risk" more="of having been better than the best">
            {percent(audit.stated)}
          </Stat>
        )}
        {audit.realised !== undefined && (
          <Stat
            name="realised"
            more={`${audit.better} of ${audit.finished}; 95 %: ${percent(audit.realised.low)} to ${percent(audit.realised.high)}`}
          >
            {percent(audit.realised.share)}
          </Stat>
        )}
        {audit.regret !== undefined && (
          <Stat name="cost of a stop" more={`at worst ${num(audit.worst ?? 0, 3)}`}>
            {num(audit.regret, 3)}
          </Stat>
        )}
        {audit.unfinished > 0 && (
          <Stat name="left unfinished" more="paused, and nothing was left to go on with">
            {audit.unfinished}
          </Stat>
        )}
      </dl>
      <section>
        <h2>Audited and stopped runs</h2>
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th className="n">run</th>
                <th className="n">trial</th>
                <th>status</th>
                <th className="n">at step</th>
                <th className="n">stated risk</th>
                <th className="n">to beat</th>
                <th className="n">came to</th>
                <th>why</th>
              </tr>
            </thead>
            <tbody>
              {[...data.runs].reverse().map((run) => (
                <tr key={run.run}>
                  <td className="n">{run.run}</td>
                  <td className="n">
                    <TrialLink study={study} trial={run.trial} />
                  </td>
                  <td>
                    {run.audited === undefined ? (
                      <Verdict of={run.status} />
                    ) : (
                      <span className="v inconclusive">audited</span>
                    )}
                  </td>
                  <td className="n">{num(run.audited?.step ?? run.steps.at(-1) ?? 0)}</td>
                  <td className="n">
                    {run.risk === undefined && run.audited?.risk === undefined
                      ? '–'
                      : percent((run.audited?.risk ?? run.risk)!)}
                  </td>
                  <td className="n">{run.audited === undefined ? '' : num(run.audited.toBeat)}</td>
                  <td className="n">
                    <Value value={run.value} />
                  </td>
                  <td className="why">{run.text}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      {data.noise.length > 0 && (
        <section>
          <h2>How much repeats differ</h2>
          <table className="small">
            <thead>
              <tr>
                <th className="n">trial</th>
                <th className="n">runs</th>
                <th className="n">sd</th>
                <th className="n">÷ floor</th>
              </tr>
            </thead>
            <tbody>
              {data.noise.map((group) => (
                <tr key={group.trial}>
                  <td className="n">
                    <TrialLink study={study} trial={group.trial} />
                  </td>
                  <td className="n">{group.runs}</td>
                  <td className="n">{num(group.sd, 3)}</td>
                  <td className="n">{group.ratio === undefined ? '–' : num(group.ratio, 2)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}

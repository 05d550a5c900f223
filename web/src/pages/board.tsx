/** A study at a glance: what was gained and how sure that is, what it cost, what happens now. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { type ReactElement, type ReactNode, useEffect, useState } from 'react';
import { believedText } from '../../../ansatz/src/faces/report/believed.ts';
import { fidelityText } from '../../../ansatz/src/faces/report/fidelity.ts';
import { burnFigure } from '../../../ansatz/src/faces/report/figures/burn.ts';
import { budgetFigure } from '../../../ansatz/src/faces/report/figures/budget.ts';
import { progressFigure } from '../../../ansatz/src/faces/report/figures/progress.ts';
import { bothWidths } from '../../../ansatz/src/faces/report/figures/size.ts';
import { slotNames, slotsFigure } from '../../../ansatz/src/faces/report/figures/slots.ts';
import {
  date,
  num,
  percent,
  plusMinus,
  result,
  seconds,
  signed,
  triedText,
} from '../../../ansatz/src/faces/report/numbers.ts';
import { priorText } from '../../../ansatz/src/study/prior.ts';
import { standInText } from '../../../ansatz/src/study/standin.ts';
import { type Board as Data, get, type Status } from '../api.ts';
import { ago, Changes, Effect, Stat, TrialLink, Verdict } from '../parts/basics.tsx';
import { Failure } from '../parts/failure.tsx';
import { Figure } from '../parts/figure.tsx';
import { useSteer } from '../parts/steering.tsx';

export function Board(): ReactElement {
  const { study } = useParams({ from: '/s/$study/' });
  const { data, error } = useQuery({
    queryKey: ['study', study, 'board'],
    queryFn: ({ signal }) => get<Data>(`/studies/${study}/board`, {}, signal),
    placeholderData: keepPreviousData,
  });
  const { ask, dialog } = useSteer(study);
  const now = useClock();
  if (error !== null) return <Failure error={error} />;
  if (data === undefined) return <p className="empty">…</p>;
  const { status } = data;
  // Of several limits the one that binds: all of them are in the ledger.
  const tightest = data.burn.toSorted((a, b) => b.spent.at(-1)! / b.cap - a.spent.at(-1)! / a.cap)[0];
  // How much is spent is drawn; it need not be said as well.
  const told = [...(status.heldout?.contradicted ?? []), ...status.suspicions, ...status.warnings];
  const warnings = [...new Set(told)].filter((text) => !text.startsWith('the study has spent'));
  return (
    <div className="board">
      <Headline study={study} status={status} />
      {warnings.length > 0 && (
        <ul className="warnings">
          {warnings.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
      <Numbers study={study} status={status} />
      <div className="two">
        <div>
          <section>
            <h2>Best over compute</h2>
            <Figure study={study} svg={bothWidths((width) => progressFigure(data, width))}>
              Only trials that survived judging move the line; the band is its 95 % interval, the dots are everything
              else that was tried.
            </Figure>
          </section>
          <section>
            <h2>Now</h2>
            <Running study={study} status={status} now={now} kill={(run) => ask({ do: 'kill-run', run })} />
            <Figure svg={bothWidths((width) => slotsFigure(data, width))}>
              <span className="key">
                {slotNames(data).map(({ look, text }) => (
                  <span key={look} className={`v ${look}`}>
                    {text}
                  </span>
                ))}
              </span>
            </Figure>
          </section>
          <section>
            <h2>
              Last verdicts{' '}
              <Link to="/s/$study/trials" params={{ study }} search={{ sort: 'trial' }} className="more">
                all trials
              </Link>
            </h2>
            <div className="scroll">
              <table>
                <tbody>
                  {status.last.map((row) => (
                    <tr key={row.trial}>
                      <td className="n">
                        <TrialLink study={study} trial={row.trial} />
                      </td>
                      <td>
                        <Verdict of={row.state} />
                      </td>
                      <td className="n">
                        <Effect row={row} />
                      </td>
                      <td className="what">
                        <Changes row={row} />
                      </td>
                      <td className="why">{row.why}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </section>
        </div>
        <div className="side">
          <section>
            <h2>Budget</h2>
            <Figure svg={bothWidths((width) => budgetFigure(data, width))} />
            {tightest !== undefined && (
              <Figure svg={bothWidths((width) => burnFigure(tightest, status.deadline, width))} />
            )}
            <p className="muted">{outlook(status)}</p>
          </section>
          {status.fidelity !== undefined && (
            <section>
              <h2>
                At {status.fidelity.knob} {num(status.fidelity.target)}{' '}
                <Link to="/s/$study/scaling" params={{ study }} className="more">
                  forecast
                </Link>
              </h2>
              {fidelityText(status.fidelity, status.objective.metric).map((line) => (
                <p key={line}>{line}</p>
              ))}
            </section>
          )}
          {status.bets.length > 1 && <Bets status={status} ask={ask} />}
          {status.milestones.length > 0 && (
            <section>
              <h2>Milestones</h2>
              <table className="small">
                <tbody>
                  {status.milestones.map((one) => (
                    <tr key={one.name}>
                      <td>{one.name}</td>
                      <td>{date(one.at)}</td>
                      <td>{one.needs}</td>
                      <td>{one.state === 'to come' ? `will be met: ${percent(one.chance)}` : one.state}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          )}
          {data.ideas.length > 0 && (
            <section>
              <h2>Ideas</h2>
              <ul>
                {data.ideas.map((idea, i) => (
                  <li key={i}>
                    {idea.text}
                    {idea.by !== undefined && <span className="muted"> ({idea.by})</span>}{' '}
                    {idea.trial !== undefined ? (
                      <TrialLink study={study} trial={idea.trial}>
                        trial {idea.trial}
                      </TrialLink>
                    ) : (
                      <span className="muted">waiting</span>
                    )}
                  </li>
                ))}
              </ul>
            </section>
          )}
        </div>
      </div>
      {dialog}
    </div>
  );
}

function Headline({ study, status }: { study: string; status: Status }): ReactElement {
  const { gain, objective, baseline, best, ended } = status;
  return (
    <>
      <h1>
        {gain === undefined ? (
          baseline === undefined ? (
            <>{objective.metric}: the baseline is being measured</>
          ) : (
            <>
              {objective.metric} {result(baseline)}: nothing has beaten the baseline yet
            </>
          )
        ) : (
          <>
            {objective.metric} {num(baseline!.mean, 4)} → {result(best)}
          </>
        )}
      </h1>
      <p className="under">
        {gain !== undefined && best !== undefined && (
          <>
            <TrialLink study={study} trial={best.trial}>
              trial {best.trial}
            </TrialLink>{' '}
            is better by {plusMinus(gain.effect, gain.margin)} ({percent(gain.percent / 100)}), P(better){' '}
            {num(gain.better, 3)}
            {best.replicated ? ', measured on runs that nobody selected' : ''}.{' '}
          </>
        )}
        {status.noise !== undefined && (
          <>
            {status.noise.deterministic
              ? 'Repeats come out alike. '
              : `Noise sd ${num(status.noise.sd, 2)} from ${status.noise.df + 1} runs. `}
          </>
        )}
        {status.heldout?.best !== undefined && status.heldout.baseline !== undefined && (
          <>
            Held-out: {num(status.heldout.baseline)} → {num(status.heldout.best)}.{' '}
          </>
        )}
        {status.curve !== undefined && <>{standInText(status.curve, status.objective.metric)}. </>}
        {status.priors !== undefined && <>The search began with {priorText(status.priors)}. </>}
        {status.reused !== undefined && (
          <>
            {status.reused.runs} runs that earlier studies had made were taken over,{' '}
            {seconds(status.reused.deviceSeconds)} not spent.{' '}
          </>
        )}
        {status.believed !== undefined && (
          <>
            <TrialLink study={study} trial={status.believed.trial}>
              {believedText(status.believed)}
            </TrialLink>
            .{' '}
          </>
        )}
        {ended !== undefined && <>It has ended: {ended.text}.</>}
      </p>
    </>
  );
}

function Numbers({ study, status }: { study: string; status: Status }): ReactElement {
  const to = (filter: string, words: ReactNode): ReactElement => (
    <Link to="/s/$study/trials" params={{ study }} search={filter === '' ? {} : { filter }} className="plain">
      {words}
    </Link>
  );
  const { verdicts, perKeep, audit } = status;
  return (
    <dl className="stats">
      <Stat name="trials" more={`${status.runs} runs`}>
        {to('', status.trials)}
      </Stat>
      <Stat name="kept" more={`${num(status.expectedFalseKeeps, 2)} expected false`}>
        {to('state = keep and trial > 1', Math.max(0, verdicts.keep - 1))}
      </Stat>
      <Stat
        name="discarded"
        more={
          <>
            {to('state = inconclusive', verdicts.inconclusive)} inconclusive, {to('state = crash', verdicts.crash)}{' '}
            crashed
          </>
        }
      >
        {to('state = discard', verdicts.discard)}
      </Stat>
      <Stat
        name="device time"
        more={status.budget.deviceSeconds === undefined ? undefined : `of ${seconds(status.budget.deviceSeconds)}`}
      >
        <Link to="/s/$study/ledger" params={{ study }} className="plain">
          {seconds(status.spent.deviceSeconds)}
        </Link>
      </Stat>
      {perKeep !== undefined && (
        <Stat name="per confirmed gain" more={perKeep.money > 0 ? `${num(perKeep.money, 3)} money` : undefined}>
          <Link to="/s/$study/ledger" params={{ study }} className="plain">
            {seconds(perKeep.deviceSeconds)}
          </Link>
        </Stat>
      )}
      {audit.stops > 0 && (
        <Stat
          name="saved by stopping"
          more={
            audit.realised === undefined
              ? `${audit.stops} runs stopped`
              : `${percent(audit.realised.share)} were better`
          }
        >
          <Link to="/s/$study/kills" params={{ study }} className="plain">
            {seconds(status.savedSeconds)}
          </Link>
        </Stat>
      )}
      {status.tokens !== undefined && (
        <Stat name="tokens" more={`${status.tokens.output} written`}>
          {status.tokens.input}
        </Stat>
      )}
    </dl>
  );
}

function outlook(status: Status): string {
  const { outlook: ahead } = status;
  const parts: string[] = [];
  if (ahead.runs !== undefined) parts.push(`about ${ahead.runs} more runs of the usual length`);
  if (ahead.another !== undefined) parts.push(`chance of another confirmed improvement ${percent(ahead.another)}`);
  if (status.deadline !== undefined) parts.push(`deadline ${date(status.deadline)}`);
  return parts.length === 0 ? '' : `To come: ${parts.join('; ')}.`;
}

function Running({
  study,
  status,
  now,
  kill,
}: {
  study: string;
  status: Status;
  now: number;
  kill: (run: number) => void;
}): ReactElement {
  const rows = [...status.running, ...status.paused];
  if (rows.length === 0)
    return (
      <p className="muted">
        {status.open ? 'No run is under way.' : `No lab is at work; the last word was ${ago(status.now, now)}.`}
      </p>
    );
  return (
    <div className="scroll">
      <table>
        <tbody>
          {rows.map((run) => (
            <tr key={run.run}>
              <td>slot {run.slot}</td>
              <td>
                <TrialLink study={study} trial={run.trial}>
                  trial {run.trial}
                </TrialLink>
                , run {run.run}
              </td>
              <td>
                <Verdict of={run.status} />
              </td>
              <td className="n">{seconds(Math.max(0, (now - run.startedAt) / 1000))}</td>
              <td className="n">{run.values.length > 0 ? num(run.values.at(-1)!, 5) : ''}</td>
              <td className="muted">{run.steps.length > 0 ? `at step ${run.steps.at(-1)}` : 'nothing printed yet'}</td>
              <td>
                <button type="button" className="quiet" onClick={() => kill(run.run)}>
                  Stop this run…
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Bets({
  status,
  ask,
}: {
  status: Status;
  ask: (wish: { do: string } & Record<string, unknown>) => void;
}): ReactElement {
  return (
    <section>
      <h2>Bets</h2>
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th>bet</th>
              <th>share of the compute</th>
              <th className="n">spent</th>
              <th className="n">trials</th>
              <th className="n">kept</th>
              <th className="n">best</th>
              <th className="n">chance to still pay</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {status.bets.map((bet) => (
              <tr key={bet.name} className={bet.closed ? 'dim' : ''}>
                <td>{bet.name}</td>
                <td>
                  <meter min={0} max={1} value={bet.share} /> {percent(bet.share)}
                </td>
                <td className="n">{seconds(bet.spent.deviceSeconds)}</td>
                <td className="n">{triedText(bet)}</td>
                <td className="n">{bet.keeps}</td>
                <td className="n">{bet.best === undefined ? '–' : num(bet.best, 5)}</td>
                <td className="n">{bet.chance === undefined ? '–' : signed(bet.chance).replace('+', '')}</td>
                <td>
                  <button
                    type="button"
                    className="quiet"
                    onClick={() => ask({ do: 'bet', bet: bet.name, open: bet.closed })}
                  >
                    {bet.closed ? 'Open' : 'Close…'}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** The time, every second, so that what runs is seen to run. */
export function useClock(): number {
  const [now, set] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

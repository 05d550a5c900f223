/** Who and what spent what, and what each confirmed gain cost. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { budgetFigure, shareFigure, shareNames } from '../../../ansatz/src/faces/report/figures/budget.ts';
import { amountText, burnFigure } from '../../../ansatz/src/faces/report/figures/burn.ts';
import { bothWidths } from '../../../ansatz/src/faces/report/figures/size.ts';
import { num, percent, plus, seconds } from '../../../ansatz/src/faces/report/numbers.ts';
import { get, type LedgerPage, type Status } from '../api.ts';
import { TrialLink, when } from '../parts/basics.tsx';
import { Failure } from '../parts/failure.tsx';
import { Figure } from '../parts/figure.tsx';

export function Ledger(): ReactElement {
  const { study } = useParams({ from: '/s/$study/ledger' });
  const { data, error } = useQuery({
    queryKey: ['study', study, 'ledger'],
    queryFn: ({ signal }) => get<LedgerPage>(`/studies/${study}/ledger`, {}, signal),
    placeholderData: keepPreviousData,
  });
  if (error !== null) return <Failure error={error} />;
  if (data === undefined) return <p className="empty">…</p>;
  const { spending } = data;
  return (
    <>
      <section>
        <h2>Books</h2>
        <Figure svg={bothWidths((width) => budgetFigure({ status: data as unknown as Status }, width))} />
        <p className="muted">
          Held is promised to runs under way and given back when they end; spent and held together never exceed the
          budget.
          {data.tokens === undefined
            ? ''
            : ` Language models: ${data.tokens.input} tokens read, ${data.tokens.output} written.`}
        </p>
      </section>
      <div className="two">
        {data.burn.map((burn) => (
          <section key={burn.resource}>
            <h2>{burn.resource === 'deviceSeconds' ? 'Device time' : burn.resource === 'runs' ? 'Runs' : 'Money'}</h2>
            <Figure svg={bothWidths((width) => burnFigure(burn, undefined, width))}>
              {amountText(burn.resource, burn.spent.at(-1)!)} of {amountText(burn.resource, burn.cap)}
              {burn.gone === undefined ? '' : `; at this pace it is gone ${when(burn.gone)}`}
            </Figure>
          </section>
        ))}
      </div>
      <section>
        <h2>Where the device time went</h2>
        <Figure svg={bothWidths((width) => shareFigure({ spending }, width))}>
          <span className="key">
            {shareNames({ spending }).map(({ look, text }) => (
              <span key={look} className={`v ${look}`}>
                {text}
              </span>
            ))}
          </span>
        </Figure>
        <p className="muted">
          {spending.stopped} runs were stopped early, which saved about {seconds(spending.savedSeconds)} (
          {percent(spending.savedShare)}).
          {spending.busy === undefined ? '' : ` Slots were busy ${percent(spending.busy)} of the time.`}
        </p>
      </section>
      <section>
        <h2>What each confirmed gain cost</h2>
        {data.keeps.length === 0 && <p className="muted">Nothing was kept yet.</p>}
        {data.keeps.length > 0 && (
          <table className="small">
            <thead>
              <tr>
                <th className="n">trial</th>
                <th>when</th>
                <th className="n">gain, as believed</th>
                <th className="n">device time</th>
                <th className="n">runs</th>
                <th className="n">per unit of gain</th>
              </tr>
            </thead>
            <tbody>
              {data.keeps.map((keep) => (
                <tr key={keep.trial}>
                  <td className="n">
                    <TrialLink study={study} trial={keep.trial} />
                  </td>
                  <td>{when(keep.at)}</td>
                  <td className="n">{keep.effect === undefined ? '–' : plus(keep.effect)}</td>
                  <td className="n">{seconds(keep.deviceSeconds)}</td>
                  <td className="n">{keep.runs}</td>
                  <td className="n">{keep.price === undefined ? '–' : seconds(keep.price)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      {data.bets.length > 0 && (
        <section>
          <h2>Accounts</h2>
          <table className="small">
            <thead>
              <tr>
                <th>who</th>
                <th className="n">device time</th>
                <th className="n">runs</th>
                <th className="n">money</th>
                <th className="n">share</th>
                <th className="n">kept</th>
              </tr>
            </thead>
            <tbody>
              {data.bets.map((bet) => (
                <tr key={bet.name}>
                  <td>{bet.name}</td>
                  <td className="n">{seconds(bet.spent.deviceSeconds)}</td>
                  <td className="n">{bet.spent.runs}</td>
                  <td className="n">{num(bet.spent.money, 3)}</td>
                  <td className="n">{percent(bet.share)}</td>
                  <td className="n">{bet.keeps}</td>
                </tr>
              ))}
              {data.people.map((person) => (
                <tr key={person.name}>
                  <td>{person.name}</td>
                  <td className="n">{seconds(person.spent.deviceSeconds)}</td>
                  <td className="n">{person.spent.runs}</td>
                  <td className="n">{num(person.spent.money, 3)}</td>
                  <td />
                  <td />
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {data.failures.length > 0 && (
        <section>
          <h2>Spent on failures</h2>
          <table>
            <tbody>
              {data.failures.map((group, i) => (
                <tr key={i}>
                  <td>{group.reason}</td>
                  <td className="n">{group.runs} runs</td>
                  <td className="n">{seconds(group.deviceSeconds)}</td>
                  <td className="why">{group.text}</td>
                  <td>
                    {group.trials.slice(0, 6).map((trial) => (
                      <span key={trial}>
                        <TrialLink study={study} trial={trial} />{' '}
                      </span>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}

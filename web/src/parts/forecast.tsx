/** What small runs say of a scale that was not tried: the laws and the fan, who stays ahead, what is run next and why. */

import type { ReactElement } from 'react';
import {
  forecastFigure,
  forecastLines,
  nextLines,
  recipeText,
  shareText,
} from '../../../ansatz/src/faces/report/fidelity.ts';
import { num, percent, seconds } from '../../../ansatz/src/faces/report/numbers.ts';
import type { FidelityView, ScaleForecast } from '../../../ansatz/src/study/scales.ts';
import { TrialLink, Verdict } from './basics.tsx';
import { Figure } from './figure.tsx';

const MOST = 12;

/** A forecast, every number of it a way to the trial and the runs it comes from. */
export function Forecast({
  study,
  metric,
  forecast,
  incumbent,
}: {
  study: string;
  metric: string;
  forecast: ScaleForecast;
  incumbent?: number | undefined;
}): ReactElement {
  const { knob, target, largest, contenders, level } = forecast;
  return (
    <>
      <Figure svg={forecastFigure(forecast, metric, incumbent)} study={study}>
        Dots: runs. Lines: the law of each recipe, its exponent drawn to that of all. Fan: {num(100 * level)} of 100 for
        the likeliest best, from the largest scale that was run (dashed).
      </Figure>
      <ul className="evidence">
        {forecastLines(forecast, metric).map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th>recipe</th>
              <th className="n">
                at {knob} {num(target)}
              </th>
              <th className="n">{num(100 * level)} of 100</th>
              <th className="n">best with</th>
              <th className="n">at {num(largest)}</th>
              <th>settings</th>
              <th>from</th>
            </tr>
          </thead>
          <tbody>
            {contenders.slice(0, MOST).map((one) => (
              <tr key={one.recipe}>
                <td>
                  <TrialLink study={study} trial={one.trials[0]!}>
                    {one.recipe}
                  </TrialLink>
                  {one.trials[0] === incumbent && <span className="muted"> kept</span>}
                </td>
                <td className="n">{num(one.value)}</td>
                <td className="n">
                  {num(one.low)} to {num(one.high)}
                </td>
                <td className="n">{percent(one.best)}</td>
                <td className="n">{num(one.small)}</td>
                <td>{recipeText(one)}</td>
                <td>
                  <details>
                    <summary>
                      {one.runs} {one.runs === 1 ? 'run' : 'runs'} at {one.scales}{' '}
                      {one.scales === 1 ? 'level' : 'levels'}
                    </summary>
                    {one.points.map((point) => (
                      <div key={point.run}>
                        <TrialLink study={study} trial={point.trial}>
                          run {point.run}
                        </TrialLink>{' '}
                        <span className="muted">
                          {knob} {num(point.scale)}: {num(point.loss)}
                        </span>
                      </div>
                    ))}
                  </details>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {contenders.length > MOST && <p className="muted">and {contenders.length - MOST} others</p>}
      {forecast.next.length > 0 && (
        <>
          <h3>What would tell most per device-second</h3>
          <ul className="evidence">
            {nextLines(forecast).map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        </>
      )}
      {forecast.warnings.map((warning) => (
        <p key={warning} className="muted">
          {warning}
        </p>
      ))}
    </>
  );
}

/** The fidelity of a study: its forecast, or why there is none yet, and the runs made for it. */
export function Fidelity({
  study,
  metric,
  view,
  incumbent,
}: {
  study: string;
  metric: string;
  view: FidelityView;
  incumbent?: number | undefined;
}): ReactElement {
  return (
    <section>
      <h2>
        At {view.knob} {num(view.target)}
      </h2>
      <p className="muted">{shareText(view)}</p>
      {view.forecast === undefined ? (
        <p className="empty">No forecast yet: {view.waits}.</p>
      ) : (
        <Forecast study={study} metric={metric} forecast={view.forecast} incumbent={incumbent} />
      )}
      {view.climbs.length > 0 && (
        <details>
          <summary>
            {view.climbs.length} {view.climbs.length === 1 ? 'run' : 'runs'} at other levels, and what each was to tell
          </summary>
          <div className="scroll">
            <table className="small">
              <tbody>
                {view.climbs.toReversed().map((one) => (
                  <tr key={one.run}>
                    <td>
                      <TrialLink study={study} trial={one.trial}>
                        run {one.run} of trial {one.trial}
                      </TrialLink>
                    </td>
                    <td className="n">
                      {view.knob} {num(one.level)}
                    </td>
                    <td className="n">{one.value === undefined ? <Verdict of={one.status} /> : num(one.value)}</td>
                    <td className="n">{one.deviceSeconds === undefined ? '' : seconds(one.deviceSeconds)}</td>
                    <td>{one.why}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
    </section>
  );
}

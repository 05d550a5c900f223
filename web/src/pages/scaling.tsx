/** What small runs say of a large scale; and what a large run would be: that is worked out here, from the same functions as `ansatz scale plan`. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { type ReactElement, useMemo, useState } from 'react';
import { num, percent, seconds, short } from '../../../ansatz/src/faces/report/numbers.ts';
import { networksFigure, planFigure } from '../../../ansatz/src/faces/report/plan.ts';
import {
  type BigRun,
  CHINCHILLA_LAW,
  compareNetworks,
  DEVICES,
  deviceNamed,
  explain,
  layoutText,
  nearestDevice,
  parseDevices,
  planRun,
  type Refusal,
  type Spend,
  usualQuestion,
} from '../../../ansatz/src/methods/plan/index.ts';
import { get, type ScalingPage } from '../api.ts';
import { Stat } from '../parts/basics.tsx';
import { Failure } from '../parts/failure.tsx';
import { Fidelity, Forecast } from '../parts/forecast.tsx';

const SIZES = [64, 256, 1024, 4096];
const gib = (value: number): string => `${num(value / 2 ** 30, 3)} GiB`;
const FORMAT = {
  n: (value: number): string => (value >= 1e4 && value < 1e16 ? short(value) : num(value)),
  bytes: gib,
  time: seconds,
};

export default function Scaling(): ReactElement {
  return (
    <>
      <FromRuns />
      <Planner />
    </>
  );
}

/** The forecast of the study's own runs; where it names no scale, how to get one. */
function FromRuns(): ReactElement | null {
  const { study } = useParams({ from: '/s/$study/scaling' });
  const given = useSearch({ from: '/s/$study/scaling' });
  const navigate = useNavigate({ from: '/s/$study/scaling' });
  const { knob, target } = given;
  const { data, error } = useQuery({
    queryKey: ['study', study, 'scaling', knob, target],
    queryFn: ({ signal }) => get<ScalingPage>(`/studies/${study}/scaling`, { knob, target }, signal),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const [form, setForm] = useState({ knob: knob ?? '', target: target ?? '' });
  if (data === undefined && error === null) return <p className="empty">…</p>;
  const metric = data?.objective.metric ?? '';
  if (data?.fidelity !== undefined)
    return <Fidelity study={study} metric={metric} view={data.fidelity} incumbent={data.incumbent} />;
  const numbers = data?.numbers ?? [];
  return (
    <section>
      <h2>A scale that was not tried</h2>
      <p className="muted">
        This study names no scale. With a <code>fidelity</code> in <code>ansatz.yaml</code>, for example{' '}
        <code>{'fidelity: { knob: steps, levels: [500, 1000, 2000], target: 20000 }'}</code>, the lab runs the best
        settings at other levels too, and says here who stays ahead at the target.
        {numbers.length > 0 && ' Trials that differ in one knob can be forecast over that knob now:'}
      </p>
      {(numbers.length > 0 || error !== null) && (
        <form
          className="tools"
          onSubmit={(event) => {
            event.preventDefault();
            void navigate({ search: { ...given, knob: form.knob || numbers[0]!, target: form.target } });
          }}
        >
          <select
            aria-label="Knob"
            value={form.knob === '' ? numbers[0] : form.knob}
            onChange={(event) => setForm({ ...form, knob: event.target.value })}
          >
            {(numbers.length > 0 ? numbers : [form.knob]).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>{' '}
          <input
            value={form.target}
            size={9}
            aria-label="Target"
            placeholder="target"
            onChange={(event) => setForm({ ...form, target: event.target.value })}
          />
          <button type="submit" disabled={!(Number(form.target) > 0)}>
            Forecast
          </button>
        </form>
      )}
      {error !== null && <Failure error={error} />}
      {data?.forecast !== undefined && <Forecast study={study} metric={metric} forecast={data.forecast} />}
    </section>
  );
}

function Planner(): ReactElement {
  const given = useSearch({ from: '/s/$study/scaling' });
  const navigate = useNavigate({ from: '/s/$study/scaling' });
  const [form, setForm] = useState({
    machine: given.machine ?? '512xH100',
    kind: given.kind ?? 'days',
    amount: given.amount ?? '30',
    size: given.size ?? '',
  });
  const [answer, took] = useMemo(() => {
    const started = performance.now();
    const result = planned(given.machine ?? '512xH100', given.kind ?? 'days', given.amount ?? '30', given.size ?? '');
    return [result, performance.now() - started] as const;
  }, [given.machine, given.kind, given.amount, given.size]);
  const set = (name: string, value: string): void => setForm({ ...form, [name]: value });
  return (
    <>
      <h2>A big run</h2>
      <form
        className="tools"
        onSubmit={(event) => {
          event.preventDefault();
          void navigate({ search: { ...given, ...form } });
        }}
      >
        <label>
          machine{' '}
          <input data-filter value={form.machine} size={12} onChange={(event) => set('machine', event.target.value)} />
        </label>
        <label>
          <select value={form.kind} aria-label="Budget" onChange={(event) => set('kind', event.target.value)}>
            <option value="days">days</option>
            <option value="flops">FLOPs</option>
            <option value="dollars">dollars</option>
          </select>{' '}
          <input
            value={form.amount}
            size={9}
            aria-label="Amount"
            onChange={(event) => set('amount', event.target.value)}
          />
        </label>
        <label>
          parameters{' '}
          <input
            value={form.size}
            size={9}
            placeholder="by the law"
            onChange={(event) => set('size', event.target.value)}
          />
        </label>
        <button type="submit">Plan</button>
        <span className="muted">devices: {Object.keys(DEVICES).join(', ')}</span>
      </form>
      {typeof answer === 'string' ? (
        <div className="failure" role="alert">
          {answer}
        </div>
      ) : (
        <Plan run={answer} took={took} />
      )}
    </>
  );
}

/** The run, or why there is none. */
function planned(machine: string, kind: string, amount: string, size: string): BigRun | string {
  const parsed = parseDevices(machine);
  const device = parsed === undefined ? undefined : deviceNamed(parsed.name);
  if (parsed === undefined || device === undefined) {
    const near = parsed === undefined ? undefined : nearestDevice(parsed.name);
    return `"${machine}" is no machine${near === undefined ? '' : `; closest: ${near}`}. It is written as 512xH100.`;
  }
  const value = amountOf(amount);
  if (!(value > 0)) return `"${amount}" is no budget. It is written as 30, 2e6 or 1e24.`;
  if (parsed.count !== undefined && (!Number.isInteger(parsed.count) || parsed.count < 1 || parsed.count > 1e6)) {
    return `${parsed.count} is no number of devices.`;
  }
  const parameters = size.trim() === '' ? undefined : amountOf(size);
  if (parameters !== undefined && !(parameters >= 1e6)) return `"${size}" is no size of a model. It is written as 70B.`;
  const spend: Spend =
    kind === 'flops'
      ? { kind: 'flops', flops: value }
      : kind === 'dollars'
        ? { kind: 'money', money: value }
        : { kind: 'time', seconds: 86_400 * value };
  const run = planRun({
    ...usualQuestion(spend, device, parsed.count ?? (kind === 'days' ? 1 : undefined), CHINCHILLA_LAW),
    size: parameters,
  });
  return run.kind === 'run' ? run : refusal(run);
}

function refusal({ constraint, needs, has, devicesThatFit, sizeThatFits, N, devices }: Refusal): string {
  const fix =
    devicesThatFit === undefined
      ? sizeThatFits === undefined
        ? ''
        : ` The largest model that fits has ${short(sizeThatFits)} parameters.`
      : ` It fits on ${devicesThatFit} devices.`;
  const why =
    constraint === 'memory' && needs !== undefined
      ? `at least ${gib(needs)} a device, which has ${gib(has)}`
      : `the ${constraint} does not allow any layout`;
  return `A model of ${short(N)} parameters fits in no layout on ${devices} devices: ${why}.${fix}`;
}

function amountOf(text: string): number {
  const match = /^\s*([\d.]+(?:e\d+)?)\s*([kMBT]?)\s*$/i.exec(text.replaceAll(/[,_]/g, ''));
  if (match === null) return NaN;
  const factor = { '': 1, k: 1e3, m: 1e6, b: 1e9, t: 1e12 }[match[2]!.toLowerCase()]!;
  return Number(match[1]) * factor;
}

function Plan({ run, took }: { run: BigRun; took: number }): ReactElement {
  const { best, question, shape, lossInterval: interval, checkpointing: check, found } = run;
  const compared = useMemo(() => compareNetworks(run.job, SIZES, best.batch), [run, best]);
  const first = best.time.tokensPerSecond;
  return (
    <>
      <dl className="stats">
        <Stat name="model" more={`${shape.layers} layers × ${shape.hidden}`}>
          {short(run.N)}
        </Stat>
        <Stat name="tokens" more={`${num(run.D / run.N, 3)} per parameter`}>
          {short(run.D)}
        </Stat>
        <Stat
          name="expected loss"
          more={interval === undefined ? undefined : `95 % of the fit ${num(interval[0], 4)} to ${num(interval[1], 4)}`}
        >
          {num(run.loss, 4)}
        </Stat>
        <Stat name="time" more={`${run.devices} × ${question.device.name}`}>
          {seconds(run.seconds)}
        </Stat>
        <Stat name="cost" more={`${num(question.device.price, 3)} per device-hour, an assumption`}>
          ${short(run.cost)}
        </Stat>
        <Stat name="MFU" more={`${short(first)} tokens/s`}>
          {percent(best.time.mfu)}
        </Stat>
        <Stat name="memory" more={`of ${gib(question.device.memory)} a device`}>
          {gib(best.memory.total)}
        </Stat>
        <Stat name="checkpoint every" more={`goodput ${percent(check.goodput)}`}>
          {seconds(check.interval)}
        </Stat>
      </dl>
      <section>
        <h2>Layouts</h2>
        <p className="muted">
          {found.looked} looked at, {found.timed} timed, in {num(took / 1000, 2)} s.
        </p>
        <div className="scroll">
          <table className="small">
            <tbody>
              {found.best.map((plan, i) => (
                <tr key={i}>
                  <td>{layoutText(plan.layout)}</td>
                  <td className="n">MFU {percent(plan.time.mfu)}</td>
                  <td className="n">{gib(plan.memory.total)}</td>
                  <td className="n">{i === 0 ? '' : `${percent(1 - plan.time.tokensPerSecond / first)} slower`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <Picture svg={planFigure(run)} alt="Time per token of the quickest layouts" />
      </section>
      <section>
        <h2>Networks over the size of the machine</h2>
        <Picture svg={networksFigure(run, compared)} alt="MFU over the number of devices, by network" />
      </section>
      <section>
        <h2>How it was worked out</h2>
        <ol className="evidence">
          {explain(run, FORMAT).map((step) => (
            <li key={step.what}>
              <b>{step.what}</b>: {step.result}
              <br />
              <code>{step.formula}</code>{' '}
              <span className="muted">
                with {step.numbers}; {step.source}
              </span>
            </li>
          ))}
        </ol>
        <p className="muted">
          The law is of one corpus, tokenizer and recipe: compare plans with it; for a loss to count on fit your own
          small runs (ansatz scale fit, then ansatz scale plan --law).
        </p>
      </section>
    </>
  );
}

/** A picture with a style of its own: as an image it needs none of the page's. */
function Picture({ svg, alt }: { svg: string; alt: string }): ReactElement {
  return <img className="picture" alt={alt} src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`} />;
}

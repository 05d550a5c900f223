/** The table of trials: filtered and sorted by the server, drawn as far as it is seen. */

import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactElement, useRef, useState } from 'react';
import { brief, num, seconds } from '../../../ansatz/src/faces/report/numbers.ts';
import { type Column, get, type TableRow, type TrialsPage } from '../api.ts';
import { Changes, Effect, Spark, TrialLink, Value, Verdict } from '../parts/basics.tsx';
import { Failure } from '../parts/failure.tsx';
import { useTyped } from '../parts/typed.ts';

const BLOCK = 100;
const ROW = 30;

export function Trials(): ReactElement {
  const { study } = useParams({ from: '/s/$study/trials' });
  const { filter = '', sort = 'trial', up } = useSearch({ from: '/s/$study/trials' });
  const navigate = useNavigate({ from: '/s/$study/trials' });
  const [typed, setTyped] = useTyped(filter, (text) => {
    void navigate({ search: (old) => ({ ...old, filter: text === '' ? undefined : text }), replace: true });
  });
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [cursor, setCursor] = useState(-1);
  const descending = up !== '1';
  const page = (offset: number, by = filter) => ({
    queryKey: ['study', study, 'trials', by, sort, descending, offset],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      get<TrialsPage>(`/studies/${study}/trials`, { filter: by, sort, descending, offset, limit: BLOCK }, signal),
    placeholderData: keepPreviousData,
  });
  const first = useQuery(page(0));
  const scroller = useRef<HTMLDivElement>(null);
  const shown = first.data;
  // Who mends a filter needs the names most.
  const whole = useQuery({ ...page(0, ''), enabled: first.error !== null });
  const known = shown ?? whole.data;
  const rows = useVirtualizer({
    count: shown?.matching ?? 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const items = rows.getVirtualItems();
  const blocks = [...new Set(items.map(({ index }) => Math.floor(index / BLOCK)))].filter((block) => block > 0);
  const more = useQueries({ queries: blocks.map((block) => page(block * BLOCK)) });
  const rowAt = (index: number): TableRow | undefined => {
    const block = Math.floor(index / BLOCK);
    const data = block === 0 ? shown : more[blocks.indexOf(block)]?.data;
    return data?.rows[index % BLOCK];
  };

  const knobs = (known?.differing ?? []).slice(0, 8);
  const columns: readonly (readonly [string, string, string])[] = [
    ['trial', 'trial', 'n'],
    ['state', 'verdict', ''],
    ['value', 'value', 'n'],
    ['effect', 'effect', 'n'],
    ['', 'curve', ''],
    ['runs', 'runs', 'n'],
    ['cost', 'cost', 'n'],
    ...knobs.map((knob) => [columnOf(known?.columns ?? [], knob), knob, 'n'] as const),
    ['hypothesis', 'hypothesis', 'long'],
  ];
  const order = (name: string): void => {
    if (name === '') return;
    void navigate({
      search: (old) => ({ ...old, sort: name, up: sort === name && descending ? '1' : undefined }),
      replace: true,
    });
  };
  const onKey = (event: KeyboardEvent): void => {
    if (shown === undefined) return;
    const step =
      event.key === 'ArrowDown' || event.key === 'j' ? 1 : event.key === 'ArrowUp' || event.key === 'k' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      event.stopPropagation();
      const next = Math.max(0, Math.min(shown.matching - 1, cursor + step));
      setCursor(next);
      rows.scrollToIndex(next);
    }
    const row = rowAt(cursor);
    if (event.key === 'Enter' && row !== undefined)
      void navigate({ to: '/s/$study/trials/$trial', params: { study, trial: String(row.trial) } });
    if (event.key === ' ' && row !== undefined) {
      event.preventDefault();
      toggle(row.trial);
    }
  };
  const toggle = (trial: number): void => {
    const next = new Set(chosen);
    if (!next.delete(trial)) next.add(trial);
    setChosen(next);
  };
  const picked = [...chosen].sort((a, b) => a - b);
  const grid = `26px 72px 118px 148px 168px 96px 64px 84px ${knobs.map(() => '104px').join(' ')} minmax(320px, 1fr)`;
  return (
    <div className="trials">
      <div className="tools">
        <FilterInput columns={known?.columns ?? []} value={typed} set={setTyped} bad={first.error !== null} />
        <span className="muted" data-count>
          {shown === undefined
            ? ''
            : shown.matching === shown.total
              ? `${shown.total} trials`
              : `${shown.matching} of ${shown.total}`}
        </span>
        <span className="push" />
        <button
          type="button"
          disabled={picked.length < 2 || picked.length > 8}
          onClick={() =>
            void navigate({ to: '/s/$study/compare', params: { study }, search: { trials: picked.join(',') } })
          }
        >
          Compare{picked.length > 0 ? ` ${picked.length}` : ''}
        </button>
        <button
          type="button"
          disabled={picked.length === 0}
          onClick={() =>
            void navigate({ to: '/s/$study/curves', params: { study }, search: { trials: picked.join(',') } })
          }
        >
          Curves
        </button>
      </div>
      {first.error !== null && <Failure error={first.error} />}
      <div
        className="grid-scroll"
        ref={scroller}
        tabIndex={0}
        onKeyDown={onKey}
        role="table"
        aria-rowcount={shown?.matching ?? 0}
      >
        <div className="grid head" style={{ gridTemplateColumns: grid }} role="row">
          <span />
          {columns.map(([name, label, look]) => (
            <button
              key={label}
              type="button"
              role="columnheader"
              className={look}
              disabled={name === ''}
              aria-sort={sort === name ? (descending ? 'descending' : 'ascending') : undefined}
              onClick={() => order(name)}
            >
              {label}
            </button>
          ))}
        </div>
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {items.map(({ index, start }) => {
            const row = rowAt(index);
            return (
              <div
                key={index}
                role="row"
                className={`grid line-row ${index === cursor ? 'cursor' : ''} ${row?.trial === shown?.incumbent ? 'best' : ''}`}
                style={{ gridTemplateColumns: grid, transform: `translateY(${start}px)`, height: ROW }}
              >
                {row === undefined ? (
                  <span className="muted">…</span>
                ) : (
                  <>
                    <input
                      type="checkbox"
                      checked={chosen.has(row.trial)}
                      aria-label={`choose trial ${row.trial}`}
                      onChange={() => toggle(row.trial)}
                    />
                    <span className="n">
                      <TrialLink study={study} trial={row.trial} />
                    </span>
                    <span>
                      <Verdict of={row.state} />
                    </span>
                    <span className="n">
                      <Value value={row.value} margin={row.se} />
                    </span>
                    <span className="n">
                      <Effect row={row} />
                    </span>
                    <span>
                      <Spark values={row.spark} />
                    </span>
                    <span className="n">{row.runs}</span>
                    <span className="n">{row.deviceSeconds > 0 ? seconds(row.deviceSeconds) : ''}</span>
                    {knobs.map((knob) => (
                      <span key={knob} className="n knob">
                        {brief(row.point[knob])}
                      </span>
                    ))}
                    <span className="long" title={row.hypothesis}>
                      {row.tags.map((tag) => (
                        <em key={tag} className="tag">
                          {tag}
                        </em>
                      ))}
                      {row.changes.length > 0 || row.files !== undefined ? (
                        <Changes row={row} most={3} />
                      ) : (
                        row.hypothesis
                      )}
                      {row.why === '' ? '' : <span className="muted"> · {row.why}</span>}
                    </span>
                  </>
                )}
              </div>
            );
          })}
        </div>
      </div>
      <p className="muted note">
        Value ± its standard error over all runs of a trial; effect ± half of its 95 % interval against the incumbent of
        its time, positive is better. Only settings that differ have a column
        {(known?.differing.length ?? 0) > knobs.length
          ? ` (${num(known!.differing.length)} do; the first ${knobs.length} are shown)`
          : ''}
        .
      </p>
    </div>
  );
}

function columnOf(columns: readonly Column[], knob: string): string {
  return columns.some(({ name }) => name === `knob.${knob}`) ? `knob.${knob}` : knob;
}

/** The filter, with the names and values it may use offered while one types. */
function FilterInput({
  columns,
  value,
  set,
  bad,
}: {
  columns: readonly Column[];
  value: string;
  set: (text: string) => void;
  bad: boolean;
}): ReactElement {
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const offers = open ? offersFor(columns, value) : [];
  const take = (text: string): void => {
    set(value.replace(/[\w.]*$/, '') + text);
    setAt(0);
    input.current?.focus();
  };
  return (
    <span className="filter">
      <input
        ref={input}
        data-filter
        type="search"
        className={bad ? 'bad' : ''}
        placeholder="state = keep and lr < 1e-3, or words"
        aria-label="Filter"
        spellCheck={false}
        autoComplete="off"
        value={value}
        onFocus={() => setOpen(true)}
        onBlur={() => setTimeout(() => setOpen(false), 150)}
        onChange={(event) => {
          set(event.target.value);
          setOpen(true);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            if (offers.length > 0) setOpen(false);
            else input.current?.blur();
          }
          if (offers.length === 0) return;
          if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            setAt((at + (event.key === 'ArrowDown' ? 1 : offers.length - 1)) % offers.length);
          }
          if (event.key === 'Tab') {
            event.preventDefault();
            take(offers[at]!.text);
          }
        }}
      />
      {offers.length > 0 && (
        <ul className="offers" role="listbox">
          {offers.map((offer, i) => (
            <li key={offer.text} role="option" aria-selected={i === at} onMouseDown={() => take(offer.text)}>
              <b>{offer.text}</b> <span className="muted">{offer.about}</span>
            </li>
          ))}
        </ul>
      )}
    </span>
  );
}

function offersFor(columns: readonly Column[], value: string): readonly { text: string; about: string }[] {
  const word = /[\w.]*$/.exec(value)![0].toLowerCase();
  const before = value.slice(0, value.length - word.length);
  const compared = /([\w.]+)\s*(?:==?|!=|in\s*\[(?:[^\]]*,)?)\s*$/.exec(before)?.[1];
  const values = columns.find(({ name }) => name === compared)?.values;
  if (values !== undefined) {
    return values
      .filter((text) => text.toLowerCase().startsWith(word) && text !== word)
      .slice(0, 8)
      .map((text) => ({ text, about: '' }));
  }
  if (word === '' && !/(?:\b(?:and|or|not)\s+|\()$/.test(before)) return [];
  return columns
    .filter(({ name }) => name.toLowerCase().startsWith(word) && name !== word)
    .slice(0, 8)
    .map(({ name, about }) => ({ text: name, about }));
}

/** What is around every page: where one is, whether it is live, the ways to go, keys, steering. */

import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useParams, useRouterState } from '@tanstack/react-router';
import { type ReactElement, useEffect, useState } from 'react';
import { type Board, get, Refused, type StudyBrief } from './api.ts';
import { useLive } from './live.ts';
import { Failure } from './parts/failure.tsx';
import { Steering } from './parts/steering.tsx';
import { setTheme, type Theme, themeNow } from './theme.ts';

/** Pages of a study: path, name, key. */
export const PAGES = [
  ['', 'Board', 'b'],
  ['trials', 'Trials', 't'],
  ['curves', 'Curves', 'c'],
  ['compare', 'Compare', 'v'],
  ['search', 'Search', 's'],
  ['memory', 'Memory', 'm'],
  ['ledger', 'Ledger', 'l'],
  ['kills', 'Kill audit', 'k'],
  ['scaling', 'Scaling', 'g'],
  ['history', 'History', 'h'],
] as const;

export function Shell(): ReactElement {
  const { study } = useParams({ strict: false }) as { study?: string };
  const studies = useQuery({
    queryKey: ['studies'],
    queryFn: ({ signal }) => get<{ project: string; studies: readonly StudyBrief[] }>('/studies', {}, signal),
  });
  const line = useLive(studies.error === null ? study : undefined);
  const [help, setHelp] = useState(false);
  useKeys(study, () => setHelp((shown) => !shown), help);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const here = path.split('/')[3] ?? '';
  useEffect(() => {
    const name = PAGES.find(([part]) => part === here)?.[1] ?? '';
    document.title = study === undefined ? 'ansatz' : `${study} · ${name} · ansatz`;
  }, [study, here]);

  if (studies.error instanceof Refused && studies.error.status === 401) return <Locked />;
  return (
    <>
      <header className="bar">
        <Link to="/" className="brand">
          ansatz
        </Link>
        {study !== undefined && <StudyPicker study={study} studies={studies.data?.studies ?? []} />}
        {study !== undefined && <Live study={study} line={line} />}
        <span className="push" />
        {study !== undefined && <Steering study={study} />}
        <ThemeButton />
        <button type="button" className="quiet" onClick={() => setHelp(true)} aria-label="Keys">
          ?
        </button>
      </header>
      {study !== undefined && (
        <nav className="tabs" aria-label="Pages of the study">
          {PAGES.map(([part, name]) => (
            <Link
              key={part}
              to={part === '' ? '/s/$study' : `/s/$study/${part}`}
              params={{ study }}
              className={here === part ? 'here' : ''}
              aria-current={here === part ? 'page' : undefined}
            >
              {name}
            </Link>
          ))}
        </nav>
      )}
      <main>{studies.error !== null && study === undefined ? <Failure error={studies.error} /> : <Outlet />}</main>
      {help && <Keys close={() => setHelp(false)} />}
    </>
  );
}

function StudyPicker({ study, studies }: { study: string; studies: readonly StudyBrief[] }): ReactElement {
  const navigate = useNavigate();
  if (studies.length < 2) return <span className="study">{study}</span>;
  return (
    <select
      className="study"
      value={study}
      aria-label="Study"
      onChange={(event) => void navigate({ to: '/s/$study', params: { study: event.target.value } })}
    >
      {studies.map(({ name }) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

function Live({ study, line }: { study: string; line: string }): ReactElement {
  const board = useQuery({
    queryKey: ['study', study, 'board'],
    queryFn: ({ signal }) => get<Board>(`/studies/${study}/board`, {}, signal),
  });
  const status = board.data?.status;
  const words =
    line === 'lost'
      ? 'server gone'
      : status === undefined
        ? '…'
        : !status.open
          ? status.phase === 'ended'
            ? 'ended'
            : 'no lab at work'
          : status.phase === 'running'
            ? `${status.running.length} running`
            : status.phase;
  const look = line === 'lost' ? 'lost' : status?.open === true && status.phase !== 'ended' ? 'on' : 'off';
  return (
    <span className={`live ${look}`} role="status" title={line === 'live' ? 'this page is live' : `line: ${line}`}>
      {words}
    </span>
  );
}

function ThemeButton(): ReactElement {
  const [theme, set] = useState<Theme>(themeNow());
  const next: Record<Theme, Theme> = { system: 'dark', dark: 'light', light: 'system' };
  return (
    <button
      type="button"
      className="quiet"
      aria-label={`Theme: ${theme}`}
      title={`theme: ${theme}`}
      onClick={() => {
        setTheme(next[theme]);
        set(next[theme]);
        globalThis.dispatchEvent(new Event('ansatz-theme'));
      }}
    >
      {theme === 'dark' ? '☾' : theme === 'light' ? '☀' : '◐'}
    </button>
  );
}

function useKeys(study: string | undefined, toggleHelp: () => void, help: boolean): void {
  const navigate = useNavigate();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === 'Escape' && help) return toggleHelp();
      if (/^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || document.querySelector('dialog[open]') !== null) return;
      if (event.key === '?') return toggleHelp();
      if (event.key === '/') {
        const filter = document.querySelector<HTMLInputElement>('[data-filter]');
        if (filter !== null) {
          event.preventDefault();
          filter.focus();
        }
        return;
      }
      const page = PAGES.find(([, , key]) => key === event.key);
      if (page !== undefined && study !== undefined) {
        void navigate({ to: page[0] === '' ? '/s/$study' : `/s/$study/${page[0]}`, params: { study } });
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [study, navigate, toggleHelp, help]);
}

function Keys({ close }: { close: () => void }): ReactElement {
  return (
    <div className="overlay" role="dialog" aria-label="Keys" onClick={close}>
      <div className="card" onClick={(event) => event.stopPropagation()}>
        <h2>Keys</h2>
        <dl className="keys">
          {PAGES.map(([, name, key]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{name}</dd>
            </div>
          ))}
          <div>
            <dt>
              <kbd>/</kbd>
            </dt>
            <dd>filter the table</dd>
          </div>
          <div>
            <dt>
              <kbd>↑ ↓ Enter</kbd>
            </dt>
            <dd>a row, open it</dd>
          </div>
          <div>
            <dt>
              <kbd>Esc</kbd>
            </dt>
            <dd>close</dd>
          </div>
        </dl>
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </div>
  );
}

function Locked(): ReactElement {
  return (
    <main className="locked">
      <h1>This browser has no key</h1>
      <p>
        The link that <code>ansatz ui</code> prints works once, for one browser. Type <code>ansatz ui</code> again (or
        Enter where it runs) and open the new link.
      </p>
    </main>
  );
}

/** The dashboard: one page per question, each a view of the same study. */

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, RouterProvider } from '@tanstack/react-router';
import { createRoot } from 'react-dom/client';
import { Refused } from './api.ts';
import { Shell } from './shell.tsx';
import { Board } from './pages/board.tsx';
import { Compare } from './pages/compare.tsx';
import { Curves } from './pages/curves.tsx';
import { History } from './pages/history.tsx';
import { Kills } from './pages/kills.tsx';
import { Ledger } from './pages/ledger.tsx';
import { Memory } from './pages/memory.tsx';
import { Search } from './pages/search.tsx';
import { Studies } from './pages/studies.tsx';
import { TrialPage } from './pages/trial.tsx';
import { Trials } from './pages/trials.tsx';
import { dress } from './theme.ts';
import 'uplot/dist/uPlot.min.css';
import './style.css';

dress();

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => <p className="empty">There is no such page.</p>,
});
const studies = createRoute({ getParentRoute: () => root, path: '/', component: Studies });
const study = createRoute({ getParentRoute: () => root, path: '/s/$study' });
const board = createRoute({ getParentRoute: () => study, path: '/', component: Board });
const trials = createRoute({
  getParentRoute: () => study,
  path: '/trials',
  component: Trials,
  validateSearch: (given): { filter?: string; sort?: string; up?: string } => ({
    filter: text(given['filter']),
    sort: text(given['sort']),
    up: text(given['up']),
  }),
});
const trial = createRoute({ getParentRoute: () => study, path: '/trials/$trial', component: TrialPage });
const curves = createRoute({
  getParentRoute: () => study,
  path: '/curves',
  component: Curves,
  validateSearch: (
    given,
  ): { trials?: string; metric?: string; x?: string; smooth?: string; log?: string; end?: string } => ({
    trials: text(given['trials']),
    metric: text(given['metric']),
    x: text(given['x']),
    smooth: text(given['smooth']),
    log: text(given['log']),
    end: text(given['end']),
  }),
});
const compare = createRoute({
  getParentRoute: () => study,
  path: '/compare',
  component: Compare,
  validateSearch: (given): { trials?: string } => ({ trials: text(given['trials']) }),
});
const search = createRoute({ getParentRoute: () => study, path: '/search', component: Search });
const memory = createRoute({
  getParentRoute: () => study,
  path: '/memory',
  component: Memory,
  validateSearch: (given): { words?: string } => ({ words: text(given['words']) }),
});
const ledger = createRoute({ getParentRoute: () => study, path: '/ledger', component: Ledger });
const kills = createRoute({ getParentRoute: () => study, path: '/kills', component: Kills });
const scaling = createRoute({
  getParentRoute: () => study,
  path: '/scaling',
  // The planner is only for those who plan.
  component: lazyRouteComponent(() => import('./pages/scaling.tsx')),
  validateSearch: (
    given,
  ): { machine?: string; kind?: string; amount?: string; size?: string; knob?: string; target?: string } => ({
    machine: text(given['machine']),
    kind: text(given['kind']),
    amount: text(given['amount']),
    size: text(given['size']),
    knob: text(given['knob']),
    target: text(given['target']),
  }),
});
const history = createRoute({ getParentRoute: () => study, path: '/history', component: History });

const router = createRouter({
  routeTree: root.addChildren([
    studies,
    study.addChildren([board, trials, trial, curves, compare, search, memory, ledger, kills, scaling, history]),
  ]),
  defaultPreload: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // The stream of changes says when something is stale; nothing is polled.
      staleTime: Infinity,
      refetchOnWindowFocus: false,
      retry: (count, error) => !(error instanceof Refused) && count < 3,
    },
  },
});

createRoot(document.getElementById('root')!).render(
  <QueryClientProvider client={client}>
    <RouterProvider router={router} />
  </QueryClientProvider>,
);

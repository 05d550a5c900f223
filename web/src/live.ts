/** What the server says of itself: a stream of changes with a cursor. Nothing that was seen is fetched again. */

import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

export interface Moved {
  readonly seq: number;
  readonly types: readonly string[];
  readonly trials: readonly number[];
  readonly runs: readonly number[];
  readonly points: readonly number[];
}

export type Line = 'live' | 'lost' | 'opening';

/** At most so often is a page asked for anew, whatever happens in the study. */
const EVERY_MS = 400;

/** Follow a study: what was fetched of it goes stale when it moves. Gives the state of the line. */
export function useLive(study: string | undefined): Line {
  const client = useQueryClient();
  const [line, setLine] = useState<Line>('opening');
  useEffect(() => {
    if (study === undefined) return;
    const source = new EventSource(`/api/studies/${encodeURIComponent(study)}/events`);
    let pending: { moved: boolean; points: boolean; trials: Set<number>; all: boolean } | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = (): void => {
      timer = undefined;
      const now = pending;
      pending = undefined;
      if (now === undefined) return;
      void client.invalidateQueries({
        predicate: ({ queryKey: [, of, what, id] }) => {
          if (of !== study) return false;
          if (what === 'curves') return now.points || now.moved;
          if (what === 'trial') return now.all || now.trials.has(Number(id));
          if (what === 'log') return now.points;
          return now.moved;
        },
      });
      if (now.moved) void client.invalidateQueries({ queryKey: ['studies'] });
    };
    source.addEventListener('change', (event: MessageEvent<string>) => {
      const change = JSON.parse(event.data) as Moved;
      pending ??= { moved: false, points: false, trials: new Set(), all: false };
      pending.moved ||= change.types.length > 0;
      pending.points ||= change.points.length > 0;
      pending.all ||= change.types.includes('*');
      for (const trial of change.trials) pending.trials.add(trial);
      timer ??= setTimeout(flush, EVERY_MS);
    });
    source.addEventListener('open', () => setLine('live'));
    source.addEventListener('error', () => setLine('lost'));
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, [study, client]);
  return line;
}

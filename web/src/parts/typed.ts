/** A text that one types and the address of the page keeps. */

import { useEffect, useRef, useState } from 'react';

/**
 * What stands in the input, and how to change it. `say` is called with it once nothing has been typed for `restMs`
 * milliseconds, and must in time bring `said` to it. A `said` that comes from elsewhere (a link, the way back) takes the
 * input over; one that was typed here does not, since more may have been typed before it came.
 */
export function useTyped(
  said: string,
  say: (text: string) => void,
  restMs = 120,
): readonly [string, (text: string) => void] {
  const [typed, setTyped] = useState(said);
  const underWay = useRef<string[]>([]);
  const latest = useRef(say);
  useEffect(() => {
    latest.current = say;
  });
  useEffect(() => {
    const at = underWay.current.indexOf(said);
    underWay.current = at < 0 ? [] : underWay.current.slice(at + 1);
    if (at < 0) setTyped(said);
  }, [said]);
  useEffect(() => {
    if (typed === said) return;
    const timer = setTimeout(() => {
      underWay.current.push(typed);
      latest.current(typed);
    }, restMs);
    return () => clearTimeout(timer);
  }, [typed, said, restMs]);
  return [typed, setTyped];
}

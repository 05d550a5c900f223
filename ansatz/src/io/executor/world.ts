/** Time as a lab sees it: real or simulated. */

/** A clock the lab can wait on. */
export interface World {
  /** Milliseconds since 1970, never going back. */
  now(): number;
  /** Wait until something was told, the moment `until` has come, or (in the real world) half a second has passed. */
  wait(until: number): Promise<void>;
  /** Something was told: whoever waits is woken. */
  wake(): void;
}

/** How often a lab looks for requests of other processes. */
const LONGEST_WAIT_MS = 500;

/** The real world. Its clock follows the system's when it starts and runs steadily from there. */
export function realWorld(): World {
  const offset = Date.now() - performance.now();
  let release: (() => void) | undefined;
  let woken = false;
  const now = (): number => offset + performance.now();
  return {
    now,
    wake() {
      woken = true;
      release?.();
    },
    async wait(until) {
      if (!woken) {
        const ms = Math.max(0, Math.min(until - now(), LONGEST_WAIT_MS));
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          release = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      release = undefined;
      woken = false;
    },
  };
}

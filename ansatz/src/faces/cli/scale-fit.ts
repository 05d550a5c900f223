/** What a fitted scaling law looks like to a reader, whichever law it is. */

/** What `--json` prints for every law; each adds fields of its own. Numbers that are not known are null. */
export interface ScaleFit {
  readonly law: string;
  readonly n: number;
  readonly objective: number;
  readonly params: Readonly<Record<string, number>>;
  readonly se: Readonly<Record<string, number>> | null;
  readonly intervals: Readonly<Record<string, readonly [number, number]>> | null;
  readonly identified: Readonly<Record<string, boolean>>;
  readonly warnings: readonly string[];
  /** CPU seconds of fit, intervals and bootstrap, without reading the file. */
  readonly seconds: number;
  /** How the table was read. */
  readonly guesses: readonly string[];
  /** Further results as lines of text. */
  readonly summary: readonly string[];
}

/** CPU seconds that `work` takes, and what it gives. */
export function timed<T>(work: () => T): { readonly result: T; readonly seconds: number } {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { result, seconds: (user + system) / 1e6 };
}

/** `npm run -s bench -- <name> [--json]`: the measured figures of this project, one script per name. */

import { availableParallelism, cpus, platform, release } from 'node:os';

/** One figure: a number with its unit, and where it matters a bound, a rival's number from the same run, the spread. */
export interface Figure {
  readonly value: number;
  readonly unit: string;
  /** Lower and upper quartile over seeds or repeats. */
  readonly quartiles?: readonly [number, number];
  /** What the project promises; `pass` says whether it holds. */
  readonly bound?: string;
  readonly pass?: boolean;
  readonly rival?: { readonly name: string; readonly value: number; readonly quartiles?: readonly [number, number] };
  readonly note?: string;
}

export interface Bench {
  readonly seeds: readonly number[];
  readonly figures: Readonly<Record<string, Figure>>;
  readonly notes?: readonly string[];
}

const BENCHES: Readonly<Record<string, () => Promise<{ bench: () => Promise<Bench> }>>> = {
  overhead: () => import('./overhead.ts'),
  crash: () => import('./crash.ts'),
  audit: () => import('./audit.ts'),
  real: () => import('./real.ts'),
  lab: () => import('./lab.ts'),
  search: () => import('./search.ts'),
  stopping: () => import('./stopping.ts'),
  bets: () => import('./bets.ts'),
  verdicts: () => import('./verdicts.ts'),
  memory: () => import('./memory.ts'),
  workspace: () => import('./workspace.ts'),
  scaling: () => import('./scaling.ts'),
  plan: () => import('./plan.ts'),
  ui: () => import('./ui.ts'),
};

const [name, ...flags] = process.argv.slice(2);
const load = name === undefined || !Object.hasOwn(BENCHES, name) ? undefined : BENCHES[name];
if (load === undefined) {
  process.stderr.write(`usage: npm run -s bench -- <name> [--json]   names: ${Object.keys(BENCHES).join(', ')}\n`);
  process.exit(2);
}
const { bench } = await load();
const result = await bench();
const machine = `${cpus()[0]?.model ?? 'cpu'}, ${availableParallelism()} cores, ${platform()} ${release()}, node ${process.version}`;
if (flags.includes('--json')) {
  process.stdout.write(
    `${JSON.stringify({ name, date: new Date().toISOString().slice(0, 10), machine, ...result })}\n`,
  );
} else {
  process.stdout.write(`${name} on ${machine}\n`);
  for (const [key, figure] of Object.entries(result.figures)) {
    const spread = figure.quartiles === undefined ? '' : ` [${figure.quartiles.map(text).join(', ')}]`;
    const rival =
      figure.rival === undefined
        ? ''
        : `   ${figure.rival.name}: ${text(figure.rival.value)}${figure.rival.quartiles === undefined ? '' : ` [${figure.rival.quartiles.map(text).join(', ')}]`}`;
    const bound = figure.bound === undefined ? '' : `   (${figure.pass === true ? 'holds' : 'FAILS'}: ${figure.bound})`;
    process.stdout.write(
      `  ${key.padEnd(34)} ${text(figure.value)} ${figure.unit}${spread}${rival}${bound}${figure.note === undefined ? '' : `   ${figure.note}`}\n`,
    );
  }
  for (const note of result.notes ?? []) process.stdout.write(`  ${note}\n`);
}
process.exitCode = Object.values(result.figures).some((figure) => figure.pass === false) ? 1 : 0;

function text(x: number): string {
  return Number.isInteger(x) ? String(x) : x.toPrecision(4);
}

/** Builds the pages into `dist/`, with every file also packed; called by hand, by the package's build, and by `ansatz ui` in a clone. */

import { globSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, gzipSync } from 'node:zlib';

const home = import.meta.dirname;

/** Whether a source is newer than what was built. */
export function stale(): boolean {
  const built = join(home, 'dist', 'index.html');
  const time = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = [
    ...globSync('src/**/*.{ts,tsx,css}', { cwd: home }),
    ...globSync('*.{ts,html,json}', { cwd: home }),
  ].map((file) => join(home, file));
  return time(built) < Math.max(...sources.map(time));
}

/** Build. `require` finds vite: the one of this folder. */
export async function buildPages(require: NodeJS.Require): Promise<void> {
  const load = async (name: string): Promise<Record<string, unknown>> =>
    (await import(pathToFileURL(require.resolve(name)).href)) as Record<string, unknown>;
  const { build } = (await load('vite')) as unknown as { build: (config: object) => Promise<unknown> };
  const { default: react } = (await load('@vitejs/plugin-react')) as unknown as { default: () => unknown };
  rmSync(join(home, 'dist'), { recursive: true, force: true });
  await build({
    root: home,
    configFile: false,
    logLevel: 'warn',
    plugins: [react()],
    build: {
      outDir: join(home, 'dist'),
      target: 'es2022',
      sourcemap: false,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 800,
    },
  });
  for (const file of globSync('assets/*.{js,css}', { cwd: join(home, 'dist') })) {
    const path = join(home, 'dist', file);
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: constants.Z_BEST_COMPRESSION }));
  }
}

if (process.argv[1] === import.meta.filename) await buildPages(createRequire(import.meta.url));

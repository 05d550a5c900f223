/** Builds `dist/` from `src/`: JavaScript and types file by file, the supervisor beside its executor, and the pages of the dashboard. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const home = join(import.meta.dirname, '..');
const tsc = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace(/package\.json$/, 'bin/tsc');
rmSync(join(home, 'dist'), { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', join(home, 'tsconfig.build.json')], { stdio: 'inherit' });
for (const file of globSync('**/*.{sh,css}', { cwd: join(home, 'src') })) {
  mkdirSync(dirname(join(home, 'dist', file)), { recursive: true });
  copyFileSync(join(home, 'src', file), join(home, 'dist', file));
}
const web = join(home, '..', 'web');
const { buildPages } = (await import(pathToFileURL(join(web, 'build.ts')).href)) as {
  buildPages: (require: NodeJS.Require) => Promise<void>;
};
await buildPages(createRequire(join(web, 'package.json')));
cpSync(join(web, 'dist'), join(home, 'dist', 'web'), { recursive: true });
for (const file of ['LICENSE', 'README.md']) copyFileSync(join(home, '..', file), join(home, file));

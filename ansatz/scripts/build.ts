/** Builds `dist/` from `src/`: JavaScript and types file by file, and the supervisor beside its executor. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

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
for (const file of ['LICENSE', 'README.md']) copyFileSync(join(home, '..', file), join(home, file));

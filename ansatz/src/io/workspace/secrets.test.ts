import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { filesBehind, listeningPaths, rootOnly, secretsIn } from './secrets.ts';

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function folderWith(...paths: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-secrets-'));
  folders.push(folder);
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), 'KEY=1\n');
  }
  return folder;
}

test('finds files of secrets wherever they lie; forms to be filled in, environments and code of others are none', () => {
  const folder = folderWith(
    '.env',
    'a/b/.env.local',
    '.envrc',
    '.env.example',
    'node_modules/x/.env',
    'x.env',
    '.environment',
  );
  mkdirSync(join(folder, 'c', '.env'), { recursive: true });
  expect(secretsIn(folder)).toEqual(['.env', '.envrc', 'a/b/.env.local']);
  expect(secretsIn(folder, ['./.env', 'a/b/.env.local'])).toEqual(['.envrc']);
});

test('a link counts as where it leads, a file behind a linked folder as both', () => {
  const folder = folderWith('real/.env');
  symlinkSync(join(folder, 'real'), join(folder, 'linked'));
  symlinkSync(join(folder, 'real', '.env'), join(folder, '.env'));
  symlinkSync(join(folder, 'nothing'), join(folder, '.envrc'));
  const real = join(folder, 'real', '.env');
  expect(filesBehind(['.env', '.envrc'].map((name) => join(folder, name)))).toEqual([real]);
  expect(filesBehind([join(folder, 'linked', '.env')])).toEqual([join(folder, 'linked', '.env'), real]);
});

test.skipIf(process.platform !== 'linux')('knows the sockets that somebody listens on', async () => {
  const path = join(folderWith(), 'a socket');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  expect(listeningPaths()).toContain(path);
  await new Promise((resolve) => server.close(resolve));
  expect(listeningPaths()).not.toContain(path);
  expect(listeningPaths('/nowhere')).toEqual([]);
});

test.skipIf(process.platform !== 'linux')(
  'what only root may read is nobody’s business, but for what a run needs',
  () => {
    expect(rootOnly([], false)).toEqual({ files: [], folders: [] });
    const { files, folders } = rootOnly([], true);
    for (const file of files) expect(statSync(file).mode & 0o004).toBe(0);
    for (const folder of folders) expect(statSync(folder).mode & 0o001).toBe(0);
    const [first] = folders;
    if (first !== undefined) expect(rootOnly([`${first}/project`], true).folders).not.toContain(first);
    if (existsSync('/etc/shadow')) expect(files).toContain('/etc/shadow');
  },
);

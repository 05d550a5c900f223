import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { machineMemory, readPaused } from './pausing.ts';

const roots: string[] = [];

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

function machine(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'ansatz-machine-'));
  roots.push(root);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

const info = 'MemTotal:        1000 kB\nMemFree:          100 kB\nMemAvailable:     600 kB\n';

test('memory is what the kernel would hand out', () => {
  expect(machineMemory(machine({ 'proc/meminfo': info }))).toEqual({ freeBytes: 600 * 1024, totalBytes: 1000 * 1024 });
  expect(machineMemory(machine({}))).toBeUndefined();
});

test('a container has what it is allowed, its idle file pages counted as free', () => {
  const group = (most: string, current: string): string =>
    machine({
      'proc/meminfo': info,
      'sys/fs/cgroup/memory.max': `${most}\n`,
      'sys/fs/cgroup/memory.current': `${current}\n`,
      'sys/fs/cgroup/memory.stat': 'anon 1\ninactive_file 5000\nactive_file 7\n',
    });
  expect(machineMemory(group('100000', '30000'))).toEqual({ freeBytes: 75000, totalBytes: 100000 });
  expect(machineMemory(group('max', '30000'))!.totalBytes).toBe(1000 * 1024);
  // The machine itself may have less than the group is allowed.
  expect(machineMemory(group('1000000', '30000'))).toEqual({ freeBytes: 600 * 1024, totalBytes: 1000000 });
});

test('what is written about pauses is read back, and nonsense is no pause', () => {
  const root = machine({ 'a/paused': '1.50 99.25\n', 'b/paused': '3.00 -\n', 'c/paused': 'x y\n' });
  expect(readPaused(join(root, 'a'))).toEqual({ seconds: 1.5, since: 99.25 });
  expect(readPaused(join(root, 'b'))).toEqual({ seconds: 3 });
  expect(readPaused(join(root, 'c'))).toEqual({ seconds: 0 });
  expect(readPaused(join(root, 'none'))).toEqual({ seconds: 0 });
});

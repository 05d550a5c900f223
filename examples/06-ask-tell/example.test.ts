import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Lab, labOf, lastPrinted, type Outcome } from '../lab.ts';
import { pythonFolder } from '../python.ts';

const command = [process.execPath, join(import.meta.dirname, '../../ansatz/bin/ansatz.cjs'), 'optimize'];
const inTypeScript = (lab: Lab): Promise<Outcome> =>
  lab.start(process.execPath, '--conditions=source', join(import.meta.dirname, 'optimize.ts'));

test('the library pauses most trainings and spends the budget on the few that are worth it', async () => {
  const { code, stdout, stderr } = await inTypeScript(labOf(import.meta.dirname));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [, begun = 0, full = 0] = /^540 steps: (\d+) trials begun, (\d+) trained to the end$/m
    .exec(stdout)!
    .map(Number);
  expect(full).toBeGreaterThan(0);
  expect(begun).toBeGreaterThan(3 * full);
  // The best there is: 0.4 + 0.1 of adam + what 27 steps leave.
  expect(lastPrinted(stdout, 'loss')).toBeLessThan(0.5 + 2 * 27 ** -0.7 + 0.1);
});

test('the same loop in Python, over the protocol, ends where the library does', async (context) => {
  const lab = labOf(import.meta.dirname, pythonFolder([], context));
  const { code, stdout, stderr } = await lab.start('python3', 'optimize.py', ...command);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const plain = (text: string): string => text.replaceAll(/\s/g, '');
  expect(plain(stdout)).toBe(plain((await inTypeScript(lab)).stdout));
});

test('a shell script finds a good learning rate', async () => {
  const lab = labOf(import.meta.dirname);
  const { code, stdout, stderr } = await lab.start('sh', 'optimize.sh', ...command);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^best of 30: trial \d+, loss [\d.]+, lr [\d.e-]+, optimizer adam$/m);
  expect(lastPrinted(stdout, 'loss')).toBeLessThan(0.52);
});

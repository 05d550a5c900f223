import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['ansatz/src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    // Whole-product tests start real processes on two cores.
    maxWorkers: 2,
    testTimeout: 60_000,
    // A poll that waits for a page or a process may wait long on a busy machine; one second is no measure of ours.
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 60_000,
  },
});

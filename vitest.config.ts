import { defineConfig } from 'vitest/config';

/** Folders whose tests may start processes or talk to the shared stack; every other test is pure and quick. */
const withServers = ['adapters', 'contracts', 'story', 'chaos', 'sandbox'].map(name => `test/${name}/**/*.test.ts`);

/** What takes longer than `npm test` may: other languages' clients, whole clusters, guides that are run step by step. */
const lengthy = ['test/verify/**/*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...withServers, ...lengthy],
          // Property tests are bounded by their number of runs, never by a clock: a busy machine must not fail them.
          testTimeout: 120_000,
          sequence: { groupOrder: 1 },
          maxWorkers: '100%',
        },
      },
      {
        test: {
          name: 'stack',
          include: withServers,
          globalSetup: ['test/sandbox/global-stack.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // After the unit tests, and two at a time: a third would only take the brokers' processor away.
          sequence: { groupOrder: 2 },
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'verify',
          include: lengthy,
          globalSetup: ['test/sandbox/global-stack.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          sequence: { groupOrder: 3 },
          maxWorkers: 1,
        },
      },
    ],
  },
});

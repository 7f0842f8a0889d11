import { defineConfig } from 'vitest/config';

/** Folders whose tests may start processes or talk to the shared stack; every other test is pure and quick. */
const withServers = ['adapters', 'contracts', 'story', 'chaos', 'sandbox'].map(name => `test/${name}/**/*.test.ts`);

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: withServers,
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
    ],
  },
});

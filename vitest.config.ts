import { defineConfig } from 'vitest/config'

/** Every suite runs in processes of its own, because a test here starts servers and must not share them by accident. */
const suite = (name: string, options: Record<string, unknown> = {}): Record<string, unknown> => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], pool: 'forks', ...options },
})

/**
 * Most of these tests wait for a process or a server most of the time, so that more of them than cores may run at once. The
 * files share the modules of their process: to load them anew for each file took half of the processor time.
 */
const SIDE_BY_SIDE = { maxWorkers: 4, isolate: false, sequence: { groupOrder: 0 } }

export default defineConfig({
  test: {
    projects: [
      suite('unit', { ...SIDE_BY_SIDE, testTimeout: 60_000 }),
      suite('integration', {
        ...SIDE_BY_SIDE,
        globalSetup: ['test/helpers/redis/redis-for-tests.ts'],
        testTimeout: 120_000,
        hookTimeout: 60_000,
      }),
      suite('e2e', {
        globalSetup: ['test/helpers/redis/redis-for-tests.ts'],
        testTimeout: 120_000,
        hookTimeout: 60_000,
        maxWorkers: 3,
        sequence: { groupOrder: 1 },
      }),
      // One more try, for the use of the limit alone: where other work shares the cores, permits are missed and the rate falls
      // below what is asserted. The limit itself does not pass by luck: its rules and generated faults are checked in virtual
      // time (limiter/rules, limiter/property), and each try here notes the peak that it saw.
      suite('faults', {
        globalSetup: ['test/helpers/redis/redis-for-tests.ts'],
        testTimeout: 180_000,
        hookTimeout: 60_000,
        fileParallelism: false,
        sequence: { groupOrder: 2 },
        retry: 1,
      }),
    ],
  },
})

import { defineConfig } from 'vitest/config'

/** Every suite runs in processes of its own, because a test here starts servers and must not share them by accident. */
const suite = (name: string, options: Record<string, unknown> = {}): Record<string, unknown> => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], pool: 'forks', ...options },
})

export default defineConfig({
  test: {
    projects: [
      suite('unit', { testTimeout: 20_000 }),
      suite('integration', {
        globalSetup: ['test/helpers/redis-for-tests.ts'],
        testTimeout: 30_000,
        hookTimeout: 60_000,
      }),
      suite('e2e', {
        globalSetup: ['test/helpers/redis-for-tests.ts'],
        testTimeout: 120_000,
        hookTimeout: 60_000,
        fileParallelism: false,
      }),
      // One more try, for the use of the limit alone: where other work shares the cores, permits are missed and the rate falls
      // below what is asserted. The limit itself does not pass by luck: its rules and generated faults are checked in virtual
      // time (limiter/rules, limiter/property), and each try here notes the peak that it saw.
      suite('faults', {
        globalSetup: ['test/helpers/redis-for-tests.ts'],
        testTimeout: 180_000,
        hookTimeout: 60_000,
        fileParallelism: false,
        retry: 1,
      }),
    ],
  },
})

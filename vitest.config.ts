import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { mayCapture } from './test/helpers/network/kernel-stamps.ts'

/** Every suite runs in processes of its own, because a test here starts servers and must not share them by accident. */
const suite = (name: string, options: Record<string, unknown> = {}): Record<string, unknown> => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], pool: 'forks', ...options },
})

const WITH_REDIS = { globalSetup: ['test/helpers/redis/redis-for-tests.ts'], hookTimeout: 60_000 }

/**
 * All of `npm test` side by side: these tests wait for a process or a server most of the time, so that more of them than
 * cores may run at once. The files share the modules of their process: to load them anew for each file took half of the
 * processor time.
 */
const SIDE_BY_SIDE = { maxWorkers: 6, isolate: false, sequence: { groupOrder: 0 } }

/** Tests that judge when calls arrive; property and rules do so in virtual time, where a busy machine changes nothing. */
const MEASURED = ['test/faults/limiter/!(property|rules|vendor).test.ts', 'test/faults/loss/everything-breaks.test.ts']
/** These judge as well how much of the ceiling is used, which takes a core for each worker now and then. */
const USE_MEASURED = ['test/faults/limiter/vendor.test.ts']

/**
 * The kernel stamps calls right however busy the machine is. Where this user may not see its stamps, the simulator's must
 * do: nothing else may run then, and a second with a call too many gets one more try, since a process without a core
 * stamps late. The limit does not pass by luck: limiter/rules and limiter/property check it in virtual time.
 */
const JUDGED_BY = mayCapture()
  ? { maxWorkers: 2 }
  : { fileParallelism: false, retry: { count: 1, condition: /calls in the worst rolling second/ } }

/** Starts the end-to-end tests first: they wait most, and the processor does the short ones meanwhile. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return [...sorted.filter(isEndToEnd), ...sorted.filter(file => !isEndToEnd(file))]
  }
}

const isEndToEnd = ({ project }: TestSpecification): boolean => project.name === 'e2e'

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      suite('unit', { ...SIDE_BY_SIDE, testTimeout: 60_000 }),
      suite('integration', { ...SIDE_BY_SIDE, ...WITH_REDIS, testTimeout: 120_000 }),
      suite('e2e', { ...SIDE_BY_SIDE, ...WITH_REDIS, testTimeout: 120_000 }),
      // What is shipped, built and installed: `npm test` judges the checkout.
      suite('package', { ...WITH_REDIS, testTimeout: 120_000 }),
      // These wait for processes and servers, and judge no rate.
      suite('faults', {
        ...WITH_REDIS,
        exclude: [...MEASURED, ...USE_MEASURED],
        testTimeout: 180_000,
        maxWorkers: 2,
        sequence: { groupOrder: 1 },
      }),
      // These judge when calls arrive.
      suite('faults-measured', {
        ...WITH_REDIS,
        ...JUDGED_BY,
        include: MEASURED,
        testTimeout: 180_000,
        sequence: { groupOrder: 2 },
      }),
      suite('faults-use', {
        ...WITH_REDIS,
        ...JUDGED_BY,
        include: USE_MEASURED,
        fileParallelism: false,
        testTimeout: 180_000,
        sequence: { groupOrder: 3 },
      }),
    ],
  },
})

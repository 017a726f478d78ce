import type { EnqueueOptions } from '../../../jobs/enqueue/producer.ts'
import { allRequests, parseGrowth } from '../../../jobs/job/wish.ts'
import { createRequestReader } from '../../../jobs/status/request-status.ts'
import { keysOf } from '../../../redis/keys.ts'
import type { JobsKeySpace } from './key-space.ts'

/** A due date that leaves time for an earlier one. */
export const LATE = 2_000_000_000

/** Makes the actions and questions of tests in which several wishes are for one account, `user_1`. */
export function wishesOf(keySpace: () => JobsKeySpace) {
  const field = (jobId: string, name: string) => keySpace().redis.hget(keysOf(keySpace().prefix).queue + jobId, name)
  return {
    field,
    enqueue: (options: EnqueueOptions = {}) => keySpace().producer.enqueue('user_1', { due: LATE, ...options }),
    figures: (request: string) =>
      createRequestReader(keySpace().redis, keySpace().prefix, { ceilingPerSecond: 200, margin: 0 })(request),
    /** What a job is to do, as Redis holds it. */
    stored: async (jobId: string) => {
      const [data, wish] = [await field(jobId, 'data'), await field(jobId, 'wish')]
      const { due, type, request } = JSON.parse(data ?? '{}')
      const requests = allRequests(request === undefined ? [] : [request], parseGrowth(wish))
      return { due, type, requests: requests.toSorted() }
    },
  }
}

import { ErrorCode, type RedisQueueBackend } from 'bullmq'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'

/**
 * Makes a backend of BullMQ complete a job also where a foreign producer made it the parent of other jobs, and one of
 * them failed or waits. The account is cleared and has its receipt by then, so BullMQ must not fail the job.
 */
export function completeParents(
  backend: RedisQueueBackend,
  { redis, prefix }: { readonly redis: RedisConnection; readonly prefix: string },
): RedisQueueBackend {
  const { queue } = keysOf(prefix)
  const complete = backend.moveToCompleted.bind(backend)
  backend.moveToCompleted = async (job, ...rest) => {
    try {
      return await complete(job, ...rest)
    } catch (error) {
      if (!waitsForChildren(error)) throw error
      await redis.del(`${queue}${job.id}:dependencies`, `${queue}${job.id}:unsuccessful`)
      return complete(job, ...rest)
    }
  }
  return backend
}

const waitsForChildren = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === ErrorCode.JobPendingChildren || error.code === ErrorCode.JobHasFailedChildren)

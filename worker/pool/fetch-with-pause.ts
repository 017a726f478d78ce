import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisQueueBackend } from 'bullmq'

/** Half would say little more; double would leave a fleet idle for longer when Redis has been mended. */
const ASK_AGAIN_AFTER_MS = 1000

/**
 * Makes a backend of BullMQ that waits before it tells of a job that could not be fetched. Where Redis refuses that, because
 * its memory is full or it is a replica now, BullMQ asks again at once, thousands of times a second.
 */
export function fetchWithPause(backend: RedisQueueBackend): RedisQueueBackend {
  const fetch = backend.moveToActive.bind(backend)
  backend.moveToActive = async (token, name) => {
    try {
      return await fetch(token, name)
    } catch (error) {
      await sleep(ASK_AGAIN_AFTER_MS)
      throw error
    }
  }
  return backend
}

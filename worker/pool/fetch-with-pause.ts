import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisQueueBackend } from 'bullmq'

/** Half would only double the errors in the log; double would leave workers idle longer once Redis is mended. */
const ASK_AGAIN_AFTER_MS = 1000

/**
 * Makes a backend of BullMQ wait a second after each failed fetch. BullMQ itself asks again at once, thousands of times
 * a second, while Redis refuses because its memory is full or it is a replica now.
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

import { setTimeout as sleep } from 'node:timers/promises'
import { isForbidden } from '../../redis/redis-refusal.ts'
import { EnqueueInterruptedError } from '../job/errors.ts'

const REPEAT_FOR_MS = 30_000
const REPEAT_AFTER_MS = 250

/**
 * Repeats a step of an import until Redis takes it.
 *
 * @param entriesDone entries before the step, for the error
 * @param signal ends the repeats
 * @param step safe to repeat; calls `answered` when Redis has answered after a long wait, so that the 30 s begin anew
 * @throws {EnqueueInterruptedError} when Redis was away for 30 seconds, when the signal came while it was away, or
 *   when this user of Redis lacks a right
 */
export async function untilRedisTakes<T>(
  entriesDone: number,
  signal: AbortSignal | undefined,
  step: (answered: () => void) => Promise<T>,
): Promise<T> {
  let giveUpAt: number | undefined
  const answered = (): void => {
    giveUpAt = undefined
  }
  for (;;) {
    try {
      return await step(answered)
    } catch (error) {
      giveUpAt ??= performance.now() + REPEAT_FOR_MS
      if (performance.now() > giveUpAt || isForbidden(error) || signal?.aborted) throw interrupted(entriesDone, error)
      await sleep(REPEAT_AFTER_MS)
    }
  }
}

const interrupted = (entriesDone: number, cause: unknown): EnqueueInterruptedError =>
  new EnqueueInterruptedError(
    `Enqueueing stopped after ${entriesDone} entries: ${cause instanceof Error ? cause.message : String(cause)}`,
    entriesDone,
    cause,
  )

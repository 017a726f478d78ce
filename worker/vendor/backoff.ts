import { setTimeout as sleep } from 'node:timers/promises'

/** Bounds of a backoff. Its span starts at `baseMs` and doubles with each try, up to `capMs`. */
export interface Backoff {
  readonly baseMs: number
  readonly capMs: number
}

/**
 * Gives the wait before the next try with full jitter: uniform from 0 to the span. So jobs that failed together do not
 * come back together.
 *
 * Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * @param tries number of tries that failed so far, from 1
 * @param random gives numbers from 0 up to but not including 1
 * @returns whole milliseconds, at least 1 and at most `capMs`
 */
export function fullJitterMs(tries: number, { baseMs, capMs }: Backoff, random: () => number = Math.random): number {
  const spanMs = Math.min(capMs, baseMs * 2 ** Math.min(tries - 1, 52))
  return Math.max(1, Math.floor(random() * spanMs))
}

/** Waits with full jitter before the next try, until the signal ends it. Never rejects. */
export async function pause(tries: number, backoff: Backoff, signal: AbortSignal): Promise<void> {
  await sleep(fullJitterMs(tries, backoff), undefined, { signal }).catch(() => {})
}

import { setTimeout as sleep } from 'node:timers/promises'
import { type Backoff, fullJitterMs } from './backoff.ts'

/** Waits with full jitter before the next try, until the signal ends it. Never rejects. */
export async function pause(tries: number, backoff: Backoff, signal: AbortSignal): Promise<void> {
  await sleep(fullJitterMs(tries, backoff), undefined, { signal }).catch(() => {})
}

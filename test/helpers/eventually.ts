import { setTimeout as wait } from 'node:timers/promises'

const ASK_EVERY_MS = 25

/**
 * Asks again and again until the answer is yes; for what has no event to wait for.
 *
 * @param what for the failure message, for instance `the server to be gone`
 * @param timeoutMs generous: it only decides how long a failure takes
 * @param everyMs longer where asking costs something
 * @throws Error when the time is over
 */
export async function eventually(
  what: string,
  ask: () => Promise<boolean>,
  timeoutMs = 60_000,
  everyMs: number = ASK_EVERY_MS,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s for ${what}`)
    await wait(everyMs)
  }
}

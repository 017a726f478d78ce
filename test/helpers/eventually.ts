import { setTimeout as wait } from 'node:timers/promises'

const ASK_EVERY_MS = 25

/**
 * Asks again and again until the answer is yes, for a state that has no event to wait for.
 *
 * @param what the state, for the failure message, for instance `the server to be gone`
 * @param timeoutMs longest wait; a long one costs time only when the test fails
 * @param everyMs pause between two questions; longer where a question costs something
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

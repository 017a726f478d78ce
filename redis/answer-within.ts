/**
 * Waits for an answer no longer than so many ms, and then gives nothing. The question goes on; what comes of it later is
 * nobody's business any more, so an error that comes too late is not heard of.
 *
 * @throws whatever the answer failed with in time
 */
export async function answerWithin<T>(ms: number, answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

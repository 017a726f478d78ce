/**
 * Waits at most `ms` for an answer and else returns `undefined`. The work behind the answer goes on; its late result or
 * error is ignored.
 *
 * @throws the error of the answer, if it fails in time
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

import type { DeadLetter } from '../../jobs/dead-letters/dead-letters.ts'

/** A dead letter for the output; it holds the account, and a foreign job id, only with `--reveal`. */
export type ShownLetter = Omit<DeadLetter, 'account' | 'name'> & Partial<Pick<DeadLetter, 'account'>>

/** Takes out what may be a user id, unless the operator asked for it. */
export function toShown({ account, name, ...letter }: DeadLetter, reveal: boolean): ShownLetter {
  return reveal ? { ...letter, account } : { ...letter, jobId: name }
}

/** Puts dead letters into words, one a line. */
export function describeLetters(letters: readonly ShownLetter[]): readonly string[] {
  return letters.map(({ jobId, failedAt, code, why }) => `${jobId}  ${failedAt}  ${code}  ${why}`)
}

/** Puts all fields of a dead letter into words. */
export function describeLetter(letter: ShownLetter): readonly string[] {
  const { jobId, code, why, failedAt, enqueuedAt, due, requests, attempts, account } = letter
  return [
    `job       ${jobId}`,
    ...(account === undefined ? [] : [`account   ${account ?? 'its data holds none'}`]),
    `code      ${code}`,
    `why       ${why}`,
    `gave up   ${failedAt}, after ${attempts} attempts`,
    `enqueued  ${enqueuedAt}`,
    `due       ${due ?? 'unknown'}`,
    `request   ${requests.length === 0 ? 'none' : requests.join(', ')}`,
  ]
}

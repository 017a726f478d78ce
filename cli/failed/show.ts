import type { DeadLetter } from '../../jobs/dead-letters/dead-letters.ts'

/** A dead letter as it is shown; the account is there only where it was asked for. */
export type ShownLetter = Omit<DeadLetter, 'account'> & Partial<Pick<DeadLetter, 'account'>>

/** Takes out the account, unless it was asked for. */
export function toShown({ account, ...letter }: DeadLetter, reveal: boolean): ShownLetter {
  return reveal ? { ...letter, account } : letter
}

/** Puts dead letters into words, a line each. */
export function describeLetters(letters: readonly ShownLetter[]): string {
  return letters.map(({ jobId, failedAt, code, why }) => `${jobId}  ${failedAt}  ${code}  ${why}`).join('\n')
}

/** Puts all of one dead letter into words. */
export function describeLetter(letter: ShownLetter): string {
  const { jobId, code, why, failedAt, enqueuedAt, due, request, attempts, account } = letter
  return [
    `job       ${jobId}`,
    ...(account === undefined ? [] : [`account   ${account ?? 'its data holds none'}`]),
    `code      ${code}`,
    `why       ${why}`,
    `gave up   ${failedAt}, after ${attempts} attempts`,
    `enqueued  ${enqueuedAt}`,
    `due       ${due ?? 'unknown'}`,
    `request   ${request ?? 'none'}`,
  ].join('\n')
}

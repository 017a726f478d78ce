import { EXIT } from '../exit-codes.ts'
import type { Shell } from '../shell.ts'
import { count, counted, strengthenedInWords } from '../words.ts'
import type { Done } from './files/checkpoint.ts'

/** Most lines that may be rejected in an import that counts as done: a number, or a share of all lines from 0 to 1. */
export type MaxRejected = { readonly lines: number } | { readonly share: number }

/** The sums of an import in words that add up. */
export const sumsInWords = ({ lines, accepted, duplicate, rejected }: Done): string =>
  `${counted(lines, 'line')} = ${count(accepted)} accepted + ${count(duplicate)} duplicate + ${count(rejected)} rejected`

/**
 * Prints the manifest of an import.
 *
 * @param file the list of rejected lines
 */
export function printManifest(done: Done, file: string, json: true | undefined, { print, say }: Shell): void {
  const { lines, accepted, duplicate, strengthened, rejected } = done
  const rejectedFile = rejected > 0 ? file : null
  print(json ? JSON.stringify({ lines, accepted, duplicate, strengthened, rejected, rejectedFile }) : sumsInWords(done))
  if (strengthened > 0) say(strengthenedInWords(strengthened))
  if (rejectedFile !== null) say(`the rejected lines are listed in ${rejectedFile}`)
}

/** Gives the exit code of an import that came to its end; says so where too many lines remain rejected. */
export function exitCodeOf({ lines, rejected }: Done, max: MaxRejected, say: Shell['say']): number {
  const most = 'lines' in max ? max.lines : max.share * lines
  if (rejected <= most) return EXIT.done
  const bound = 'lines' in max ? counted(max.lines, 'line') : `${Number((max.share * 100).toFixed(6))} %`
  say(
    `too many lines are rejected: ${count(rejected)} of ${count(lines)}, where --max-rejected allows ${bound}; the others are enqueued`,
  )
  return EXIT.remains
}

export { count } from '../../cli/words.ts'

/** Writes a line of data to stdout. */
export const print = (text: string): void => void process.stdout.write(`${text}\n`)

/** Writes a line about the progress to stderr. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`)

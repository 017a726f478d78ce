import { cpus } from 'node:os'
import { print } from './output.ts'

/** Formats rows as a Markdown table with columns as wide as their widest cell, as the project's pages have them. */
export function toMarkdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map(row => row[column]?.length ?? 0)))
  const line = (cells: readonly string[], filler = ' '): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width, filler)).join(' | ')} |`
  return [line(head), line([], '-'), ...rows.map(row => line(row))].join('\n')
}

/** Describes the machine that figures were measured on. */
export const machine = (): string =>
  `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node.js ${process.version}, ${new Date().toISOString().slice(0, 10)}`

/** A promised figure: its name, the measured value, and whether that keeps the promise. */
export type Promised = readonly [figure: string, measured: string, kept: boolean]

/**
 * Prints figures with the machine that they were measured on.
 *
 * @returns whether all promises were kept
 */
export function printPromises(promises: readonly Promised[]): boolean {
  print(`\n${machine()}\n`)
  print(
    toMarkdown(
      ['figure', 'measured', 'kept'],
      promises.map(([figure, measured, kept]) => [figure, measured, kept ? 'yes' : 'NO']),
    ),
  )
  return promises.every(([, , kept]) => kept)
}

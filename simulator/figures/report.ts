import { COMMAND_NAMES } from '../calls/commands.ts'
import type { Figures } from './figures.ts'

const COLUMNS = ['call', 'arrived', 'limit', 'worst second', 'worst 100 ms', 'over the limit', 'answers'] as const

/** Writes the figures as a table for people, one line a call that was used, and what else is worth a look. */
export function toReport(figures: Figures): string {
  const rows = COMMAND_NAMES.filter(command => figures.byCommand[command].calls > 0).map(command => {
    const { calls, byCode, limitPerSecond, worstSecond, worst100ms, callsOverLimit } = figures.byCommand[command]
    const answers = Object.entries(byCode).map(([code, count]) => `${code}: ${count}`)
    const cells = [command, calls, limitPerSecond, worstSecond.calls, worst100ms.calls, callsOverLimit]
    return [...cells.map(String), answers.join(', ')]
  })
  return [
    ...toTable([[...COLUMNS], ...rows]),
    `requests ${figures.requests}, connections ${figures.connections}, bad signatures ${figures.badSignatures}, ` +
      `bad requests ${figures.badRequests}, repeated random values ${figures.repeatedRandoms}`,
    ...figures.faults.map(({ rule, hits }) => `fault ${JSON.stringify(rule)}: struck ${hits} times`),
  ].join('\n')
}

function toTable(rows: readonly (readonly string[])[]): string[] {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

import { type Logger, pino } from 'pino'
import { describeError } from './describe-error.ts'

export type { Logger }

/**
 * Makes the log of a process: one line of JSON for each event, on stdout.
 *
 * User ids must not get here. Log lines are built from codes, counts and names of jobs. What is written of an error says
 * `describe-error.ts`.
 *
 * @param level pino's level
 */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: { service: 'clear-friends', pid: process.pid },
    serializers: { err: (error: unknown) => describeError(error) },
  })
}

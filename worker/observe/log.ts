import { type DestinationStream, type Logger, pino } from 'pino'
import { describeError } from './describe-error.ts'

export type { Logger }

/**
 * Makes the log of a process: one line of JSON for each event.
 *
 * User ids must not get here. Log lines are built from codes, counts and names of jobs. What is written of an error says
 * `describe-error.ts`.
 *
 * @param level pino's level
 * @param destination default: stdout
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service: 'clear-friends', pid: process.pid },
    serializers: { err: (error: unknown) => describeError(error) },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}

/** Makes a log that is appended to a file, which only this user may read. */
export const createFileLog = (level: string, file: string): Logger =>
  createLog(level, pino.destination({ dest: file, mode: 0o600 }))

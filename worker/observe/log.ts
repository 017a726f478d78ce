import { type Logger, pino } from 'pino'

export type { Logger }

/**
 * Makes the log of a process: one line of JSON for each event, on stdout.
 *
 * User ids must not get here. Log lines are built from codes, counts and job ids. Of an error only name, code and
 * message are written, because drivers keep the arguments of a failed command in it.
 *
 * @param level pino's level
 */
export function createLog(level: string): Logger {
  return pino({ level, base: { service: 'clear-friends', pid: process.pid }, serializers: { err: describeError } })
}

/** Describes an error without arguments of a command, data or cause. */
function describeError(error: unknown): { type: string; code?: string; message: string } {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an error' }
  return {
    type: error.name,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    message: error.message,
  }
}

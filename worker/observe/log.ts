import { type Logger, pino } from 'pino'

export type { Logger }

/**
 * Makes the log of a process: one JSON line an event on stdout.
 *
 * User ids must not get here. What is logged is built from codes, counts and job ids; errors are cut down to name, code
 * and message, because drivers keep the arguments of a failed command in the error.
 *
 * @param level pino's level
 */
export function createLog(level: string): Logger {
  return pino({ level, base: { service: 'clear-friends', pid: process.pid }, serializers: { err: describeError } })
}

/** What may be said of an error: no arguments of a command, no data, no cause. */
function describeError(error: unknown): { type: string; code?: string; message: string } {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an error' }
  return {
    type: error.name,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    message: error.message,
  }
}

import { refusalOf } from '../../redis/redis-refusal.ts'

/** What is written of an error. */
export interface DescribedError {
  readonly type: string
  readonly code?: string | number
  readonly message?: string
  /** Places in the code, innermost first. */
  readonly stack?: readonly string[]
}

/** Errors of this project. Their messages are written here and hold no user id. */
const OURS = new Set([
  'InvalidJobError',
  'PortInUseError',
  'ReceiptKeyError',
  'RedisTooOldError',
  'RedisUnavailableError',
  'SettingsError',
])
/** Texts of the driver that hold nothing of a command. */
const OF_THE_DRIVER = /^(Connection is closed\.|Stream isn't writeable and enableOfflineQueue options is false)$/
const FRAME = /^ {4}at (?:[\w.<>$# [\]]+ \()?(?:file:\/\/|node:|\/|[A-Z]:\\)[^()]*:\d+:\d+\)?$/
const FRAMES_AT_MOST = 10

/**
 * Describes an error without arguments of a command, data or cause: a driver, BullMQ or a parser may quote a user id in
 * its message. So only messages of this project, refusals of Redis and faults of the network are written; of all others
 * name, code and stack.
 *
 * @param error anything that was thrown
 * @param withStack whether the places in the code are wanted; default no
 */
export function describeError(error: unknown, withStack = false): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error }
  const code = 'code' in error ? error.code : undefined
  const message = messageOf(error)
  const stack = withStack ? framesOf(error) : []
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(message === undefined ? {} : { message }),
    ...(stack.length === 0 ? {} : { stack }),
  }
}

function messageOf(error: Error): string | undefined {
  const refusal = refusalOf(error)
  if (refusal !== undefined) return refusal.said
  // Node words these from the name of a system call, an address and a port.
  if (OURS.has(error.name) || 'syscall' in error || OF_THE_DRIVER.test(error.message)) return error.message
  return undefined
}

const framesOf = ({ stack = '' }: Error): string[] =>
  stack
    .split('\n')
    .filter(line => FRAME.test(line))
    .slice(0, FRAMES_AT_MOST)
    .map(line => line.trim())

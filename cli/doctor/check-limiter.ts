import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { COMMANDS } from '../../worker/vendor/client.ts'
import { type CheckResult, failure, ok, warning } from './check-result.ts'

/** Checks the limiter's keys in Redis. It reads only, so that a person sees the fault as it is. */
export async function checkLimiter(redis: RedisConnection, prefix: string): Promise<CheckResult> {
  const keys = keysOf(prefix)
  const wrongFleet = await wrongType(redis, keys.fleet, 'hash')
  if (wrongFleet !== undefined) return wrongFleet
  const permits = COMMANDS.map(keys.permits)
  for (const key of permits) {
    const wrong = await wrongType(redis, key, 'zset')
    if (wrong !== undefined) return wrong
  }
  const unreadable = Object.entries(await redis.hgetall(keys.fleet)).find(([field, value]) => !isReadable(field, value))
  if (unreadable !== undefined) return describeUnreadable(keys.fleet, unreadable[0])
  for (const key of permits) {
    const strangers = (await redis.zrange(key, '0', '-1')).filter(member => !PERMIT.test(member)).length
    if (strangers > 0) return describeStrangers(key, strangers)
  }
  const used = await redis.exists(...permits)
  return ok('limiter', used > 0 ? 'its keys are in order' : 'not used yet')
}

/** A slot in microseconds, or the server that granted the slots. */
const PERMIT = /^(?:\d{1,16}|server:\w*)$/

const LIMITS: readonly (readonly [field: RegExp, value: RegExp])[] = [
  [/^rate$/, /^0*[1-9]\d*$/],
  [/^lowered:/, /^\d+\.?\d*\|\d+\|[01]$/],
  [/^hold$/, /^\d+$/],
]

const isReadable = (field: string, value: string): boolean =>
  LIMITS.every(([named, readable]) => !named.test(field) || readable.test(value))

async function wrongType(redis: RedisConnection, key: string, right: string): Promise<CheckResult | undefined> {
  const type = await redis.type(key)
  if (type === right || type === 'none') return undefined
  return failure(
    'limiter',
    `the key ${key} is a ${type}, which it never is; no call can be made`,
    `Find out who wrote it, then delete it with \`DEL ${key}\`; the fleet goes on two seconds later.`,
  )
}

function describeUnreadable(key: string, field: string): CheckResult {
  const repair =
    field === 'rate'
      ? 'Set the rate that is meant with `clear-friends rate <n>`.'
      : `Delete it with \`HDEL ${key} ${field}\`; the fleet goes on at the rate that is set, and lowers it again where it must.`
  return failure(
    'limiter',
    `the field ${field} of ${key} is no limit that can be read; no call can be made`,
    `Find out who wrote it. ${repair}`,
  )
}

const describeStrangers = (key: string, strangers: number): CheckResult =>
  warning(
    'limiter',
    `the key ${key} holds ${strangers} entries that are no permits; the limit holds, at a lower rate than it could`,
    `Find out who wrote them, then delete it with \`DEL ${key}\`; the fleet goes on two seconds later.`,
  )

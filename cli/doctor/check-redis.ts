import type { RedisConnection } from '../../redis/connection.ts'
import { LEAST_REDIS_VERSION, readRedisVersion } from '../../redis/redis-version.ts'
import { checkLimiter } from './check-limiter.ts'
import { type CheckResult, failure, ok, warning } from './check-result.ts'

const LISTPACK_BYTES = 256
const PINGS = 20
const SLOW_MS = 20
const SKEW_MS = 2000

/** Checks a fleet's Redis. It reads only, and stops at the version if that is too old. */
export async function checkRedis(redis: RedisConnection, prefix: string): Promise<CheckResult[]> {
  const info = await redis.info()
  const version = checkVersion(info)
  if (version.result === 'failure') return [version]
  return [
    version,
    checkPersistence(info),
    ...(await checkRewrites(redis, info)),
    await checkEviction(redis, info),
    await checkMemoryLayout(redis),
    await checkLatency(redis),
    await checkClock(redis),
    await checkLimiter(redis, prefix),
  ]
}

const fieldOf = (info: string, name: string): string | undefined => new RegExp(`^${name}:(.*)\\r$`, 'm').exec(info)?.[1]

function checkVersion(info: string): CheckResult {
  const { name, version, newEnough } = readRedisVersion(info)
  if (newEnough) return ok('redis version', `${name} ${version}`)
  return failure('redis version', `${name} ${version}`, `Use ${LEAST_REDIS_VERSION} or newer.`)
}

function checkPersistence(info: string): CheckResult {
  if (fieldOf(info, 'aof_enabled') === '1') return ok('redis persistence', 'the append-only file is on')
  return warning(
    'redis persistence',
    'the append-only file is off',
    'Set `appendonly yes`: after a crash of Redis, accepted accounts would be lost.',
  )
}

/** Ids of jobs that have ended stay in the append-only file until Redis rewrites it. */
async function checkRewrites(redis: RedisConnection, info: string): Promise<CheckResult[]> {
  if (fieldOf(info, 'aof_enabled') !== '1') return []
  const percentage = await readConfig(redis, 'auto-aof-rewrite-percentage')
  if (percentage !== '0') return [ok('redis rewrites', 'the append-only file is rewritten as it grows')]
  return [
    warning(
      'redis rewrites',
      'the append-only file is never rewritten',
      'Run BGREWRITEAOF once a day, or set `auto-aof-rewrite-percentage 100`: until then the file keeps the user ids of all jobs that have ended.',
    ),
  ]
}

async function checkEviction(redis: RedisConnection, info: string): Promise<CheckResult> {
  const policy = fieldOf(info, 'maxmemory_policy') ?? (await readConfig(redis, 'maxmemory-policy')) ?? 'unknown'
  if (policy === 'noeviction') return ok('redis eviction', 'noeviction')
  const advice = 'Set `maxmemory-policy noeviction`: any other policy may drop jobs and the limiter’s memory.'
  return failure('redis eviction', policy, advice)
}

async function checkMemoryLayout(redis: RedisConnection): Promise<CheckResult> {
  const value = await readConfig(redis, 'hash-max-listpack-value')
  if (value === undefined) {
    return warning(
      'redis memory layout',
      'CONFIG may not be read',
      `Make sure of \`hash-max-listpack-value ${LISTPACK_BYTES}\`.`,
    )
  }
  if (Number(value) >= LISTPACK_BYTES) return ok('redis memory layout', `hash-max-listpack-value ${value}`)
  return warning(
    'redis memory layout',
    `hash-max-listpack-value ${value}`,
    `Set it to ${LISTPACK_BYTES}: a waiting job takes nearly twice the memory otherwise.`,
  )
}

async function readConfig(redis: RedisConnection, name: string): Promise<string | undefined> {
  // Hosted servers often refuse CONFIG.
  const answer: unknown = await redis.call('CONFIG', 'GET', name).catch(() => undefined)
  return Array.isArray(answer) && typeof answer[1] === 'string' ? answer[1] : undefined
}

async function checkLatency(redis: RedisConnection): Promise<CheckResult> {
  const times: number[] = []
  for (let i = 0; i < PINGS; i++) {
    const at = performance.now()
    await redis.ping()
    times.push(performance.now() - at)
  }
  const median = times.sort((a, b) => a - b)[PINGS / 2] ?? 0
  const found = `${median.toFixed(1)} ms for a round trip`
  if (median < SLOW_MS) return ok('redis latency', found)
  return warning('redis latency', found, 'Run the workers closer to Redis; each call waits for one round trip.')
}

async function checkClock(redis: RedisConnection): Promise<CheckResult> {
  const before = Date.now()
  const [seconds, micros] = await redis.time()
  const after = Date.now()
  const skewMs = (before + after) / 2 - (Number(seconds) * 1000 + Number(micros) / 1000)
  const found = `this host is ${Math.abs(skewMs).toFixed(0)} ms ${skewMs < 0 ? 'behind' : 'ahead of'} Redis`
  if (Math.abs(skewMs) < SKEW_MS) return ok('clock', found)
  return warning(
    'clock',
    found,
    'Run a time service on both: signatures and backoff use this host’s clock. The limit does not.',
  )
}

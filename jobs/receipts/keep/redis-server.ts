import type { RedisConnection } from '../../../redis/connection.ts'
import { keysOf } from '../../../redis/keys.ts'
import { refusalOf } from '../../../redis/redis-refusal.ts'
import { createRedisScript } from '../../../redis/redis-script.ts'

/** What the keeper must know of the server: whether it is the same process as before, and what it may lose. */
export interface RedisServer {
  /** Random id of the server's process; a restart or a failover gives another one. Empty where INFO is refused. */
  readonly runId: string
  /** A crash of the server may take with it what is younger than this. */
  readonly mayLoseMs: number
  /** Bytes of writes so far; all that the server holds is in them. */
  readonly written: number
  /** Bytes of writes that all connected replicas have confirmed; infinite where there is no replica. */
  readonly replicated: number
}

/**
 * With `appendfsync everysec` the append-only file is written once a second, and Redis holds no client up before two
 * seconds have passed.
 */
const EVERYSEC_MS = 2000

/** A script, because of a Redis Cluster it must be the server that holds the log. */
const INFO_LUA = "return redis.call('INFO')"

/** Reads it. Hosted servers often refuse CONFIG; then the append-only file is taken to be written once a second. */
export async function readRedisServer(redis: RedisConnection, prefix: string): Promise<RedisServer> {
  const info = await readInfo(redis, prefix)
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
  // For instance slave0:ip=127.0.0.1,port=7001,state=online,offset=4711,lag=1
  const replicas = [...info.matchAll(/^slave\d+:.*state=online,offset=(\d+)/gm)].map(([, offset]) => Number(offset))
  return {
    runId: field('run_id'),
    mayLoseMs: await mayLose(redis, field('aof_enabled')),
    written: Number(field('master_repl_offset')),
    replicated: Math.min(...replicas),
  }
}

async function readInfo(redis: RedisConnection, prefix: string): Promise<string> {
  const run = createRedisScript(redis, 'clearFriendsServer', INFO_LUA)
  return run([keysOf(prefix).receiptLog], []).then(String, (error: unknown) => {
    if (refusalOf(error) === undefined) throw error
    return ''
  })
}

async function mayLose(redis: RedisConnection, aofEnabled: string): Promise<number> {
  // Without the file a crash takes minutes anyway, and no wait would help.
  if (aofEnabled === '0') return 0
  const answer: unknown = await redis.call('CONFIG', 'GET', 'appendfsync').catch(() => undefined)
  return Array.isArray(answer) && answer[1] === 'always' ? 0 : EVERYSEC_MS
}

import type { RedisConnection } from '../../../redis/connection.ts'

/** What the keeper must know of the server: whether it is the same process as before, and what it may lose. */
export interface RedisServer {
  /** Random id of the server's process; a restart or a failover gives another one. Empty where INFO is refused. */
  readonly runId: string
  /** A crash of the server may take with it what is younger than this. */
  readonly mayLoseMs: number
}

/**
 * With `appendfsync everysec` the append-only file is written once a second, and Redis holds no client up before two
 * seconds have passed.
 */
const EVERYSEC_MS = 2000

/** Reads it. Hosted servers often refuse CONFIG; then the append-only file is taken to be written once a second. */
export async function readRedisServer(redis: RedisConnection): Promise<RedisServer> {
  const info = await redis.info().catch(() => '')
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
  return { runId: field('run_id'), mayLoseMs: await mayLose(redis, field('aof_enabled')) }
}

async function mayLose(redis: RedisConnection, aofEnabled: string): Promise<number> {
  // Without the file a crash takes minutes anyway, and no wait would help.
  if (aofEnabled === '0') return 0
  const answer: unknown = await redis.call('CONFIG', 'GET', 'appendfsync').catch(() => undefined)
  return Array.isArray(answer) && answer[1] === 'always' ? 0 : EVERYSEC_MS
}

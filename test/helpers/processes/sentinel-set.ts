/**
 * A primary with replicas, watched by Sentinels, for failover tests; all on the loopback address. It needs a Redis
 * program of this machine, because servers in containers could not reach each other under one address.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { shellWord, startOrphanGuard } from '../../../private-redis/orphan-guard.ts'
import { type PrivateRedis, startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { startRedisProcess } from '../../../private-redis/redis-process.ts'
import { startOnPort } from '../../../private-redis/start-on-port.ts'
import { eventually } from '../eventually.ts'

/** Sizes and times of a set; everything has a default. */
export interface SentinelSetOptions {
  /** Default: 1. */
  readonly replicas?: number
  /** Default: 3; two of them must agree. */
  readonly sentinels?: number
  /** Silence after which a Sentinel counts a server as down, in ms; default: 1000. */
  readonly downAfterMs?: number
}

/** A set in which every Sentinel knows every replica and every other Sentinel. */
export interface SentinelSet {
  /** The name that the Sentinels give the primary. */
  readonly name: string
  /** For `REDIS_SENTINELS`: `host:port` with commas between. */
  readonly sentinels: string
  /** The first primary; it may be a replica, or dead, later on. */
  readonly primary: PrivateRedis
  readonly replicas: readonly PrivateRedis[]
  /** Asks a Sentinel which port the primary has now. */
  primaryPort(): Promise<number>
  /** Ends all servers and removes their files. */
  stop(): Promise<void>
}

const NAME = 'test-primary'

/** Starts servers and Sentinels and resolves when they all know each other. */
export async function startSentinelSet(options: SentinelSetOptions = {}): Promise<SentinelSet> {
  const { replicas: replicaCount = 1, sentinels: sentinelCount = 3, downAfterMs = 1000 } = options
  const primary = await startPrivateRedis()
  const running: { stop(): Promise<void> }[] = [primary]
  const stop = async (): Promise<void> => {
    await Promise.all(running.map(each => each.stop()))
  }
  try {
    const replicas = await inTurn(replicaCount, () =>
      startPrivateRedis({ program: primary.program, args: ['--replicaof', `127.0.0.1 ${primary.port}`] }),
    )
    running.push(...replicas)
    const sentinels = await inTurn(sentinelCount, () => startSentinel(primary, downAfterMs))
    running.push(...sentinels)
    const ports = sentinels.map(sentinel => sentinel.port)
    await eventually('the Sentinels to know each other', () => knowAll(ports, replicaCount, sentinelCount - 1))
    return {
      name: NAME,
      sentinels: ports.map(port => `127.0.0.1:${port}`).join(','),
      primary,
      replicas,
      primaryPort: () => askPrimaryPort(ports[0] ?? 0),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function inTurn<T>(count: number, start: () => Promise<T>): Promise<T[]> {
  const started: T[] = []
  for (let index = 0; index < count; index++) started.push(await start())
  return started
}

async function startSentinel(primary: PrivateRedis, downAfterMs: number) {
  const dir = await mkdtemp(join(tmpdir(), 'clear-friends-sentinel-'))
  const guard = startOrphanGuard()
  const cleanUp = async (): Promise<void> => {
    await guard.dismiss()
    await rm(dir, { recursive: true, force: true })
  }
  try {
    // A Sentinel writes what it learns into its settings file, so each one needs its own.
    const args = [await writeSettings(dir, primary.port, downAfterMs), '--sentinel']
    const onSpawned = (killCommand: string): void => guard.onOrphaned(`${killCommand}; rm -rf -- ${shellWord(dir)}`)
    const { port, server } = await startOnPort(port =>
      startRedisProcess({ program: primary.program, port, dir, args, onSpawned }),
    )
    return { port, stop: () => server.stop().then(cleanUp) }
  } catch (error) {
    await cleanUp()
    throw error
  }
}

async function writeSettings(dir: string, primaryPort: number, downAfterMs: number): Promise<string> {
  const file = join(dir, 'sentinel.conf')
  const lines = [
    `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} 2`,
    `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
    `sentinel failover-timeout ${NAME} ${downAfterMs * 5}`,
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  return file
}

async function knowAll(ports: readonly number[], replicas: number, others: number): Promise<boolean> {
  const known = await Promise.all(ports.map(port => ask(port, redis => redis.info('sentinel'))))
  // For instance: master0:name=test-primary,status=ok,address=127.0.0.1:7000,slaves=1,sentinels=3
  return known.every(text => text.includes('status=ok') && text.includes(`slaves=${replicas},sentinels=${others + 1}`))
}

async function askPrimaryPort(sentinelPort: number): Promise<number> {
  const answer = await ask(sentinelPort, redis => redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME))
  return Array.isArray(answer) ? Number(answer[1]) : 0
}

async function ask<T>(port: number, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: 1 })
  try {
    return await question(redis)
  } finally {
    redis.disconnect()
  }
}

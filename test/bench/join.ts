import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { createProducer } from '../../jobs/enqueue/producer.ts'
import { CLEAR_COMMAND, keysOf } from '../../redis/keys.ts'
import { startWorkerProcess } from '../helpers/processes/worker-process.ts'
import { count, print, say } from './output.ts'
import { startSurroundings } from './surroundings.ts'
import { machine, toMarkdown } from './table.ts'

const PREFIX = '{join}'
const JOINS = 6
/** Enough for all joins at the full rate. */
const ACCOUNTS = 12_000
const WARM_UP_MS = 8000
const STAYS_MS = 3000
const BETWEEN_MS = 3000
/** A start takes half of it; then the process has its first calls before it. */
const LOOK_MS = 2000
/** A single second holds some calls more or fewer than the next. */
const PROMISED = { firstCallMs: 1000, shareKept: 0.985 }

interface Join {
  /** From the start of the process to its first call. */
  readonly firstCallMs: number
  /** Calls of the fleet in the two seconds before the start, and in each of the two that begin with it. */
  readonly before: number
  readonly during: readonly [number, number]
}

/**
 * Lets a second worker process join one that makes all calls, again and again. Checks that it calls within a second of
 * its start, and that the fleet makes as many calls meanwhile as before.
 */
export async function benchJoin(): Promise<boolean> {
  say(`${JOINS} times, a second worker joins one that clears ${count(ACCOUNTS)} accounts`)
  const joins = await measure()
  const sum = (figure: (join: Join) => number): number => joins.reduce((all, join) => all + figure(join), 0)
  const shareKept = sum(({ during: [first, second] }) => first + second) / sum(({ before }) => before)
  print(`\n${machine()}\n`)
  print(
    toMarkdown(
      ['first call after', 'calls in the 2 s before', 'in the second of the start', 'in the next one'],
      joins.map(({ firstCallMs, before, during }) => [`${firstCallMs} ms`, ...[before, ...during].map(String)]),
    ),
  )
  print(`\nwhile a process joins, the fleet makes ${(shareKept * 100).toFixed(1)} % of its calls`)
  return shareKept >= PROMISED.shareKept && joins.every(join => join.firstCallMs < PROMISED.firstCallMs)
}

async function measure(): Promise<Join[]> {
  const around = await startSurroundings(['--latency', '50ms', '--limit', '100000', '--users', String(ACCOUNTS)])
  const settings = { ...around.settings, REDIS_PREFIX: PREFIX, LOG_LEVEL: 'info' }
  const redis = new Redis(around.redis.url)
  const producer = createProducer({ redis: around.redis.url, prefix: PREFIX })
  await producer.enqueueMany(Array.from({ length: ACCOUNTS }, (_, index) => `user_${index + 1}`))
  await producer.close()
  const worker = await startWorkerProcess(settings)
  try {
    await sleep(WARM_UP_MS)
    const joins: Join[] = []
    for (let n = 0; n < JOINS; n++) {
      const startedAt = Date.now()
      const second = await startWorkerProcess(settings)
      await sleep(STAYS_MS)
      joins.push(joinAt(startedAt, await readCalls(redis)))
      await second.stop()
      await sleep(BETWEEN_MS)
    }
    return joins
  } finally {
    await worker.stop()
    redis.disconnect()
    await around.close()
  }
}

/** Calls that a process sent within 10 ms. */
interface Calls {
  readonly caller: string
  /** Epoch ms. */
  readonly at: number
  readonly calls: number
}

/** Reads what all processes counted in Redis, which keeps it for two minutes. */
async function readCalls(redis: Redis): Promise<Calls[]> {
  const start = `${keysOf(PREFIX).sent(CLEAR_COMMAND)}:`
  const seconds = (await redis.keys(`${start}*`)).map(key => Number(key.slice(start.length)))
  const read = seconds.map(async second => {
    const bins = Object.entries(await redis.hgetall(`${start}${second}`))
    return bins.map(([bin, calls]) => {
      const [ofSecond = '', caller = ''] = bin.split(':')
      return { caller, at: second * 1000 + Number(ofSecond) * 10, calls: Number(calls) }
    })
  })
  return (await Promise.all(read)).flat()
}

function joinAt(startedAt: number, all: readonly Calls[]): Join {
  const callsIn = (fromMs: number, toMs: number): number =>
    all.filter(({ at }) => at >= startedAt + fromMs && at < startedAt + toMs).reduce((sum, { calls }) => sum + calls, 0)
  const known = new Set(all.filter(({ at }) => at < startedAt).map(({ caller }) => caller))
  const ofNewcomer = all.filter(({ caller }) => !known.has(caller)).map(({ at }) => at)
  return {
    firstCallMs: Math.round(Math.min(...ofNewcomer) - startedAt),
    before: callsIn(-LOOK_MS, 0),
    during: [callsIn(0, LOOK_MS / 2), callsIn(LOOK_MS / 2, LOOK_MS)],
  }
}

import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'

/** A job that a scan has found; its data are not parsed. */
export interface ScannedJob {
  readonly jobId: string
  readonly data: string
  /** The field `wish`; empty where it has none. */
  readonly wish: string
}

/** Jobs read at once. Larger pages would hold up other clients of Redis for more than a few ms. */
const PAGE = 500
/** BullMQ's sets of jobs, and the lists. A job moves from `delayed` to the others, so that `delayed` comes first. */
const SORTED_SETS = { dead: ['failed'], live: ['delayed', 'prioritized'] } as const
const LISTS = { dead: [], live: ['wait', 'active'] } as const

/**
 * Goes through the dead letters or the live jobs in bounded memory. Its cost grows with their number: 20 to 50 thousand
 * jobs a second. It may give a job twice, and may miss one that moves between the sets meanwhile.
 */
export async function* scanJobs(
  redis: RedisConnection,
  prefix: string,
  which: 'dead' | 'live',
): AsyncGenerator<ScannedJob> {
  const { queue } = keysOf(prefix)
  for (const name of SORTED_SETS[which]) yield* readData(redis, queue, scanSortedSet(redis, queue + name))
  for (const name of LISTS[which]) yield* readData(redis, queue, scanList(redis, queue + name))
}

async function* scanSortedSet(redis: RedisConnection, key: string): AsyncGenerator<readonly string[]> {
  let cursor = '0'
  do {
    const [next, members] = await redis.zscan(key, cursor, 'COUNT', PAGE)
    yield members.filter((_, index) => index % 2 === 0)
    cursor = next
  } while (cursor !== '0')
}

/** From the end at which jobs come in. Jobs that go meanwhile shift the later ones, so the next page begins earlier. */
async function* scanList(redis: RedisConnection, key: string): AsyncGenerator<readonly string[]> {
  for (let from = 0; ; ) {
    const before = await redis.llen(key)
    const page = await redis.lrange(key, from, from + PAGE - 1)
    if (page.length === 0) return
    yield page
    const gone = Math.max(0, before - (await redis.llen(key)))
    from = Math.max(0, from + page.length - gone)
  }
}

async function* readData(
  redis: RedisConnection,
  queue: string,
  pages: AsyncIterable<readonly string[]>,
): AsyncGenerator<ScannedJob> {
  for await (const jobIds of pages) {
    const fields = await Promise.all(jobIds.map(jobId => redis.hmget(queue + jobId, 'data', 'wish')))
    for (const [index, jobId] of jobIds.entries()) {
      const [data, wish] = fields[index] ?? []
      if (typeof data === 'string') yield { jobId, data, wish: wish ?? '' }
    }
  }
}

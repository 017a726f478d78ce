import { type Job, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, beforeAll } from 'vitest'
import { createProducer, type Producer } from '../../../jobs/enqueue/producer.ts'
import { type ClearFriendsQueue, openQueue } from '../../../jobs/job/queue.ts'
import { keysOf, QUEUE_NAME } from '../../../redis/keys.ts'
import { type KeySpace, testRedis } from '../../helpers/redis/redis.ts'

/** A key space of the run's Redis, with queue and producer for tests of jobs. */
export interface JobsKeySpace {
  readonly redis: Redis
  readonly prefix: string
  readonly queue: ClearFriendsQueue
  readonly producer: Producer
  /** Deletes all keys of the key space. */
  empty(): Promise<void>
  /** Takes the next job as a worker does, or gives `undefined` where none is waiting. */
  take(): Promise<Job | undefined>
  /** Token with which {@link take} locks jobs. */
  readonly token: string
}

/** Opens a key space for all tests of a file, and closes it after the last one. */
export function jobsKeySpace(): () => JobsKeySpace {
  let keySpace: JobsKeySpace | undefined
  let close: () => Promise<void> = async () => {}
  beforeAll(async () => {
    const place = testRedis()
    const opened = await open(place)
    keySpace = opened.keySpace
    close = opened.close
  })
  afterAll(() => close())
  return () => {
    if (keySpace === undefined) throw new Error('the key space is not open yet')
    return keySpace
  }
}

async function open(place: KeySpace): Promise<{ keySpace: JobsKeySpace; close: () => Promise<void> }> {
  const { prefix } = place
  const redis = new Redis(place.url, { maxRetriesPerRequest: null })
  const queue = await openQueue(redis, prefix)
  const producer = createProducer({ redis, prefix })
  const token = 'a-test'
  const worker = new Worker(QUEUE_NAME, null, { connection: redis, prefix, autorun: false })
  worker.on('error', () => {})
  return {
    keySpace: {
      redis,
      prefix,
      queue,
      producer,
      token,
      empty: () => place.cleanUp(),
      take: async () => (await worker.getNextJob(token, { block: false })) ?? undefined,
    },
    close: async () => {
      await worker.close()
      await producer.close()
      await queue.close()
      await place.cleanUp()
      redis.disconnect()
    },
  }
}

/** Gives the accounts of all jobs that wait in line, in no particular order. */
export async function waitingAccounts({ redis, prefix }: Pick<JobsKeySpace, 'redis' | 'prefix'>): Promise<string[]> {
  const { queue } = keysOf(prefix)
  const ids = await redis.zrange(`${queue}prioritized`, '0', '-1')
  const data = await Promise.all(ids.map(id => redis.hget(`${queue}${id}`, 'data')))
  return data.map(text => String(JSON.parse(text ?? '{}').account))
}

/** Makes `user_1` to `user_<count>`. */
export const accounts = (count: number): string[] => Array.from({ length: count }, (_, index) => `user_${index + 1}`)

import { beforeEach, describe, expect, it } from 'vitest'
import type { Entry } from '../../../jobs/enqueue/producer.ts'
import { RETRY_PRIORITY } from '../../../jobs/job/due.ts'
import { jobsKeySpace } from './key-space.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const HOUR = 3600
const NOON = Date.UTC(2026, 11, 24, 12) / 1000

async function takeAll(): Promise<string[]> {
  const taken: string[] = []
  for (let job = await keySpace().take(); job !== undefined; job = await keySpace().take()) taken.push(job.data.account)
  return taken
}

describe('workers get', () => {
  it('the earliest due first, whatever the order of the producer', async () => {
    const hours = [7, 2, 9, 0, 4, 30, 1, 8, 6, 5, 3]
    const entries = hours.map((hour): Entry => ({ account: `user_${hour}`, due: NOON + hour * HOUR }))
    await keySpace().producer.enqueueMany(entries)
    expect(await takeAll()).toEqual(hours.toSorted((a, b) => a - b).map(hour => `user_${hour}`))
  })

  it('those of the same ten minutes in the order in which they were enqueued', async () => {
    const { producer } = keySpace()
    for (const second of [3, 1, 2]) await producer.enqueue(`user_${second}`, { due: NOON + second })
    await producer.enqueue('user_first', { due: NOON - HOUR })
    expect(await takeAll()).toEqual(['user_first', 'user_3', 'user_1', 'user_2'])
  })

  it('an overdue job before all others, and one due in the far future last', async () => {
    const { producer } = keySpace()
    await producer.enqueue('user_far', { due: 253_402_300_799 })
    await producer.enqueue('user_soon', { due: NOON })
    await producer.enqueue('user_overdue', { due: 0 })
    expect(await takeAll()).toEqual(['user_overdue', 'user_soon', 'user_far'])
  })

  it('a job that is tried again before the whole backlog, even before an overdue one', async () => {
    const { producer, take, token } = keySpace()
    await producer.enqueue('user_retried', { due: NOON })
    const job = await take()
    await producer.enqueueMany([
      { account: 'user_overdue', due: 0 },
      { account: 'user_soon', due: NOON - HOUR },
    ])
    await job?.changePriority({ priority: RETRY_PRIORITY })
    await job?.moveToDelayed(Date.now() - 1, token)
    expect(await takeAll()).toEqual(['user_retried', 'user_overdue', 'user_soon'])
  })

  it('nothing from a producer’s own options that would go before it: every job has a priority', async () => {
    const { producer, redis, prefix } = keySpace()
    await producer.enqueueMany(['user_1', { account: 'user_2', due: NOON, deleteType: 'single', request: 'ticket-12' }])
    expect(await redis.llen(`${prefix}:clear-friends:wait`)).toBe(0)
    expect(await redis.zcard(`${prefix}:clear-friends:prioritized`)).toBe(2)
  })
})

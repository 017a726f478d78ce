import { beforeEach, describe, expect, it } from 'vitest'
import { createProducer } from '../../../jobs/enqueue/producer.ts'
import { keysOf } from '../../../redis/keys.ts'
import { testSettle } from '../../helpers/receipts/settling.ts'
import { accounts, type JobsKeySpace, jobsKeySpace, waitingAccounts } from './key-space.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

/** Takes jobs away, as fast workers do, and gives the most jobs that were in the queue at once. */
function drain({ redis, prefix, queue }: JobsKeySpace): () => Promise<number> {
  const { queue: start } = keysOf(prefix)
  let most = 0
  let over = false
  const drained = (async () => {
    while (!over) {
      const ids = await redis.zrange(`${start}prioritized`, '0', '49')
      most = Math.max(most, await redis.zcard(`${start}prioritized`))
      await Promise.all(ids.map(id => queue.remove(id)))
    }
  })()
  return async () => {
    over = true
    await drained
    return most
  }
}

describe('enqueueing many with a bound for the queue', () => {
  it('waits for room and never exceeds the bound, down to a bound of one', async () => {
    for (const [maxBacklog, entries] of [
      [1500, 3000],
      [7, 50],
      [1, 20],
    ] as const) {
      const stop = drain(keySpace())
      const manifest = await keySpace().producer.enqueueMany(accounts(entries), { maxBacklog })
      expect(manifest).toMatchObject({ entries, accepted: entries })
      expect(await stop()).toBeLessThanOrEqual(maxBacklog)
      await keySpace().empty()
    }
  })

  it('exceeds it by no more than a batch for each further producer', async () => {
    const { redis, prefix } = keySpace()
    const stop = drain(keySpace())
    const wave = (name: string): string[] => accounts(2000).map(account => `${name}_${account}`)
    const importAll = (name: string) => createProducer({ redis, prefix }).enqueueMany(wave(name), { maxBacklog: 1500 })
    await Promise.all(['a', 'b', 'c'].map(importAll))
    expect(await stop()).toBeLessThanOrEqual(1500 + 2 * 1000)
  })

  it('counts jobs that are worked on and that wait for their backoff, but no dead letters', async () => {
    const { producer, take, token } = keySpace()
    await producer.enqueueMany(accounts(4))
    const [, delayed, dead] = [await take(), await take(), await take()]
    await delayed?.moveToDelayed(Date.now() + 60_000, token)
    const gaveUp = new AbortController()
    const blocked = producer.enqueueMany(['user_5'], { maxBacklog: 4, signal: gaveUp.signal })
    await dead?.moveToFailed(new Error('a made-up reason'), token, false)
    expect(await blocked).toMatchObject({ accepted: 1 })
    gaveUp.abort()
    expect(await producer.enqueueMany(['user_6'], { maxBacklog: 4, signal: gaveUp.signal })).toMatchObject({
      accepted: 0,
    })
  })

  it('tells how many there are while it waits', async () => {
    const { producer } = keySpace()
    await producer.enqueueMany(accounts(3))
    const stop = new AbortController()
    const seen: number[] = []
    const onWaiting = (liveJobs: number): void => {
      seen.push(liveJobs)
      stop.abort()
    }
    await producer.enqueueMany(['user_4'], { maxBacklog: 3, signal: stop.signal, onWaiting })
    expect(seen).toEqual([3])
  })

  it('gives up the wait at a signal, and tells of no entry that it has not sent', async () => {
    const { producer } = keySpace()
    const stop = new AbortController()
    const manifest = await producer.enqueueMany(accounts(2500), {
      maxBacklog: 1200,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    })
    expect(manifest).toEqual({ entries: 1000, accepted: 1000, duplicate: 0, strengthened: 0, rejected: 0 })
    expect(await waitingAccounts(keySpace())).toHaveLength(1000)
  })

  it.for([0, -1, 2.5, Number.NaN])('refuses a bound of %d', async maxBacklog => {
    await expect(keySpace().producer.enqueueMany(['user_1'], { maxBacklog })).rejects.toThrow(RangeError)
    expect(await waitingAccounts(keySpace())).toEqual([])
  })
})

describe('entries that are sent a second time under the same key', () => {
  it('answer as they did the first time and make no second job', async () => {
    const { producer } = keySpace()
    const key = 'a made-up key'
    await producer.enqueueMany(accounts(30), { repeatable: { key, firstIndex: 0 } })
    const again = await producer.enqueueMany(accounts(50).slice(20), { repeatable: { key, firstIndex: 20 } })
    expect(again).toEqual({ entries: 30, accepted: 30, duplicate: 0, strengthened: 0, rejected: 0 })
    expect((await waitingAccounts(keySpace())).toSorted()).toEqual(accounts(50).toSorted())
  })

  it('are not added again when their jobs have ended since, whatever their producer knows', async () => {
    const { producer, redis, prefix, take, token } = keySpace()
    const repeatable = { key: 'a made-up key', firstIndex: 0 }
    const killed = producer.enqueueMany(accounts(10), {
      repeatable,
      onProgress: () => {
        throw new Error('killed before it could write that down')
      },
    })
    await expect(killed).rejects.toThrow('killed')
    for (let n = 0; n < 3; n++) {
      const job = await take()
      await testSettle(redis, prefix)(job?.id ?? '', 'cleared')
      await job?.moveToCompleted(null, token, false)
      await job?.remove()
    }
    const left = await waitingAccounts(keySpace())
    expect(left).toHaveLength(7)
    const again = await producer.enqueueMany(accounts(12), { repeatable })
    expect(again).toEqual({ entries: 12, accepted: 12, duplicate: 0, strengthened: 0, rejected: 0 })
    expect((await waitingAccounts(keySpace())).toSorted()).toEqual([...left, 'user_11', 'user_12'].toSorted())
    expect(await redis.exists(keysOf(prefix).batches)).toBe(0)
  })

  it('are duplicates under another key, and those of another import are too', async () => {
    const { producer } = keySpace()
    await producer.enqueueMany(accounts(3), { repeatable: { key: 'one', firstIndex: 0 } })
    const other = await producer.enqueueMany(accounts(3), { repeatable: { key: 'other', firstIndex: 0 } })
    expect(other).toMatchObject({ accepted: 0, duplicate: 3 })
  })
})

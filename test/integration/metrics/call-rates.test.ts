import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { setFleetRate } from '../../../jobs/status/fleet-control.ts'
import { createCallRatesReader } from '../../../metrics/call-rates.ts'
import { keysOf } from '../../../redis/keys.ts'
import { eventually } from '../../helpers/eventually.ts'
import { jobsKeySpace } from '../jobs/key-space.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const COMMANDS = ['friend_delete_all', 'friend_get']
const BINS_PER_SECOND = 100

const openReader = () => createCallRatesReader(keySpace().redis, keySpace().prefix, 200, COMMANDS)

async function binNow(): Promise<number> {
  const [seconds, micros] = await keySpace().redis.time()
  return Math.floor((Number(seconds) * 1_000_000 + Number(micros)) / 10_000)
}

/** Writes counts of calls as the permit script does; each says how many bins ago the calls were sent. */
async function send(command: string, calls: readonly (readonly [binsAgo: number, calls: number])[]): Promise<void> {
  const { redis, prefix } = keySpace()
  const now = await binNow()
  const pipeline = redis.pipeline()
  for (const [binsAgo, count] of calls) {
    const bin = now - binsAgo
    pipeline.hincrby(
      `${keysOf(prefix).sent(command)}:${Math.floor(bin / BINS_PER_SECOND)}`,
      String(bin % BINS_PER_SECOND),
      count,
    )
  }
  await pipeline.exec()
}

const mostInASecond = (calls: readonly (readonly [binsAgo: number, calls: number])[]): number =>
  Math.max(
    0,
    ...calls.map(([end]) =>
      calls.filter(([at]) => at >= end && at < end + BINS_PER_SECOND).reduce((sum, [, count]) => sum + count, 0),
    ),
  )

describe('the fleet’s call rates', () => {
  it('show only the allowed rate before the first call', async () => {
    expect(await openReader()('a scraper')).toEqual([
      { command: 'friend_delete_all', allowedPerSecond: 200, peakPerSecond: 0 },
      { command: 'friend_get', allowedPerSecond: 200, peakPerSecond: 0 },
    ])
  })

  it('tell the peak of any rolling second, wherever it begins, for each command apart', async () => {
    const someCalls = fc.array(fc.tuple(fc.integer({ min: 130, max: 1000 }), fc.integer({ min: 1, max: 9 })), {
      maxLength: 200,
    })
    await fc.assert(
      fc.asyncProperty(someCalls, someCalls, async (clears, reads) => {
        await keySpace().empty()
        await send('friend_delete_all', clears)
        await send('friend_get', reads)
        const rates = await openReader()('a scraper')
        expect(rates.map(each => each.peakPerSecond)).toEqual([mostInASecond(clears), mostInASecond(reads)])
      }),
      { numRuns: 40 },
    )
  })

  it('tell each scraper the peak since its own last scrape, and none takes it from the other', async () => {
    const read = openReader()
    const peakFor = async (scraper: string): Promise<number | undefined> => (await read(scraper))[0]?.peakPerSecond
    await send('friend_delete_all', [[1000, 207]])
    expect(await peakFor('one')).toBe(207)
    expect(await peakFor('one')).toBe(0)
    expect(await peakFor('other')).toBe(207)
    expect(await peakFor('other')).toBe(0)
  })

  it('leave a call of this moment to a later scrape, when all calls of its second are reported', async () => {
    const read = openReader()
    const sentAt = await binNow()
    await send('friend_delete_all', [[0, 5]])
    await eventually('the calls to be told of', async () => (await read('one'))[0]?.peakPerSecond === 5)
    expect(await binNow()).toBeGreaterThanOrEqual(sentAt + BINS_PER_SECOND)
  })

  it('show what an operator allows, for all commands', async () => {
    await setFleetRate(keySpace().redis, keySpace().prefix, 50, 200)
    expect((await openReader()('a scraper')).map(each => each.allowedPerSecond)).toEqual([50, 50])
  })
})

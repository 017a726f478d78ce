import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemTimers } from '../../../limiter/clock.ts'
import { EndsTogether } from '../../../worker/pool/ends-together.ts'

let ends: EndsTogether
let gone: number[]
beforeEach(() => {
  vi.useFakeTimers()
  ends = new EndsTogether(systemTimers)
  gone = []
})
afterEach(() => {
  vi.useRealTimers()
})

const join = (...jobs: number[]): void => {
  for (const job of jobs) void ends.join(false).then(() => gone.push(job))
}
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

describe('jobs end together', () => {
  it('at once when eight are there', async () => {
    join(1, 2, 3, 4, 5, 6, 7)
    await pass(99)
    expect(gone).toEqual([])
    join(8)
    await pass(0)
    expect(gone).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('100 ms after the first one came when fewer are there', async () => {
    join(1)
    await pass(60)
    join(2)
    await pass(39)
    expect(gone).toEqual([])
    await pass(1)
    expect(gone).toEqual([1, 2])
  })

  it('with a wait of their own when they come after others have gone', async () => {
    join(1, 2, 3, 4, 5, 6, 7, 8)
    await pass(50)
    join(9)
    await pass(99)
    expect(gone).not.toContain(9)
    await pass(1)
    expect(gone).toContain(9)
  })

  it('at once when one of them may not wait', async () => {
    join(1, 2)
    void ends.join(true).then(() => gone.push(3))
    await pass(0)
    expect(gone).toEqual([1, 2, 3])
  })

  it('at once when they are let go, and a drain begins', async () => {
    join(1, 2)
    ends.letGo()
    await pass(0)
    expect(gone).toEqual([1, 2])
    expect(vi.getTimerCount()).toBe(0)
  })
})

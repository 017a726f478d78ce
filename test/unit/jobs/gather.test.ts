import { describe, expect, it } from 'vitest'
import { gather } from '../../../jobs/gather.ts'

/** Answers each number with its double, and notes what it was asked together. */
function doubler(most: number) {
  const calls: (readonly number[])[] = []
  const double = gather<number, number>(most, async asks => {
    calls.push(asks)
    return asks.map(ask => ask * 2)
  })
  return { calls, double }
}

describe('gathered asks', () => {
  it('of one turn of the event loop share a call, and each gets its own answer', async () => {
    const { calls, double } = doubler(10)
    expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6])
    expect(calls).toEqual([[1, 2, 3]])
  })

  it('are split where one call takes no more', async () => {
    const { calls, double } = doubler(2)
    expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6])
    expect(calls).toEqual([[1, 2], [3]])
  })

  it('of a later turn do not wait for the call before them', async () => {
    const { calls, double } = doubler(10)
    await double(1)
    await double(2)
    expect(calls).toEqual([[1], [2]])
  })

  it('are all rejected with what the call rejects with, and only those of that call', async () => {
    const answer = gather<number, number>(2, asks => {
      if (asks.includes(1)) return Promise.reject(new Error('Redis is away'))
      return Promise.resolve(asks)
    })
    const settled = await Promise.allSettled([1, 2, 3].map(answer))
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
  })

  it('are rejected where the answers cannot be told apart', async () => {
    const answer = gather<number, number>(10, async () => [1])
    await expect(Promise.all([1, 2].map(answer))).rejects.toThrow('1 answers to 2 asks')
  })
})

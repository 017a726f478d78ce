import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LOCK_MS } from '../../../worker/pool/lock-times.ts'
import { Locks } from '../../../worker/pool/locks.ts'

let asked: { ids: string[]; tokens: string[] }[]
let lost: string[]
let errors: unknown[]
let fault: Error | undefined
let locks: Locks

beforeEach(() => {
  vi.useFakeTimers()
  ;[asked, lost, errors, fault] = [[], [], [], undefined]
  const extendJobLocks = async (ids: string[], tokens: string[]): Promise<string[]> => {
    asked.push({ ids, tokens })
    if (fault !== undefined) throw fault
    return ids.filter(id => lost.includes(id))
  }
  locks = new Locks({ extendJobLocks }, error => errors.push(error))
  locks.start()
})
afterEach(() => {
  locks.stop()
  vi.useRealTimers()
})

const passALock = (): Promise<unknown> => vi.advanceTimersByTimeAsync(LOCK_MS)

describe('the locks on the jobs in hand', () => {
  it('are renewed well before they run out, until the job is dropped', async () => {
    locks.keep('a', 'token-a')
    await passALock()
    expect(asked).toEqual(Array(4).fill({ ids: ['a'], tokens: ['token-a'] }))
    locks.drop('a')
    await passALock()
    expect(asked).toHaveLength(4)
  })

  it('abort the job whose lock is lost, and no other', async () => {
    const [a, b] = [locks.keep('a', 'token-a'), locks.keep('b', 'token-b')]
    lost = ['a']
    await passALock()
    expect([a.aborted, b.aborted]).toEqual([true, false])
  })

  it('are reported when Redis fails, and renewed later', async () => {
    const signal = locks.keep('a', 'token-a')
    fault = new Error('away')
    await vi.advanceTimersByTimeAsync(LOCK_MS / 4)
    expect(errors).toEqual([fault])
    fault = undefined
    await passALock()
    expect(signal.aborted).toBe(false)
    expect(errors).toHaveLength(1)
  })

  it('abort all jobs when the process drains', () => {
    const signals = ['a', 'b'].map(id => locks.keep(id, id))
    locks.abortAll()
    expect(signals.map(signal => signal.aborted)).toEqual([true, true])
  })
})

import { describe, expect, it } from 'vitest'
import { Traffic } from '../../../worker/vendor/traffic.ts'

const never = new AbortController().signal
/** A request that left so many tenths of a second after the start. */
const call = (tenths: number) => ({ command: 'friend_delete_all' as const, sentAt: 100 * tenths })

describe('the traffic of a process', () => {
  it('may leave while nothing holds it', async () => {
    const traffic = new Traffic()
    expect([traffic.isFree, await traffic.mayLeave(never)]).toEqual([true, true])
  })

  it('waits while it is held, and leaves when the last hold ends', async () => {
    const traffic = new Traffic()
    traffic.hold()
    traffic.hold()
    let left = false
    const leaving = traffic.mayLeave(never).then(may => {
      left = may
    })
    traffic.release()
    await Promise.resolve()
    expect([traffic.isFree, left]).toEqual([false, false])
    traffic.release()
    await leaving
    expect([traffic.isFree, left]).toEqual([true, true])
  })

  it('is turned away when the gate closes, also what was held', async () => {
    const traffic = new Traffic()
    traffic.hold()
    const leaving = traffic.mayLeave(never)
    traffic.closeGate()
    expect(await leaving).toBe(false)
    traffic.openGate()
    traffic.release()
    expect(await traffic.mayLeave(never)).toBe(true)
  })

  it('gives up the wait at the signal', async () => {
    const traffic = new Traffic()
    const controller = new AbortController()
    traffic.hold()
    const leaving = traffic.mayLeave(controller.signal)
    controller.abort()
    expect(await leaving).toBe(false)
  })
})

describe('the question whether others succeed', () => {
  it('is answered by a later request of the same command that succeeds', async () => {
    const traffic = new Traffic()
    traffic.left(call(1))(false)
    const ended = traffic.left(call(2))
    const asked = traffic.othersSucceed(call(1), never)
    ended(true)
    expect(await asked).toBe(true)
  })

  it('is not answered by an earlier request, by one of another command, or by one that fails', async () => {
    const traffic = new Traffic()
    const earlier = traffic.left(call(1))
    const another = traffic.left({ command: 'friend_get', sentAt: 3 })
    const failing = traffic.left(call(4))
    const asked = traffic.othersSucceed(call(2), never)
    earlier(true)
    another(true)
    failing(false)
    expect(await asked).toBe(false)
  })

  it('is not answered by a request that may have overtaken this one on its way', async () => {
    const traffic = new Traffic()
    traffic.left({ command: 'friend_delete_all', sentAt: 110 })(true)
    expect(await traffic.othersSucceed(call(1), never)).toBe(false)
  })

  it('is answered with no at once where nothing later is under way', async () => {
    expect(await new Traffic().othersSucceed(call(1), never)).toBe(false)
  })

  it('is answered with no at the signal, while later requests are still under way', async () => {
    const traffic = new Traffic()
    const controller = new AbortController()
    traffic.left(call(2))
    const asked = traffic.othersSucceed(call(1), controller.signal)
    controller.abort()
    expect(await asked).toBe(false)
  })
})

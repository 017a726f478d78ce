import { beforeEach, describe, expect, it } from 'vitest'
import { createFleetMembers, type Member } from '../../../jobs/status/fleet-members.ts'
import { createFleetStatusReader } from '../../../jobs/status/fleet-status.ts'
import { keysOf } from '../../../redis/keys.ts'
import { jobsKeySpace } from './key-space.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const members = () => createFleetMembers(keySpace().redis, keySpace().prefix)
const status = () =>
  createFleetStatusReader(keySpace().redis, keySpace().prefix, { ceilingPerSecond: 200, margin: 0.01 })()
const member = (id: string, aside: Member['aside'] = null): Member => ({
  ...{ id, host: `host-${id}`, pid: 1, version: '1.0.0', ceilingPerSecond: 200, startedAtMs: 1 },
  aside,
})
const UNREACHABLE = { code: 'unreachable', reason: 'the vendor cannot be reached', sinceMs: 1_800_000_000_000 }

describe('the list of live workers', () => {
  it('holds each worker that has spoken, as it was last', async () => {
    expect(await members().speak(member('a'))).toEqual([member('a')])
    await members().speak(member('b'))
    await members().speak(member('a', UNREACHABLE))
    expect((await members().read()).toSorted((x, y) => (x.id < y.id ? -1 : 1))).toEqual([
      member('a', UNREACHABLE),
      member('b'),
    ])
  })

  it('forgets a worker that leaves, and one that has said nothing for 20 s', async () => {
    const { redis, prefix } = keySpace()
    for (const id of ['a', 'b', 'c']) await members().speak(member(id))
    await members().leave('a')
    const long = Date.now() - 21_000
    await redis.hset(keysOf(prefix).workers, 'b', `${long}|${JSON.stringify(member('b'))}`)
    expect(await members().read()).toEqual([member('c')])
    await members().speak(member('c'))
    expect(await redis.hkeys(keysOf(prefix).workers)).toEqual(['c'])
  })

  it('forgets one whose time lies ahead, as after the clock of Redis went back', async () => {
    const { redis, prefix } = keySpace()
    await redis.hset(keysOf(prefix).workers, 'a', `${Date.now() + 3_600_000}|${JSON.stringify(member('a'))}`)
    expect(await members().read()).toEqual([])
  })

  it.each(['', 'no time', '1|{}', `${Date.now()}|`, `${Date.now()}|{"id":1}`, `${Date.now()}|null`])(
    'takes %j for no worker',
    async text => {
      const { redis, prefix } = keySpace()
      await redis.hset(keysOf(prefix).workers, 'a', text)
      expect(await members().read()).toEqual([])
      expect(await members().speak(member('b'))).toEqual([member('b')])
    },
  )
})

describe('the ceilings of the workers', () => {
  const withCeiling = (id: string, ceilingPerSecond: number): Member => ({ ...member(id), ceilingPerSecond })
  const allowed = async (): Promise<number> => (await status()).rate.allowed

  it('are held to the lowest of those that are live', async () => {
    await members().speak(withCeiling('a', 200))
    await members().speak(withCeiling('b', 50))
    expect(await allowed()).toBe(50)
    await members().speak(withCeiling('a', 200))
    expect(await allowed()).toBe(50)
    await members().leave('b')
    expect(await allowed()).toBe(200)
    await members().leave('a')
    expect(await allowed()).toBe(200)
  })

  it.each(['no number', '0', '-5'])('stop all calls while %j is stored, until a worker speaks', async text => {
    await keySpace().redis.hset(keysOf(keySpace().prefix).fleet, 'ceiling', text)
    expect(await allowed()).toBe(0)
    await members().speak(withCeiling('a', 120))
    expect(await allowed()).toBe(120)
  })
})

describe('the status', () => {
  it('shows who stands aside, and a forecast while another works', async () => {
    await keySpace().producer.enqueue('user_1')
    await members().speak(member('a', UNREACHABLE))
    await members().speak(member('b'))
    expect(await status()).toMatchObject({
      workers: 2,
      aside: [{ host: 'host-a', code: 'unreachable', since: '2027-01-15T08:00:00.000Z' }],
      etaSeconds: 1,
      dueAtRisk: 0,
    })
  })

  it('promises no end and counts no risk while all workers stand aside', async () => {
    await keySpace().producer.enqueue('user_1')
    await members().speak(member('a', UNREACHABLE))
    expect(await status()).toMatchObject({ workers: 1, etaSeconds: null, dueAtRisk: null })
  })

  it('shows a queue that another tool has paused, and promises no end', async () => {
    await keySpace().producer.enqueue('user_1')
    await keySpace().queue.pause()
    expect(await status()).toMatchObject({ paused: true, pause: null, etaSeconds: null })
    await keySpace().queue.resume()
  })
})

import { beforeEach, describe, expect, it } from 'vitest'
import { InvalidRateError } from '../../../jobs/job/errors.ts'
import { createFleetControl, type FleetControl, setFleetRate } from '../../../jobs/status/fleet-control.ts'
import { createFleetReader, TOO_MANY_MISSING } from '../../../jobs/status/fleet-state.ts'
import { createFleetStatusReader } from '../../../jobs/status/fleet-status.ts'
import { keysOf } from '../../../redis/keys.ts'
import { jobsKeySpace } from './key-space.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const control = (): FleetControl => createFleetControl(keySpace().redis, keySpace().queue, keySpace().prefix)
const state = () => createFleetReader(keySpace().redis, keySpace().prefix)()
const status = () =>
  createFleetStatusReader(keySpace().redis, keySpace().prefix, { ceilingPerSecond: 200, margin: 0.01 })()
/** Whether workers may fetch. */
const isOpen = async (): Promise<boolean> => !(await keySpace().queue.isPaused())

const pause = { reason: 'a made-up incident', sinceMs: 1_800_000_000_000 }
const halt = { code: '70001', reason: 'the signature is refused', host: 'host-1' }
const resume = { reason: 'mended', atMs: 1_800_000_200_000 }

describe('the fleet', () => {
  it('is open at first', async () => {
    expect(await state()).toMatchObject({ paused: null, halted: null })
    expect(await isOpen()).toBe(true)
  })

  it('takes no job while it is paused, and goes on where it was', async () => {
    const { producer, take } = keySpace()
    await producer.enqueue('user_1')
    await control().pause(pause)
    expect(await state()).toMatchObject({ paused: pause, halted: null })
    expect(await status()).toMatchObject({ paused: true, halted: null, queue: { waiting: 1 } })
    expect(await take()).toBeUndefined()
    await control().resume(resume)
    expect(await status()).toMatchObject({ paused: false, halted: null, queue: { waiting: 1 } })
    expect((await take())?.data.account).toBe('user_1')
  })

  it('keeps the reason of the last pause', async () => {
    await control().pause(pause)
    await control().pause({ ...pause, reason: 'another one' })
    expect((await state()).paused?.reason).toBe('another one')
  })

  it('keeps the first halt, and says which call was it', async () => {
    expect(await control().halt(halt)).toBe(true)
    expect(await control().halt({ ...halt, code: '60006' })).toBe(false)
    expect(await state()).toMatchObject({ paused: null, halted: halt })
    expect(await status()).toMatchObject({
      paused: false,
      halted: { code: '70001', reason: 'the signature is refused', host: 'host-1' },
    })
    expect(await isOpen()).toBe(false)
  })

  it('resumes from pause and halt at once, and again without harm', async () => {
    await control().pause(pause)
    await control().halt(halt)
    await control().resume(resume)
    await control().resume(resume)
    expect(await state()).toMatchObject({ paused: null, halted: null })
    expect(await isOpen()).toBe(true)
  })

  it('keeps why it was resumed, and shows it', async () => {
    expect((await state()).resumed).toBeNull()
    await control().pause(pause)
    await control().resume(resume)
    expect((await state()).resumed).toEqual(resume)
    expect((await status()).resumed).toEqual({ reason: 'mended', at: '2027-01-15T08:03:20.000Z' })
  })

  it('stays paused by the operator when its halt ends by itself', async () => {
    await control().halt(halt)
    await control().pause(pause)
    await control().liftHalt()
    expect(await state()).toMatchObject({ paused: pause, halted: null })
    expect(await isOpen()).toBe(false)
  })

  it('keeps the beginning of a halt that comes back, by the clock of Redis, until a person resumes', async () => {
    const begins = async (): Promise<number> => (await state()).halted?.sinceMs ?? 0
    const [secondsBefore] = await keySpace().redis.time()
    await control().halt(halt)
    const first = await begins()
    expect(first).toBeGreaterThanOrEqual(Number(secondsBefore) * 1000)
    await control().liftHalt()
    await control().halt(halt)
    expect(await begins()).toBe(first)
    await control().liftHalt()
    await control().halt({ ...halt, code: '60006' })
    expect(await begins()).toBeGreaterThan(first)
    await control().resume(resume)
    await control().halt(halt)
    expect(await begins()).toBeGreaterThan(first)
  })

  it('opens when a halt ends that was alone', async () => {
    await control().halt(halt)
    await control().liftHalt()
    expect(await isOpen()).toBe(true)
  })

  it.each([
    ['pause', 'no JSON'],
    ['pause', '{}'],
    ['halt', 'null'],
    ['halt', '{"code":1}'],
  ])('counts as closed when the %s that is stored is %s', async (field, text) => {
    await keySpace().redis.hset(keysOf(keySpace().prefix).fleet, field, text)
    const { paused, halted } = await state()
    expect(field === 'pause' ? paused : halted).toMatchObject({ reason: expect.stringContaining('cannot be read') })
    await control().resume(resume)
    expect(await state()).toMatchObject({ paused: null, halted: null })
  })

  it('lets workers fetch exactly when its state is open, however many halt and resume it at once', async () => {
    for (let round = 0; round < 40; round++) {
      const changes = Array.from({ length: 6 }, (_, index) =>
        (index + round) % 2 === 0 ? control().halt(halt) : control().resume(resume),
      )
      await Promise.all(changes)
      expect(await isOpen(), `round ${round}`).toBe((await state()).halted === null)
    }
  })

  it('brings the queue in line where a process was killed between changing the state and the queue', async () => {
    await keySpace().queue.pause()
    await control().align()
    expect(await isOpen()).toBe(true)
    await keySpace().redis.hset(keysOf(keySpace().prefix).fleet, 'halt', JSON.stringify({ ...halt, sinceMs: 1 }))
    await control().align()
    expect(await isOpen()).toBe(false)
  })

  it('does not halt again for accounts that do not exist once a person has said that this is right', async () => {
    const missing = { ...halt, code: TOO_MANY_MISSING }
    expect(await control().halt(missing)).toBe(true)
    await control().resume(resume)
    expect(await control().halt(missing)).toBe(false)
    expect(await state()).toMatchObject({ paused: null, halted: null })
    expect(await isOpen()).toBe(true)
    expect(await control().halt(halt)).toBe(true)
  })

  it('keeps its state, and takes new jobs, while it stands still', async () => {
    await control().pause(pause)
    expect((await keySpace().producer.enqueue('user_1')).result).toBe('accepted')
    expect(await status()).toMatchObject({ paused: true, queue: { waiting: 1 } })
  })
})

describe('the rate of the fleet', () => {
  it('can be lowered and raised up to the ceiling', async () => {
    const { redis, prefix } = keySpace()
    await setFleetRate(redis, prefix, 20, 200)
    expect((await status()).rate).toMatchObject({ limit: 200, allowed: 20 })
    await setFleetRate(redis, prefix, 200, 200)
    expect((await status()).rate).toMatchObject({ limit: 200, allowed: 200 })
  })

  it.each([0, -1, 0.5, 201, Number.NaN, Number.POSITIVE_INFINITY])('cannot be set to %d', async rate => {
    const { redis, prefix } = keySpace()
    await expect(setFleetRate(redis, prefix, rate, 200)).rejects.toThrow(InvalidRateError)
    expect((await status()).rate.allowed).toBe(200)
  })

  it('is the ceiling when more than that is stored, as before the ceiling was set down', async () => {
    await keySpace().redis.hset(keysOf(keySpace().prefix).fleet, 'rate', '9999')
    expect((await status()).rate.allowed).toBe(200)
  })

  it.each(['no number', '0', '-5'])('is none when %j is stored, since nobody knows what was meant', async text => {
    await keySpace().redis.hset(keysOf(keySpace().prefix).fleet, 'rate', text)
    expect((await status()).rate.allowed).toBe(0)
  })
})

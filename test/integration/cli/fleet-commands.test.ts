import { describe, expect, it } from 'vitest'
import { createFleetMembers } from '../../../jobs/status/fleet-members.ts'
import { createFleetStatusReader, type FleetStatus } from '../../../jobs/status/fleet-status.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

const status = ({ redis, prefix }: CommandKeySpace): Promise<FleetStatus> =>
  createFleetStatusReader(redis, prefix, { ceilingPerSecond: 200, margin: 0.01 })()

describe.concurrent('clear-friends pause and resume', () => {
  it('stop the fleet and let it go on; both may be repeated', async context => {
    const keySpace = await openKeySpace(context)
    const paused = { code: 0, stdout: 'paused\n', stderr: '' }
    expect(await keySpace.run('pause', '--reason', 'a made-up incident')).toEqual(paused)
    expect((await keySpace.run('status')).stdout).toMatch(
      /^PAUSED {4}by an operator since 20\d\d-\S+Z: a made-up incident; `clear-friends resume` goes on\n/,
    )
    expect(await keySpace.run('pause')).toEqual(paused)
    expect(await status(keySpace)).toMatchObject({ paused: true, halted: null })
    const resumed = { code: 0, stdout: 'resumed\n', stderr: '' }
    expect(await keySpace.run('resume', '--reason', 'a made-up repair')).toEqual(resumed)
    expect((await keySpace.run('status')).stdout).toMatch(
      /^resumed {3}by an operator at 20\d\d-\S+Z: a made-up repair\n/,
    )
    expect(await keySpace.run('resume')).toEqual(resumed)
    expect(await status(keySpace)).toMatchObject({ paused: false, halted: null })
  })
})

describe.concurrent('clear-friends rate', () => {
  it('shows the rate and sets it', async context => {
    const keySpace = await openKeySpace(context)
    expect((await keySpace.run('rate')).stdout).toBe('200 calls per second allowed, 200 is the ceiling\n')
    const stdout = '20 calls per second allowed, 200 is the ceiling\n'
    expect(await keySpace.run('rate', '20')).toEqual({ code: 0, stdout, stderr: '' })
    expect((await status(keySpace)).rate.allowed).toBe(20)
  })

  it('never goes above the ceiling', async context => {
    const keySpace = await openKeySpace(context)
    const { code, stdout, stderr } = await keySpace.run('rate', '201')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('from 1 to 200, the lowest RATE_LIMIT_PER_SECOND')
    expect((await status(keySpace)).rate.allowed).toBe(200)
  })

  it('never goes above the ceiling of a live worker', async context => {
    const keySpace = await openKeySpace(context)
    const worker = { host: 'a-made-up-host', pid: 1, version: '0.0.0', startedAtMs: 0, aside: null }
    const members = createFleetMembers(keySpace.redis, keySpace.prefix)
    await members.speak({ ...worker, id: 'a', ceilingPerSecond: 200 })
    await members.speak({ ...worker, id: 'b', ceilingPerSecond: 50 })
    expect((await keySpace.run('rate')).stdout).toBe('50 calls per second allowed, 50 is the ceiling\n')
    expect(await keySpace.run('rate', '51')).toMatchObject({ code: 1, stdout: '' })
    expect(await keySpace.run('rate', '20')).toMatchObject({ code: 0 })
  })

  it.for(['0', 'many', '1.5', '', '1e3', '0x10', 'NaN', '9999999999'])(
    'refuses %s as wrong usage',
    async (rate, context) => {
      const { code, stdout, stderr } = await (await openKeySpace(context)).run('rate', rate)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain('Expected a whole number of calls per second')
    },
  )

  it('refuses a negative rate as wrong usage', async context => {
    const keySpace = await openKeySpace(context)
    expect(await keySpace.run('rate', '--', '-5')).toMatchObject({ code: 2, stdout: '' })
    const { code, stdout, stderr } = await keySpace.run('rate', '-5')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('-5')
    expect((await status(keySpace)).rate.allowed).toBe(200)
  })

  it('mends a rate that cannot be read', async context => {
    const keySpace = await openKeySpace(context)
    await keySpace.redis.hset(`${keySpace.prefix}:fleet`, 'rate', 'as fast as you can')
    expect((await keySpace.run('rate')).stdout).toBe('0 calls per second allowed, 200 is the ceiling\n')
    expect((await keySpace.run('rate', '200')).stdout).toBe('200 calls per second allowed, 200 is the ceiling\n')
  })
})

import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { setFleetRate } from '../../jobs/status/fleet-control.ts'
import { type PrivateRedis, startPrivateRedis } from '../../private-redis/private-redis.ts'
import { DEFAULT_PREFIX, keysOf } from '../../redis/keys.ts'
import { runCommand } from '../helpers/commands/run-command.ts'
import { eventually } from '../helpers/eventually.ts'
import { fleetForTest, type VendorAndWorkers } from '../helpers/fleets/vendor-and-workers.ts'

const ACCOUNTS = 150
const keys = keysOf(DEFAULT_PREFIX)

let server: PrivateRedis
let redis: Redis
beforeAll(async () => {
  server = await startPrivateRedis()
  redis = new Redis(server.url)
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})
beforeEach(async () => {
  await redis.config('SET', 'maxmemory', '0')
  await redis.flushall()
})

const start = (): Promise<VendorAndWorkers> =>
  fleetForTest({ server, simulator: { users: { count: ACCOUNTS } }, settings: { LOG_LEVEL: 'info' } })

async function enqueueAll(fleet: VendorAndWorkers): Promise<void> {
  const accounts = Array.from({ length: ACCOUNTS }, (_, n) => `user_${n + 1}`)
  await fleet.producer.enqueueMany(accounts, { request: 'ticket-1' })
}

const ended = async (): Promise<number> =>
  Object.values(await redis.hgetall(keys.outcomes)).reduce((sum, jobs) => sum + Number(jobs), 0)

async function fillMemory(): Promise<void> {
  await redis.config('SET', 'maxmemory', '1')
  await expect(redis.set('anything', 'else')).rejects.toThrow('OOM')
}

async function expectEachClearedOnce(fleet: VendorAndWorkers): Promise<void> {
  await expectAllCleared(fleet)
  const { calls, byCode } = fleet.simulator.figures().byCommand.friend_delete_all
  expect({ calls, byCode }).toEqual({ calls: ACCOUNTS, byCode: { 0: ACCOUNTS } })
}

async function expectAllCleared({ workers }: VendorAndWorkers): Promise<void> {
  await eventually('all to end', async () => (await ended()) === ACCOUNTS)
  expect(await redis.hgetall(`${keys.requests}ticket-1`)).toMatchObject({ cleared: String(ACCOUNTS) })
  expect(await Promise.all(workers.map(worker => worker.stop()))).toEqual(workers.map(() => 0))
  expect(await redis.keys(`${keys.queue}*:lock`)).toEqual([])
}

describe('while the memory of Redis is full', () => {
  it('a queue is drained all the same, because a job that ends makes room: each account once', async () => {
    const fleet = await start()
    await enqueueAll(fleet)
    await eventually('the first to end', async () => (await ended()) > 0)
    await fillMemory()
    await expectEachClearedOnce(fleet)
  })

  it('a worker that starts says why it gets no jobs, not more than once, and goes on when there is room', async () => {
    const fleet = await start()
    expect(await fleet.workers[0]?.stop()).toBe(0)
    await enqueueAll(fleet)
    await fillMemory()
    const worker = await fleet.addWorker()
    const refusals = (): number => worker.logLines.filter(line => line.includes('OOM command not allowed')).length
    await eventually('the refusal', async () => refusals() > 0)
    const before = await commandsSoFar()
    await eventually('three seconds to pass', async () => (await commandsSoFar()).atSeconds > before.atSeconds + 3)
    const after = await commandsSoFar()
    // A worker without pauses sends Redis some 5,000 commands a second.
    const perSecond = (after.commands - before.commands) / (after.atSeconds - before.atSeconds)
    expect(perSecond).toBeLessThan(500)
    expect(refusals()).toBe(1)
    await redis.config('SET', 'maxmemory', '0')
    await expectEachClearedOnce(fleet)
  })

  it('the fleet can be paused, and goes on when it is resumed; a command that is refused says what to do', async () => {
    // A low rate, so that the commands come before the end of the jobs on a busy machine.
    await setFleetRate(redis, DEFAULT_PREFIX, 10, 200)
    const fleet = await start()
    await enqueueAll(fleet)
    await eventually('the first to end', async () => (await ended()) > 0)
    await fillMemory()
    const [paused, refused] = await Promise.all([
      runCommand(['pause', '--reason', 'the memory is full'], { REDIS_URL: server.url }),
      runCommand(['rate', '100'], { REDIS_URL: server.url }),
    ])
    expect(paused).toEqual({ code: 0, stdout: 'paused\n', stderr: '' })
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr:
        "clear-friends: Redis cannot be used (OOM command not allowed when used memory > 'maxmemory'.). " +
        'Its memory is full: give it more (`maxmemory`), or wait until workers have made room.\n',
    })
    await eventually('the jobs in hand to go back', async () => (await redis.llen(`${keys.queue}active`)) === 0)
    expect(fleet.simulator.figures().byCommand.friend_delete_all.calls).toBeLessThan(ACCOUNTS)
    await redis.config('SET', 'maxmemory', '0')
    await setFleetRate(redis, DEFAULT_PREFIX, 200, 200)
    expect(await runCommand(['resume'], { REDIS_URL: server.url })).toMatchObject({ code: 0 })
    // The workers could not settle accounts whose proof came too late, so they clear some a second time.
    await expectAllCleared(fleet)
  })
})

async function commandsSoFar(): Promise<{ commands: number; atSeconds: number }> {
  const info = await redis.info()
  const figure = (name: string): number => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1])
  return { commands: figure('total_commands_processed'), atSeconds: figure('uptime_in_seconds') }
}

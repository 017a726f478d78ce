import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createProducer } from '../../jobs/enqueue/producer.ts'
import { setFleetRate } from '../../jobs/status/fleet-control.ts'
import { type PrivateRedis, startPrivateRedis } from '../../private-redis/private-redis.ts'
import { DEFAULT_PREFIX, keysOf } from '../../redis/keys.ts'
import { type Simulator, startSimulator } from '../../simulator/index.ts'
import { runCommand } from '../helpers/commands/run-command.ts'
import { eventually } from '../helpers/eventually.ts'
import { startWorkerProcess, type WorkerProcess, workerSettingsFor } from '../helpers/processes/worker-process.ts'

const ACCOUNTS = 400
const keys = keysOf(DEFAULT_PREFIX)

let server: PrivateRedis
let redis: Redis
let simulator: Simulator
let worker: WorkerProcess

beforeEach(async () => {
  server = await startPrivateRedis()
  redis = new Redis(server.url)
  // A busy machine may make the vendor refuse a call, whose job goes back then; that is no matter of memory.
  simulator = await startSimulator({ users: { count: ACCOUNTS }, limitPerSecond: 1_000_000 })
  const producer = createProducer({ redis: server.url })
  const accounts = Array.from({ length: ACCOUNTS }, (_, n) => `user_${n + 1}`)
  await producer.enqueueMany(accounts, { request: 'ticket-1' })
  await producer.close()
  worker = await startWorker()
})
afterEach(async () => {
  worker.signal('SIGKILL')
  await worker.ended
  await simulator.close()
  redis.disconnect()
  await server.stop()
})

const startWorker = (): Promise<WorkerProcess> =>
  startWorkerProcess(workerSettingsFor(simulator, { url: server.url, prefix: DEFAULT_PREFIX }))

const ended = (): Promise<number> => redis.xlen(keys.receipts)

async function fillMemory(): Promise<void> {
  await redis.config('SET', 'maxmemory', '1')
  await expect(redis.set('anything', 'else')).rejects.toThrow('OOM')
}

async function expectEachClearedOnce(): Promise<void> {
  await expectAllCleared()
  const { calls, byCode } = simulator.figures().byCommand.friend_delete_all
  expect({ calls, byCode }).toEqual({ calls: ACCOUNTS, byCode: { 0: ACCOUNTS } })
}

async function expectAllCleared(): Promise<void> {
  await eventually('all to end', async () => (await ended()) === ACCOUNTS)
  expect(await redis.hgetall(`${keys.requests}ticket-1`)).toMatchObject({ cleared: String(ACCOUNTS) })
  expect(await worker.stop()).toBe(0)
  expect(await redis.keys(`${keys.queue}*:lock`)).toEqual([])
}

describe('while the memory of Redis is full', () => {
  it('a queue is drained all the same, because a job that ends makes room: each account once', async () => {
    await eventually('the first to end', async () => (await ended()) > 0)
    await fillMemory()
    await expectEachClearedOnce()
  })

  it('a worker that starts says why it gets no jobs, not more than once, and goes on when there is room', async () => {
    expect(await worker.stop()).toBe(0)
    await fillMemory()
    worker = await startWorker()
    const refusals = (): number => worker.logLines.filter(line => line.includes('OOM command not allowed')).length
    await eventually('the refusal', async () => refusals() > 0)
    const asked = await commandsSoFar()
    await eventually('three seconds to pass', async () => (await uptimeSeconds()) > asked.atSeconds + 3)
    // Without patience it asks some 5,000 times a second.
    expect((await commandsSoFar()).commands - asked.commands).toBeLessThan(1500)
    expect(refusals()).toBe(1)
    await redis.config('SET', 'maxmemory', '0')
    await expectEachClearedOnce()
  })

  it('the fleet can be paused, and goes on when it is resumed', async () => {
    // Slow, so that the command comes in time on a busy machine.
    await setFleetRate(redis, DEFAULT_PREFIX, 10, 200)
    await eventually('the first to end', async () => (await ended()) > 0)
    await fillMemory()
    const paused = await runCommand(['pause', '--reason', 'the memory is full'], { REDIS_URL: server.url })
    expect(paused).toEqual({ code: 0, stdout: 'paused\n', stderr: '' })
    await eventually('the jobs in hand to go back', async () => (await redis.llen(`${keys.queue}active`)) === 0)
    expect(simulator.figures().byCommand.friend_delete_all.calls).toBeLessThan(ACCOUNTS)
    await redis.config('SET', 'maxmemory', '0')
    await setFleetRate(redis, DEFAULT_PREFIX, 200, 200)
    expect(await runCommand(['resume'], { REDIS_URL: server.url })).toMatchObject({ code: 0 })
    // What was done before the proof of it was held up could not be written down: some are cleared a second time.
    await expectAllCleared()
  })

  it('a command that is refused says what to do', async () => {
    await fillMemory()
    const { code, stdout, stderr } = await runCommand(['rate', '100'], { REDIS_URL: server.url })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      "clear-friends: Redis cannot be used (OOM command not allowed when used memory > 'maxmemory'.). " +
        'Its memory is full: give it more (`maxmemory`), or wait until workers have made room.\n',
    )
  })
})

async function uptimeSeconds(): Promise<number> {
  return Number(/uptime_in_seconds:(\d+)/.exec(await redis.info('server'))?.[1])
}

async function commandsSoFar(): Promise<{ commands: number; atSeconds: number }> {
  const commands = Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1])
  return { commands, atSeconds: await uptimeSeconds() }
}

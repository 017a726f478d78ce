/**
 * Promise 6 of the design: no user id where none belongs. Canaries go through every path, and then the test searches
 * for them in Redis, logs, metrics, receipts and the output of commands.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keysOf, QUEUE_NAME } from '../../redis/keys.ts'
import type { FaultAnswer, FaultRule } from '../../simulator/index.ts'
import { runCommand } from '../helpers/commands/run-command.ts'
import { eventually } from '../helpers/eventually.ts'
import { startVendorAndWorkers, type VendorAndWorkers } from '../helpers/fleets/vendor-and-workers.ts'
import { startTcpProxy, type TcpProxy } from '../helpers/network/tcp-proxy.ts'
import { CanarySearch, canary } from '../helpers/receipts/canary.ts'

/** Faults of the vendor by canary; it clears the others. */
const faults: Readonly<Record<string, { answer: FaultAnswer } & Partial<FaultRule>>> = {
  repeated: { answer: { code: 30006 }, times: 1 },
  conflict: { answer: { code: 30008 }, times: 1 },
  exhausted: { answer: { code: 30008 } },
  throttled: { answer: { code: 60018 }, times: 1 },
  later: { answer: { code: 70500 }, times: 1 },
  permanent: { answer: { code: 30001 } },
  discarded: { answer: { code: 30001 } },
  replayed: { answer: { code: 30001 }, times: 1 },
  our_fault: { answer: { code: 30004 }, times: 1 },
  unknown_code: { answer: { code: 61234 }, times: 1 },
  http: { answer: { http: 502 }, times: 1 },
  refused: { answer: { http: 403 }, times: 1 },
  reset: { answer: 'reset-after-read', times: 1 },
  cut: { answer: 'half-body', times: 1 },
  text: { answer: { malformed: 'text' }, times: 1 },
  html: { answer: { malformed: 'html' }, times: 1 },
  truncated: { answer: { malformed: 'truncated' }, times: 1 },
  proof: { answer: { malformed: 'truncated' }, command: 'friend_get', times: 1 },
  batch: { answer: { code: 30001 }, command: 'friend_get', times: 1 },
  crashed: { answer: 'hang', times: 1 },
}
const others = ['cleared', 'missing', 'foreign', 'crashes', 'cancelled', 'duplicate', 'imported', 'enqueued']
const names = [...Object.keys(faults), ...others]
const search = new CanarySearch(names)

let fleet: VendorAndWorkers
let proxy: TcpProxy
let folder: string
/** All output of commands and workers, each with the name of its writer. */
const written: (readonly [string, string])[] = []

async function run(...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await runCommand(args, fleet.settings)
  written.push([`stdout of ${args[0]}`, stdout], [`stderr of ${args[0]}`, stderr])
  return stdout
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clear-friends-leak-'))
  fleet = await startVendorAndWorkers({
    simulator: {
      users: {
        listed: names.filter(name => name !== 'missing').map(name => ({ account: canary(name), friends: ['a', 'b'] })),
      },
      faults: Object.entries(faults).map(([name, fault]) => ({
        command: 'friend_delete_all',
        times: 'always',
        ...fault,
        accounts: { list: [canary(name)] },
      })),
    },
    settings: { LOG_LEVEL: 'trace', MAX_ATTEMPTS: '3' },
  })
  await crash()
  // A fault of our own: the fleet halts with jobs in hand.
  fleet.simulator.setApp({ admins: ['somebody'] })
  await enqueueAll()
  await untilOver()
  await lookAtEverything()
}, 300_000)

afterAll(async () => {
  await fleet.stop()
  await proxy.stop()
  await rm(folder, { recursive: true })
})

/** Kills a worker with a job in hand. Another one notices at once that its lock has run out, instead of in 45 s. */
async function crash(): Promise<void> {
  const { jobId } = await fleet.producer.enqueue(canary('crashed'))
  const isSent = (): boolean => (fleet.simulator.figures().byCommand.friend_delete_all?.calls ?? 0) > 0
  await eventually('the call of a worker that dies', async () => isSent())
  fleet.workers[0]?.signal('SIGKILL')
  await fleet.workers[0]?.ended
  const { queue } = keysOf(fleet.prefix)
  await fleet.redis.del(`${queue}${jobId}:lock`, `${queue}stalled-check`)
  await fleet.redis.sadd(`${queue}stalled`, jobId)
}

async function enqueueAll(): Promise<void> {
  const { producer, queue, redis, prefix } = fleet
  await producer.enqueueMany(Object.keys(faults).map(canary))
  await producer.enqueueMany(['cleared', 'missing', 'duplicate', 'duplicate'].map(canary))
  // BullMQ's event of a duplicate names the account, and a foreign producer makes Redis keep events.
  await redis.hset(`${keysOf(prefix).queue}meta`, 'opts.maxLenEvents', 10_000)
  await producer.enqueue(canary('duplicate'))
  await queue.add(QUEUE_NAME, { v: 2, user: canary('foreign') })
  const { jobId } = await producer.enqueue(canary('crashes'))
  await redis.hset(keysOf(prefix).queue + jobId, 'stc', 1000)

  await run('enqueue', canary('enqueued'), canary('duplicate'))
  await run('enqueue', `${canary('enqueued')}${'x'.repeat(33)}`)
  await run('enqueue', canary('enqueued'), '--due', 'soon')
  await run('cancel', canary('cancelled'))
  await run('enqueue', canary('cancelled'))
  await run('cancel', canary('cancelled'))
  await importBadLines()
  const redisUrl = new URL(fleet.settings['REDIS_URL'] ?? '')
  proxy = await startTcpProxy(Number(redisUrl.port))
  redisUrl.port = String(proxy.port)
  await fleet.addWorker({ REDIS_URL: redisUrl.href })
}

async function importBadLines(): Promise<void> {
  const account = canary('imported')
  const files = {
    'wave.txt': `${account}\n${account}\n${account}${'x'.repeat(33)}\n${account}\u0007\n`,
    'wave.ndjson': `"${account}"\n{"account":"${account}","${account}":1}\n{"account":"${account}"\n`,
    'wave.csv': `account\n${account}\n${account}"x\n`,
    'broken.csv': `account\n${account}\n"${account}" x\n`,
    'no-header.csv': `${account},x\n`,
  }
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content)
    const manifest = await run('import', join(folder, name))
    if (name.startsWith('wave')) expect(manifest, written.at(-1)?.join(': ')).toMatch(/rejected/)
  }
}

async function untilOver(): Promise<void> {
  const isHalted = async (): Promise<boolean> => (await fleet.readStatus()).halted !== null
  await eventually('the halt', isHalted)
  await run('status')
  fleet.simulator.setApp({ admins: ['administrator'] })
  await fleet.control.resume({ reason: 'the test goes on', atMs: Date.now() })
  // Breaks the worker's connections during work: errors of drivers then hold the data that they were about to send.
  proxy.closeAll()
  const isEmpty = async (): Promise<boolean> => {
    await fleet.hurry()
    const { queue } = await fleet.readStatus()
    return queue.waiting + queue.active + queue.delayed === 0
  }
  await eventually('all jobs to end', isEmpty, 240_000)
  await run('failed', 'list')
  const dead = await fleet.queue.getFailed()
  await run('failed', 'show', dead[0]?.id ?? '')
  await run('failed', 'replay', ...dead.filter(job => job.data.account === canary('replayed')).map(job => job.id ?? ''))
  await eventually('the replayed one to end', isEmpty)
  await run('failed', 'discard', '--all')
  await run('failed', 'list', '--json')
}

async function lookAtEverything(): Promise<void> {
  written.push(['metrics', await (await fetch(`${fleet.workers[1]?.url}/metrics`)).text()])
  await writeFile(join(folder, 'receipts.ndjson'), await run('receipts', 'export'))
  await run('receipts', 'verify', join(folder, 'receipts.ndjson'))
  await run('status', '--json')
  await Promise.all(fleet.workers.map(worker => worker.stop()))
  for (const worker of fleet.workers) {
    written.push(['the log of a worker', worker.logLines.join('\n')], ['stderr of a worker', worker.errorText()])
  }
}

describe('a user id is, when its job has ended,', () => {
  it('in no log at any level, no metric, no receipt, and in nothing that a command has written', () => {
    expect(written.flatMap(([place, text]) => search.find(place, text))).toEqual([])
    // The search covered debug lines of the log, and all receipts.
    const log = written.filter(([place]) => place === 'the log of a worker').map(([, text]) => text)
    expect(log.join('\n')).toContain('"level":20')
    expect(written.find(([place]) => place === 'stdout of receipts')?.[1].split('\n').length).toBeGreaterThan(
      names.length,
    )
  })

  it('in no list of rejected lines, no name of one, and no checkpoint', async () => {
    const made = (await readdir(folder)).filter(name => !/\.(txt|csv|ndjson)$/.test(name))
    expect(made.toSorted()).toEqual(['wave.csv.rejected', 'wave.ndjson.rejected', 'wave.txt.rejected'])
    for (const name of made) {
      expect(search.find(name, name)).toEqual([])
      expect(search.find(name, await readFile(join(folder, name)))).toEqual([])
    }
  })

  it('in no key of Redis and in no value', async () => {
    const { queue, outcomes } = await fleet.readStatus()
    expect(queue).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 })
    expect(outcomes).toMatchObject({ not_imported: 1, cancelled: 1 })
    expect(outcomes.dead_lettered).toBeGreaterThanOrEqual(6)
    expect(await search.findInRedis(fleet.redis, fleet.prefix)).toEqual([])
  })
})

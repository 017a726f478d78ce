/**
 * Jobs of producers that do not keep to the contract, and of writers that do not even use BullMQ. Whatever they put into
 * the queue ends once, with a receipt, and no user id reaches the log. See `worker/pool/raw-job.ts`.
 */
import { FlowProducer, Queue } from 'bullmq'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keysOf, QUEUE_NAME } from '../../redis/keys.ts'
import { runCommand } from '../helpers/commands/run-command.ts'
import { startVendorAndWorkers, type VendorAndWorkers } from '../helpers/fleets/vendor-and-workers.ts'
import { CanarySearch, canary } from '../helpers/receipts/canary.ts'

const ID = canary('foreign')
const search = new CanarySearch(['foreign'])
const VALID = { v: 1, account: ID, due: 1 }
const DEEP = `${'['.repeat(20_000)}"${ID}"${']'.repeat(20_000)}`

/** Hashes that no BullMQ would write; each waits under a job id of its own. */
const hashes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'data that is no JSON': { data: ID, opts: '{}' },
  'data cut off': { data: `{"v":1,"account":"${ID}`, opts: '{}' },
  'data null': { data: 'null' },
  'data nested deeply': { data: DEEP },
  'huge data': { data: JSON.stringify({ ...VALID, more: ID.repeat(10_000) }) },
  'no data': { name: 'c' },
  'no hash': {},
  'broken options': { data: JSON.stringify({ v: 0, account: ID }), opts: `{"${ID}` },
  'broken progress': { data: JSON.stringify({ v: 0, account: ID }), progress: ID },
  'a broken result': { data: 'null', returnvalue: ID, stacktrace: ID },
  'a broken parent': { data: 'null', parent: `{"id":"${ID}`, parentKey: ID },
  'a parent that is null': { data: 'null', parent: 'null' },
  'attempts that are no number': { data: 'null', atm: ID },
  'stalls that are no number': { data: 'null', stc: ID },
  'starts that are no number': { data: 'null', ats: ID },
  'a failure that BullMQ deferred': { data: 'null', defa: ID },
  'times that are no numbers': { data: 'null', timestamp: ID, delay: ID, priority: ID },
}

let fleet: VendorAndWorkers
let queue: Queue
const logged = (): string => fleet.workers.map(each => each.logLines.join('\n') + each.errorText()).join('\n')

beforeAll(async () => {
  fleet = await startVendorAndWorkers({ settings: { LOG_LEVEL: 'trace', MAX_ATTEMPTS: '2' } })
  queue = new Queue(QUEUE_NAME, { connection: fleet.redis, prefix: fleet.prefix })
})
afterAll(async () => {
  await queue.close()
  await fleet.stop()
})

/** Runs jobs to their end, `ends` of them, and gives the outcomes that were added meanwhile. */
async function untilEnded(ends: number, put: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = (await fleet.readStatus()).outcomes
  await put()
  await fleet.untilSettled(Object.values(before).reduce((sum, each) => sum + each, 0) + ends)
  const { outcomes } = await fleet.readStatus()
  return Object.fromEntries(
    Object.entries(outcomes).flatMap(([name, now]) => {
      const more = now - (before[name as keyof typeof before] ?? 0)
      return more === 0 ? [] : [[name, more]]
    }),
  )
}

describe('a job that was written past BullMQ', () => {
  it.each(Object.entries(hashes))('with %s ends as a dead letter with a receipt, unquoted', async (what, hash) => {
    const { queue: keys, receipts } = keysOf(fleet.prefix)
    const jobId = `raw ${what}`
    const before = await fleet.redis.xlen(receipts)
    const ended = await untilEnded(1, async () => {
      if (Object.keys(hash).length > 0) await fleet.redis.hset(keys + jobId, hash)
      await fleet.redis.lpush(`${keys}wait`, jobId)
      await fleet.redis.zadd(`${keys}marker`, 0, '0')
    })
    expect(ended).toEqual({ dead_lettered: 1 })
    expect(await fleet.redis.xlen(receipts)).toBe(before + 1)
    expect(await fleet.redis.hget(keys + jobId, 'code')).toBe('invalid_job')
    expect(await fleet.redis.zscore(`${keys}failed`, jobId)).not.toBeNull()
    expect(search.find('the log', logged())).toEqual([])
  })

  it('whose key holds no hash is dropped, and the worker goes on', async () => {
    const { queue: keys } = keysOf(fleet.prefix)
    const ended = await untilEnded(1, async () => {
      await fleet.redis.set(`${keys}no hash`, ID)
      await fleet.redis.lpush(`${keys}wait`, 'no hash')
      await fleet.enqueue(['user_1'])
    })
    expect(ended).toEqual({ cleared: 1 })
    expect(await fleet.redis.lrange(`${keys}active`, 0, -1)).toEqual([])
    await fleet.redis.del(`${keys}no hash`)
  })
})

describe('options of a foreign producer', () => {
  it.each([
    ['removeOnFail', { removeOnFail: true }],
    ['a number for removeOnFail', { removeOnFail: 0 }],
    ['stackTraceLimit and keepLogs', { stackTraceLimit: 5, keepLogs: 5 }],
    ['lifo and a backoff', { lifo: true, backoff: 1000, attempts: 100 }],
  ])('do not remove its dead letter: %s', async (_, options) => {
    let id = ''
    await untilEnded(1, async () => {
      id = (await queue.add('c', { ...VALID, v: 0 }, options)).id ?? ''
    })
    const kept = await fleet.redis.hgetall(keysOf(fleet.prefix).queue + id)
    expect(kept).toMatchObject({ settled: 'dead_lettered', code: 'invalid_job', stacktrace: '[]' })
  })

  it('do not keep its job when the account is done', async () => {
    const id = canary('kept')
    await untilEnded(1, () =>
      queue.add('c', VALID, { jobId: id, removeOnComplete: false, deduplication: { id: ID, ttl: 1e9 } }),
    )
    const { queue: keys } = keysOf(fleet.prefix)
    expect(await fleet.redis.exists(keys + id, `${keys}de:${ID}`)).toBe(0)
  })

  it('do not add it again: a repetition ends with its first job, and its template goes', async () => {
    await untilEnded(1, () => queue.upsertJobScheduler(`every ${ID}`, { every: 86_400_000 }, { data: VALID }))
    expect(await queue.getJobSchedulersCount()).toBe(0)
    expect(await fleet.redis.exists(`${keysOf(fleet.prefix).queue}repeat:every ${ID}`)).toBe(0)
  })

  it('do not fail an account that is done because a job below it in a flow failed', async () => {
    const flows = new FlowProducer({ connection: fleet.redis, prefix: fleet.prefix })
    const ended = await untilEnded(2, () =>
      flows.add({
        name: 'c',
        queueName: QUEUE_NAME,
        data: VALID,
        children: [{ name: 'c', queueName: QUEUE_NAME, data: { v: 0 }, opts: { failParentOnFailure: true } }],
      }),
    )
    await flows.close()
    expect(ended).toEqual({ not_imported: 1, dead_lettered: 1 })
    expect((await fleet.readStatus()).queue).toMatchObject({ waiting: 0, active: 0, delayed: 0 })
  })
})

describe('a job id that is a user id', () => {
  it('stands in no log, no command and no trace, and leads to its dead letter by another name', async () => {
    await untilEnded(1, () => queue.add('c', { v: 0 }, { jobId: ID }))
    const lists = await runCommand(['failed', 'list', '--json'], fleet.settings)
    const letters: readonly { jobId: string }[] = JSON.parse(lists.stdout)
    const name = letters.at(-1)?.jobId ?? ''
    expect(name).toMatch(/^foreign-[\w-]{11}$/)
    const shown = await runCommand(['failed', 'show', name], fleet.settings)
    expect(shown).toMatchObject({ code: 0 })
    expect(shown.stdout).toContain('code      invalid_job')
    expect((await runCommand(['failed', 'show', ID], fleet.settings)).code).toBe(0)
    for (const { stdout, stderr } of [lists, shown]) expect(search.find('a command', stdout + stderr)).toEqual([])
    expect(logged()).toContain(name)
    expect(search.find('the log', logged())).toEqual([])
    expect((await runCommand(['failed', 'discard', name], fleet.settings)).stdout).toBe(
      '1 dead letters were discarded\n',
    )
    expect(await fleet.redis.exists(keysOf(fleet.prefix).queue + ID)).toBe(0)
  })
})

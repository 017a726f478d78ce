/**
 * Generated changes of what Redis holds: the stream, heads and state of the log, the hashes of jobs. Each is told, by the
 * export or against a head that was seen before; or it changes nothing that the export says.
 */

import { readFileSync } from 'node:fs'
import { beforeEach, expect, it } from 'vitest'
import { openProgress, sealProgress } from '../../../jobs/receipts/sealed-progress.ts'
import { verifyReceipts } from '../../../jobs/receipts/verify/verify-receipts.ts'
import { writeOnce } from '../../../jobs/receipts/write-entry.ts'
import { logLua } from '../../../jobs/settle/log-lua.ts'
import { createSettlement } from '../../../jobs/settle/settlement.ts'
import { createRedisScript } from '../../../redis/redis-script.ts'
import { exportedLines, testSeals } from '../../helpers/receipts/receipts.ts'
import { receiptKeyOf } from '../../helpers/receipts/settling.ts'
import { jobsKeySpace } from '../../integration/jobs/key-space.ts'
import { logForTest, readStream, writeStream } from '../../integration/receipts/log-for-test.ts'
import { seededRandom } from './seeded-random.ts'

const LOG_MUTANTS = 3000
const JOB_MUTANTS = 2000
const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

type Stream = [string, Buffer[]][]
type Random = ReturnType<typeof seededRandom>
interface Held {
  readonly stream: Stream
  readonly log: Record<string, string>
}

const writeLua = logLua + readFileSync(new URL('../../../jobs/receipts/write-entry.lua', import.meta.url), 'utf8')

it(`of ${LOG_MUTANTS} changes of the log in Redis none passes unseen`, async () => {
  const { redis, prefix } = keySpace()
  const log = logForTest(redis, prefix)
  await log.bind()
  const keeper = log.keeper()
  const olds: Held[] = []
  const held = async (): Promise<Held> => ({
    stream: await readStream(redis, log.keys.receipts),
    log: await redis.hgetall(log.keys.receiptLog),
  })
  // One after the other: what is under way at once may land in any order.
  for (let n = 0; n < 14; n++) {
    await log.write(1)
    if (n === 5 || n === 9) {
      await keeper.keep(true)
      olds.push(await held())
    }
  }
  const right = await held()
  const seenHead = right.log['head'] ?? ''
  const strangers = await strangerStreams(redis, prefix)
  // Business goes on after each change: the same sealer writes its next entry.
  const next = await log.sealer.seal({
    kind: 'accepted',
    says: { request: 'ticket-5', count: 1, jobs: 1, due: '2026-12-24T00:00:00.000Z' },
  })
  const write = createRedisScript(redis, 'writeInTest', writeLua)
  const restore = async ({ stream, log: fields }: Held): Promise<void> => {
    await writeStream(redis, log.keys.receipts, stream)
    await redis.del(log.keys.receiptLog)
    await redis.hset(log.keys.receiptLog, fields)
  }
  const look = async () => {
    const { keys, args } = writeOnce(prefix, next)
    // Some changes leave a log to which nothing can be added.
    await write(keys, args).catch(() => {})
    const { file, troubles } = await exportedLines({ redis, prefix })
    const { findings } = await verifyReceipts([{ name: 'file', open: () => file }], {
      publicKey: testSeals.signing.publicKey,
      against: [{ name: 'head', note: seenHead }],
    })
    return { isTold: troubles.length + findings.length > 0, says: file.slice(0, -1).map(saidIn).join('\n') }
  }
  await restore(right)
  const rightly = await look()
  expect(rightly.isTold).toBe(false)

  const random = seededRandom(19)
  const unseen: string[] = []
  for (let n = 0; n < LOG_MUTANTS; n++) {
    const { what, held: mutant } = mutate(right, olds, strangers, random)
    await restore(mutant)
    const seen = await look()
    if (!seen.isTold && seen.says !== rightly.says) unseen.push(`${n}: ${what}`)
  }
  expect(unseen).toEqual([])
}, 600_000)

/**
 * What a line says: without the time at which Redis wrote the last one, and without its signature, which the tree makes
 * needless once a head covers the entry.
 */
const saidIn = (line: string): string => line.replace(/"at":"[^"]*",/, '').replace(/,"signature":"[\w-]*"\}$/, '}')

async function strangerStreams(redis: Parameters<typeof readStream>[0], prefix: string): Promise<Held[]> {
  const held: Held[] = []
  for (const key of [undefined, receiptKeyOf('a stranger')]) {
    const log = logForTest(redis, `${prefix}:${key === undefined ? 'same' : 'other'}`, key)
    await log.bind()
    for (let n = 0; n < 14; n++) await log.write(1)
    await log.keeper().keep(true)
    held.push({ stream: await readStream(redis, log.keys.receipts), log: await redis.hgetall(log.keys.receiptLog) })
  }
  return held
}

function mutate(
  right: Held,
  olds: readonly Held[],
  strangers: readonly Held[],
  random: Random,
): { what: string; held: Held } {
  const { stream, log } = right
  const [at, to] = [random.below(stream.length), random.below(stream.length)]
  const none: Stream[number] = ['1-1', []]
  const [one, other] = [stream[at] ?? none, stream[to] ?? none]
  const stranger = random.pick(strangers)
  const foreign = stranger.stream[random.below(stranger.stream.length)] ?? none
  const old = random.pick(olds)
  const of = (changed: Stream): Held => ({ stream: changed, log: { ...log, seq: String(lastSeq(changed)) } })
  const kinds: Record<string, () => Held> = {
    delete: () => of(stream.toSpliced(at, 1)),
    'delete and number anew': () => of(renumbered(stream.toSpliced(at, 1 + random.below(2)))),
    'cut the end': () => of(stream.slice(0, at)),
    swap: () => of(stream.with(at, [one[0], other[1]]).with(to, [other[0], one[1]])),
    copy: () => of(renumbered(stream.toSpliced(to, 0, one))),
    'date back': () => of(stream.with(at, [`${seqOf(one[0])}-${1_700_000_000_000 + random.below(1e9)}`, one[1]])),
    'splice in': () => of(renumbered(stream.toSpliced(at, 0, foreign))),
    replace: () => of(stream.with(at, [one[0], foreign[1]])),
    forge: () => of(stream.with(at, [one[0], forged(one[1], random)])),
    'keep another log': () => ({ stream: stranger.stream, log: stranger.log }),
    'roll back': () => old,
    'roll back the stream': () => ({ stream: old.stream, log }),
    'roll back the head': () => ({ stream, log: old.log }),
    'take the head of another log': () => ({ stream, log: { ...log, head: stranger.log['head'] ?? '' } }),
    'take the state of another log': () => ({ stream, log: { ...log, state: stranger.log['state'] ?? '' } }),
    'cut, and take another state': () => ({
      stream: stream.slice(at),
      log: { ...log, state: random.pick([stranger.log['state'] ?? '', '']) },
    }),
    'forget the state': () => ({ stream, log: { seq: log['seq'] ?? '' } }),
    'make up a base': () => ({ stream: stream.slice(at), log: { ...log, base: log['state'] ?? '' } }),
    'change a number': () => ({ stream, log: { ...log, seq: String(random.below(30)) } }),
  }
  const what = random.pick(Object.keys(kinds))
  return { what: `${what} ${at} ${to}`, held: kinds[what]?.() ?? right }
}

const seqOf = (id: string): number => Number(id.split('-')[0])
const lastSeq = (stream: Stream): number => seqOf(stream.at(-1)?.[0] ?? '0-0')
const renumbered = (stream: Stream): Stream =>
  stream.map(([id, fields], index) => [`${index + 1}-${id.split('-')[1]}`, fields])

function forged(fields: readonly Buffer[], random: Random): Buffer[] {
  const which = random.pick([1, 3])
  const bytes = Buffer.from(fields[which] ?? '')
  bytes[random.below(bytes.length)] = random.below(256)
  return fields.with(which, bytes)
}

it(`of ${JOB_MUTANTS} marks and progresses that somebody wrote into jobs none is believed`, async () => {
  const { redis, prefix } = keySpace()
  const log = logForTest(redis, prefix)
  await log.bind()
  const settlement = createSettlement({ redis, prefix, seals: log.seals, receiptDays: 400, sealer: log.sealer })
  const elsewhere = logForTest(redis, `${prefix}:elsewhere`)
  await elsewhere.bind()
  const random = seededRandom(20)
  const end = { outcome: 'cleared', verified: 'yes', requests: [], calls: 2, attempts: 1, enqueuedAt: 1 } as const
  const genuine = await genuineMarks(settlement, log, redis)
  const believed: string[] = []
  for (let n = 0; n < JOB_MUTANTS; n++) {
    const [jobId, account] = [`job-${n}`, `user_${n}`]
    const mark = random.pick<() => Record<string, string>>([
      () => ({ settled: random.pick(['cleared', 'cancelled', 'dead_lettered', 'x']) }),
      () => ({ settled: 'cleared', proof: `${log.sealer.id}.${random.below(99)}.${'A'.repeat(22)}` }),
      () => random.pick(genuine),
      () => ({ ...random.pick(genuine), settled: 'cancelled' }),
      () => ({ settled: 'cleared', proof: '', receipt: '1-1' }),
    ])()
    await redis.hset(log.keys.queue + jobId, { name: 'c', ...mark })
    if ((await settlement.lookUp(jobId, account)) !== undefined) believed.push(`${n} looked up`)
    const result = await settlement.settle(jobId, { ...end, account })
    if (result.kind !== 'settled') believed.push(`${n} ${result.kind}`)
    const job = { jobId, account }
    const found = random.pick<unknown>([
      { calls: 3, deleted: true },
      { calls: 3, deleted: true, code: 'A'.repeat(22) },
      await sealProgress({ jobId: `job-${n + 1}`, account }, { calls: 3, deleted: true }, log.sealer),
      await sealProgress({ jobId, account: 'user_x' }, { calls: 3, deleted: true }, log.sealer),
      await sealProgress(job, { calls: 3, deleted: true }, elsewhere.sealer),
      { ...(await sealProgress(job, { calls: 3, deleted: false }, log.sealer)), deleted: true },
    ])
    if ((await openProgress(job, found, log.sealer)) !== undefined) believed.push(`${n} progress`)
  }
  expect(believed).toEqual([])
  const { lines, troubles } = await exportedLines({ redis, prefix })
  expect({ receipts: lines.length, troubles }).toEqual({ receipts: JOB_MUTANTS + genuine.length, troubles: [] })
}, 600_000)

async function genuineMarks(
  settlement: ReturnType<typeof createSettlement>,
  log: ReturnType<typeof logForTest>,
  redis: Parameters<typeof readStream>[0],
): Promise<Record<string, string>[]> {
  const marks: Record<string, string>[] = []
  for (let n = 0; n < 5; n++) {
    const key = `${log.keys.queue}genuine-${n}`
    await redis.hset(key, 'name', 'c')
    await settlement.settle(`genuine-${n}`, {
      account: `person_${n}`,
      outcome: 'cleared',
      verified: 'yes',
      requests: [],
      calls: 1,
      attempts: 1,
      enqueuedAt: 1,
    })
    marks.push(await redis.hgetall(key))
  }
  return marks
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { z } from 'zod'
import { startPrivateRedis } from '../../private-redis/private-redis.ts'
import { DEFAULT_PREFIX, keysOf } from '../../redis/keys.ts'
import { receiptKeyOf } from '../helpers/receipts/settling.ts'
import { accountLines, usedMemory } from './import.ts'
import { count, say } from './output.ts'
import { watchMemory } from './process-memory.ts'
import { type Promised, printPromises } from './table.ts'

const LINES = 1_000_000
const MAX_BACKLOG = 200_000
const PROMISED = { queueMegabytes: 120, bytesPerReceipt: 300, importerMegabytes: 200 }
const LOOK_EVERY_MS = 250
const GIVE_UP_AFTER_MS = 1_500_000
const entry = fileURLToPath(new URL('../../bin/clear-friends.js', import.meta.url))
const drain = fileURLToPath(new URL('./million/drain.ts', import.meta.url))
const keys = keysOf(DEFAULT_PREFIX)

/**
 * Measures the memory of queue, receipts and importer. Imports a million lines with the queue held at 200,000, and
 * drains them as fast as Redis lets one process, which answers in place of the vendor.
 */
export async function benchMillion(): Promise<boolean> {
  say(`importing and draining ${count(LINES)} lines`)
  const run = await importAndDrain()
  const promises: readonly Promised[] = [
    ['lines = accepted', `${count(LINES)} = ${count(run.accepted)}`, run.accepted === LINES],
    ['receipts', count(run.receipts), run.receipts === LINES],
    ['longest queue', `${count(run.longestQueue)} jobs`, run.longestQueue <= MAX_BACKLOG],
    ['Redis for the queue', `${run.queueMegabytes.toFixed(1)} MB`, run.queueMegabytes <= PROMISED.queueMegabytes],
    [
      'Redis for a receipt',
      `${Math.round(run.bytesPerReceipt)} bytes`,
      run.bytesPerReceipt <= PROMISED.bytesPerReceipt,
    ],
    [
      'memory of the importer',
      `${Math.round(run.importerMegabytes)} MB`,
      run.importerMegabytes < PROMISED.importerMegabytes,
    ],
    ['seconds', `${Math.round(run.seconds)} (${count(Math.round(LINES / run.seconds))} lines/s)`, true],
  ]
  return printPromises(promises)
}

interface MillionRun {
  readonly accepted: number
  readonly receipts: number
  readonly longestQueue: number
  readonly queueMegabytes: number
  readonly bytesPerReceipt: number
  readonly importerMegabytes: number
  readonly seconds: number
}

async function importAndDrain(): Promise<MillionRun> {
  const redis = await startPrivateRedis({ appendFsync: 'no', report: say })
  const folder = await mkdtemp(join(tmpdir(), 'clear-friends-bench-'))
  const client = new Redis(redis.url)
  const environment = {
    PATH: process.env['PATH'],
    REDIS_URL: redis.url,
    RECEIPT_KEY: receiptKeyOf('the benchmark'),
  }
  const children: ChildProcess[] = []
  const start = (...args: readonly string[]): ChildProcess => {
    const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    return child
  }
  try {
    const file = join(folder, 'accounts.txt')
    await pipeline(Readable.from(accountLines(LINES)), createWriteStream(file))
    const empty = await usedMemory(client)
    const startedAt = performance.now()
    const importer = start(entry, 'import', file, '--json', '--max-backlog', String(MAX_BACKLOG))
    const memory = watchMemory(importer.pid ?? 0)
    const printed = textOf(importer)
    const samples: Sample[] = []
    await watch(client, samples, ({ queue }) => queue > MAX_BACKLOG - 1000)
    const drainer = start(drain)
    await watch(client, samples, ({ receipts }) => receipts >= LINES)
    const seconds = (performance.now() - startedAt) / 1000
    memory.stop()
    drainer.kill('SIGTERM')
    await once(drainer, 'exit')
    const { accepted } = z.object({ accepted: z.number() }).parse(JSON.parse(await printed))
    const bytesPerReceipt = ((await usedMemory(client)) - empty) / LINES
    return {
      accepted,
      receipts: await countEnded(client),
      longestQueue: Math.max(...samples.map(({ queue }) => queue)),
      queueMegabytes:
        Math.max(...samples.map(({ bytes, receipts }) => bytes - empty - receipts * bytesPerReceipt)) / 1_000_000,
      bytesPerReceipt,
      importerMegabytes: memory.peakMegabytes(),
      seconds,
    }
  } finally {
    for (const child of children) child.kill('SIGKILL')
    client.disconnect()
    await redis.stop()
    await rm(folder, { recursive: true })
  }
}

interface Sample {
  readonly queue: number
  readonly receipts: number
  readonly bytes: number
}

/** Counts the jobs that ended; each has its receipt. */
async function countEnded(client: Redis): Promise<number> {
  const outcomes = await client.hgetall(keys.outcomes)
  return Object.values(outcomes).reduce((sum, jobs) => sum + Number(jobs), 0)
}

/** Takes samples until one is enough. */
async function watch(client: Redis, samples: Sample[], isEnough: (sample: Sample) => boolean): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_AFTER_MS
  for (;;) {
    const [waiting, active, receipts, bytes] = await Promise.all([
      client.zcard(`${keys.queue}prioritized`),
      client.llen(`${keys.queue}active`),
      countEnded(client),
      usedMemory(client),
    ])
    const sample = { queue: waiting + active, receipts, bytes }
    samples.push(sample)
    if (isEnough(sample)) return
    if (performance.now() > giveUpAt)
      throw new Error(`after ${GIVE_UP_AFTER_MS / 60_000} minutes: ${JSON.stringify(sample)}`)
    await sleep(LOOK_EVERY_MS)
  }
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout?.on('data', piece => {
    text += String(piece)
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`the import ended with exit code ${String(code)}`)
  return text
}

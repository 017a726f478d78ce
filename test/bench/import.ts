import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { startPrivateRedis } from '../../private-redis/private-redis.ts'
import { count, print, say } from './output.ts'
import { watchMemory } from './process-memory.ts'
import { machine, toMarkdown } from './table.ts'

const TIMED_LINES = 100_000
const LARGE_LINES = 5_000_000
const PROMISED = { seconds: 30, peakMegabytes: 200, bytesPerJob: 600 }
const entry = fileURLToPath(new URL('../../bin/clear-friends.js', import.meta.url))

/** Measures the real import command: its time with 100,000 lines, its memory with five million. */
export async function benchImport(): Promise<boolean> {
  const timed = await importLines(TIMED_LINES)
  const large = await importLines(LARGE_LINES)
  print(`\n${machine()}\n`)
  print(
    toMarkdown(
      ['lines', 'seconds', 'lines per second', 'peak memory', 'Redis per waiting job'],
      [timed, large].map(run => [
        count(run.lines),
        run.seconds.toFixed(1),
        count(Math.round(run.lines / run.seconds)),
        `${Math.round(run.peakMegabytes)} MB`,
        `${Math.round(run.bytesPerJob)} bytes`,
      ]),
    ),
  )
  return (
    timed.seconds < PROMISED.seconds &&
    large.peakMegabytes < PROMISED.peakMegabytes &&
    timed.bytesPerJob <= PROMISED.bytesPerJob
  )
}

interface ImportRun {
  readonly lines: number
  readonly seconds: number
  readonly peakMegabytes: number
  readonly bytesPerJob: number
}

async function importLines(lines: number): Promise<ImportRun> {
  say(`importing ${count(lines)} lines`)
  const redis = await startPrivateRedis({ appendFsync: 'no', report: say })
  const folder = await mkdtemp(join(tmpdir(), 'clear-friends-bench-'))
  const client = new Redis(redis.url)
  try {
    const file = join(folder, 'accounts.txt')
    await pipeline(Readable.from(accountLines(lines)), createWriteStream(file))
    const before = await usedMemory(client)
    const startedAt = performance.now()
    const peakMegabytes = await runImport(file, redis.url)
    const seconds = (performance.now() - startedAt) / 1000
    return { lines, seconds, peakMegabytes, bytesPerJob: ((await usedMemory(client)) - before) / lines }
  } finally {
    client.disconnect()
    await redis.stop()
    await rm(folder, { recursive: true })
  }
}

/** Makes `user_0` to `user_<lines - 1>`, a line each, in chunks. */
export function* accountLines(lines: number): Generator<string> {
  const CHUNK = 1000
  for (let from = 0; from < lines; from += CHUNK) {
    let text = ''
    for (let i = from; i < Math.min(from + CHUNK, lines); i++) text += `user_${i}\n`
    yield text
  }
}

/** Runs the command and gives the peak of its memory, in megabytes. */
async function runImport(file: string, redisUrl: string): Promise<number> {
  const child = spawn(process.execPath, [entry, 'import', file, '--max-backlog', String(LARGE_LINES)], {
    env: { PATH: process.env['PATH'], REDIS_URL: redisUrl },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const memory = watchMemory(child.pid ?? 0)
  const [code] = await once(child, 'exit')
  memory.stop()
  if (code !== 0) throw new Error(`the import ended with exit code ${String(code)}`)
  return memory.peakMegabytes()
}

/** Reads the bytes of memory that Redis uses. */
export async function usedMemory(client: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1] ?? 0)
}

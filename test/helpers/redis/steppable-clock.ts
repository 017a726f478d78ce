/**
 * A Redis whose clock a test can step while it runs, as an administrator or a time service may step a host's clock.
 * libfaketime stands between the server and the system's clock. The steady clock, which drives the server's timers,
 * stays.
 */
import { glob, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fetchDebianProgram } from '../../../private-redis/debian-program.ts'
import { findRedisProgram } from '../../../private-redis/find-redis.ts'
import { type PrivateRedis, startPrivateRedis } from '../../../private-redis/private-redis.ts'

/** A running server with such a clock. */
export interface SteppableRedis {
  readonly redis: PrivateRedis
  /** Makes its clock wrong by this many ms, within a second. */
  stepTo(ms: number): Promise<void>
  stop(): Promise<void>
}

/** The library reads its file once a second, which is the shortest time it knows. */
const LOOKS_EVERY_SECONDS = 1
const LIBRARY = '*/faketime/libfaketimeMT.so.1'

/**
 * Starts a server whose clock is right at first.
 *
 * @throws Error that says what to install, where there is neither libfaketime nor apt, or Redis runs in a container
 */
export async function startSteppableRedis(): Promise<SteppableRedis> {
  const found = await findRedisProgram()
  if (found.kind !== 'local') throw new Error('The clock of a Redis in a container cannot be stepped: install a Redis.')
  const library = await findLibrary()
  const dir = await mkdtemp(join(tmpdir(), 'clear-friends-clock-'))
  const file = join(dir, 'offset')
  // Moves the file into place in one step, since the server may read it at any moment.
  const write = async (ms: number): Promise<void> => {
    await writeFile(`${file}.new`, `${ms < 0 ? '-' : '+'}${Math.abs(ms) / 1000}\n`)
    await rename(`${file}.new`, file)
  }
  await write(0)
  const environment = {
    ...found.environment,
    // The C library goes first to the server's own memory allocator, which asks for the time before the library is
    // ready.
    LD_PRELOAD: `${library} ${await findCLibrary()}`,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: String(LOOKS_EVERY_SECONDS),
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
  const redis = await startPrivateRedis({ program: { ...found, environment } })
  return {
    redis,
    stepTo: write,
    stop: async () => {
      await redis.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function findLibrary(): Promise<string> {
  const installed = await firstOf('/usr/lib')
  if (installed !== undefined) return installed
  const fetched = await fetchDebianProgram<string>(
    {
      packages: ['faketime', 'libfaketime'],
      name: 'faketime',
      lacking: 'libfaketime',
      folder: 'debian-faketime',
      check: async file => {
        const library = await firstOf(join(file, '../../lib'))
        return library === undefined
          ? { kind: 'missing', reason: 'its library is not there' }
          : { kind: 'found', program: library }
      },
    },
    line => process.stderr.write(`${line}\n`),
  )
  if (fetched.kind === 'found') return fetched.program
  throw new Error(`Stepping the clock of Redis needs libfaketime (${fetched.reason}): sudo apt-get install faketime`)
}

async function firstOf(folder: string): Promise<string | undefined> {
  for await (const path of glob(LIBRARY, { cwd: folder })) return join(folder, path)
  return undefined
}

/** Finds the C library of this process. */
async function findCLibrary(): Promise<string> {
  const maps = await readFile('/proc/self/maps', 'utf8')
  const path = /\s(\/\S*\/libc\.so\.6)$/m.exec(maps)?.[1]
  if (path === undefined) throw new Error('this process has no C library that libfaketime knows')
  return path
}

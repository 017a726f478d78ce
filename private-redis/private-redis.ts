/**
 * A Redis server that belongs to this process, for the demo, a run, and the tests.
 *
 * Its life: started (answers) → killed and restarted on the same port with the same files, any number of times →
 * stopped. Stopping removes the temporary files; so does the end of this process, however it ends.
 *
 * What belongs in `private-redis/`: finding, fetching, starting and stopping a server. What does not: anything about
 * jobs; a worker never starts a Redis.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findRedisProgram } from './find-redis.ts'
import { type OrphanGuard, shellWord, startOrphanGuard } from './orphan-guard.ts'
import { type AppendFsync, dataServerArguments, passwordArguments } from './redis-launch.ts'
import { type RedisProcess, startRedisProcess } from './redis-process.ts'
import type { RedisProgram } from './redis-program.ts'
import { startOnPort } from './start-on-port.ts'

/** Choices for a private server. Each has a default. */
export interface PrivateRedisOptions {
  /** Port of the loopback address; default: a free one. */
  readonly port?: number
  /** Directory for its files. It is made if missing, and stays. Default: a temporary one, which is removed. */
  readonly dir?: string
  /** Default: `everysec`. */
  readonly appendFsync?: AppendFsync
  /** Password that clients must give. It stands in a file of the directory, not among the arguments. Default: none. */
  readonly password?: string
  /** Further arguments of redis-server, such as `['--replicaof', '127.0.0.1 7000']`; they win over ours. */
  readonly args?: readonly string[]
  /** The server to start; default: what {@link findRedisProgram} finds. */
  readonly program?: RedisProgram
  /** Gets a line for people before a download. */
  readonly report?: (line: string) => void
}

/** A running Redis that belongs to this process. */
export interface PrivateRedis {
  /** `redis://127.0.0.1:<port>`, with the password if there is one; stays the same over restarts. */
  readonly url: string
  readonly port: number
  /** Process id of the server, or of Docker's client. It changes with a restart. */
  readonly pid: number
  readonly dir: string
  /** For instance `7.0.15`. */
  readonly version: string
  /** The program of the server; its `--sentinel` option starts a Sentinel. */
  readonly program: RedisProgram
  /** Resolves when the server that runs now has ended, for whatever reason. */
  readonly gone: Promise<unknown>
  /** Ends the server for good and removes a temporary directory. Safe to repeat. */
  stop(): Promise<void>
  /** Ends the server at once with SIGKILL, as a crash would; its files stay. Safe to repeat. */
  kill(): Promise<void>
  /** Stops the server if it runs, and starts it again with the same port, directory and arguments. */
  restart(): Promise<void>
}

/**
 * Starts a Redis on the loopback address and resolves when it answers.
 *
 * @throws RedisNotFoundError when this machine has none and cannot fetch one
 * @throws RedisStartError when the server does not start, for instance because a wanted port is in use
 */
export async function startPrivateRedis(options: PrivateRedisOptions = {}): Promise<PrivateRedis> {
  const program = options.program ?? (await findRedisProgram(options.report))
  const dir = await makeDirectory(options.dir)
  const guard = startOrphanGuard()
  const { password, appendFsync = 'everysec', args: extra = [] } = options
  try {
    const withPassword = password === undefined ? [] : await passwordArguments(dir.path, password)
    const args = dataServerArguments(program.version, appendFsync, [...withPassword, ...extra])
    const start = (port: number): Promise<RedisProcess> =>
      startRedisProcess({
        ...{ program, port, dir: dir.path, args, password },
        onSpawned: killCommand => guard.onOrphaned(`${killCommand}; ${removalCommand(dir)}`),
      })
    const { port, server } = await startOnPort(start, options.port)
    return handleOf({ program, port, dir, guard, server, start, password })
  } catch (error) {
    await cleanUp(guard, dir)
    throw error
  }
}

interface Directory {
  readonly path: string
  readonly temporary: boolean
}

async function makeDirectory(wanted: string | undefined): Promise<Directory> {
  if (wanted === undefined) return { path: await mkdtemp(join(tmpdir(), 'clear-friends-redis-')), temporary: true }
  await mkdir(wanted, { recursive: true })
  return { path: wanted, temporary: false }
}

interface Parts {
  readonly program: RedisProgram
  readonly port: number
  readonly dir: Directory
  readonly guard: OrphanGuard
  readonly server: RedisProcess
  readonly password: string | undefined
  start(port: number): Promise<RedisProcess>
}

function handleOf({ program, port, dir, guard, server: first, start, password }: Parts): PrivateRedis {
  let server = first
  let stopped: Promise<void> | undefined
  return {
    url: `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`,
    port,
    dir: dir.path,
    version: program.version,
    program,
    get pid() {
      return server.pid
    },
    get gone() {
      return server.gone
    },
    stop: () => {
      stopped ??= server.stop().then(() => cleanUp(guard, dir))
      return stopped
    },
    kill: async () => {
      await server.kill()
      // The system may give the process id to another process now, so the guard must not kill it.
      guard.onOrphaned(removalCommand(dir))
    },
    restart: async () => {
      await server.stop()
      server = await start(port)
    },
  }
}

const removalCommand = (dir: Directory): string => (dir.temporary ? `rm -rf -- ${shellWord(dir.path)}` : ':')

async function cleanUp(guard: OrphanGuard, dir: Directory): Promise<void> {
  await guard.dismiss()
  if (dir.temporary) await rm(dir.path, { recursive: true, force: true })
}

import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isOlder } from '../redis/redis-version.ts'
import type { RedisProgram } from './redis-program.ts'
import { runProgram } from './run-program.ts'

/** Program, place and arguments of a server. */
export interface LaunchOptions {
  readonly program: RedisProgram
  readonly port: number
  /** Working directory; must exist. */
  readonly dir: string
  /** Arguments of the server program, apart from port, address and directory. */
  readonly args: readonly string[]
}

/** Command line of one server, and the ways to signal it. */
export interface RedisLaunch {
  readonly command: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Process id that the server itself reports; `undefined` for a container, which has process ids of its own. */
  reportsPidOf(pid: number): number | undefined
  signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Gives the shell command that ends the server at once. */
  killCommand(pid: number): string
}

/** Time at which Redis syncs its append-only file to disk: after every write, every second, or when the system does. */
export type AppendFsync = 'always' | 'everysec' | 'no'

/**
 * Gives the settings that this project wants of its Redis, as arguments of the server program: data survives a restart,
 * nothing is evicted, small hashes stay small.
 *
 * @param version version of the server; one setting has a new name since 7.0
 * @param extra further arguments; they come last and win
 */
export function dataServerArguments(
  version: string,
  appendFsync: AppendFsync,
  extra: readonly string[],
): readonly string[] {
  return [
    ...['--appendonly', 'yes', '--appendfsync', appendFsync],
    // No snapshots: the append-only file holds the data, and a snapshot would fork the server during a measurement.
    ...['--save', ''],
    ...['--maxmemory-policy', 'noeviction'],
    ...[isOlder(version, '7.0.0') ? '--hash-max-ziplist-value' : '--hash-max-listpack-value', '256'],
    ...extra,
  ]
}

/**
 * Gives the arguments that make a server ask for a password. Every user of the host can read the arguments of a process,
 * so the password itself goes into a file beside the data.
 *
 * @param dir working directory of the server
 */
export async function passwordArguments(dir: string, password: string): Promise<readonly string[]> {
  const file = join(dir, PASSWORD_FILE)
  await rm(file, { force: true })
  await writeFile(file, `requirepass ${password}\n`, { mode: 0o600, flag: 'wx' })
  return ['--include', PASSWORD_FILE]
}

const PASSWORD_FILE = 'password.conf'

/** Builds the launch of a server on a port of the loopback address. */
export function redisLaunch(options: LaunchOptions): RedisLaunch {
  const { program, port, dir } = options
  if (program.kind === 'docker') return containerLaunch(program.image, options)
  return {
    command: program.file,
    args: [...options.args, '--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--daemonize', 'no'],
    environment: program.environment,
    reportsPidOf: pid => pid,
    signal: async (pid, name) => {
      process.kill(pid, name)
      // A server that a test has frozen with SIGSTOP would never see the SIGTERM.
      if (name === 'SIGTERM') process.kill(pid, 'SIGCONT')
    },
    killCommand: pid => `kill -KILL ${pid}`,
  }
}

const DOCKER_TIMEOUT_MS = 20_000

function containerLaunch(image: string, { port, dir, args }: LaunchOptions): RedisLaunch {
  const name = `clear-friends-redis-${randomBytes(6).toString('hex')}`
  // The files must belong to the user of this process, who removes them later.
  const user = process.getuid === undefined ? [] : ['--user', `${process.getuid()}:${process.getgid?.() ?? 0}`]
  return {
    command: 'docker',
    args: [
      ...['run', '--rm', '--name', name, ...user],
      // 127.0.0.1 inside a container is the container itself. Docker passes on only this port, to the host's loopback.
      ...['--publish', `127.0.0.1:${port}:${port}`, '--volume', `${dir}:/data`, image, 'redis-server'],
      ...[...args, '--port', String(port), '--bind', '0.0.0.0', '--protected-mode', 'no', '--dir', '/data'],
    ],
    environment: {},
    reportsPidOf: () => undefined,
    signal: async (_pid, signalName) => {
      await runProgram('docker', ['kill', '--signal', signalName, name], { timeoutMs: DOCKER_TIMEOUT_MS })
    },
    killCommand: () => `docker rm --force ${name}`,
  }
}

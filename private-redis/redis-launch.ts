import { randomBytes } from 'node:crypto'
import type { RedisProgram } from './redis-program.ts'
import { runProgram } from './run-program.ts'

/** How to start one server and how to signal it, for each kind of program. */
export interface RedisLaunch {
  readonly command: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** The process id that the server itself reports; nothing when that says nothing (a container counts its own). */
  reportsPidOf(pid: number): number | undefined
  signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** The SIGKILL as a shell command. */
  killCommand(pid: number): string
}

/** Works out the command line for a server on a port of the loopback address. */
export function redisLaunch(options: {
  readonly program: RedisProgram
  readonly port: number
  readonly dir: string
  readonly args: readonly string[]
}): RedisLaunch {
  const { program, port, dir } = options
  if (program.kind === 'docker') return containerLaunch(program.image, options)
  return {
    command: program.file,
    args: [...options.args, '--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--daemonize', 'no'],
    environment: program.environment,
    reportsPidOf: pid => pid,
    signal: async (pid, name) => {
      process.kill(pid, name)
      // A server that a test has stopped (SIGSTOP) would never see the request to end.
      if (name === 'SIGTERM') process.kill(pid, 'SIGCONT')
    },
    killCommand: pid => `kill -KILL ${pid}`,
  }
}

const DOCKER_TIMEOUT_MS = 20_000

function containerLaunch(
  image: string,
  { port, dir, args }: { readonly port: number; readonly dir: string; readonly args: readonly string[] },
): RedisLaunch {
  const name = `clear-friends-redis-${randomBytes(6).toString('hex')}`
  // The files belong to whoever starts the server, who removes them later.
  const user = process.getuid === undefined ? [] : ['--user', `${process.getuid()}:${process.getgid?.() ?? 0}`]
  const kill = ['kill', '--signal']
  return {
    command: 'docker',
    args: [
      ...['run', '--rm', '--name', name, ...user],
      // Inside a container 127.0.0.1 is the container; only this port is passed on, and only to the host's loopback.
      ...['--publish', `127.0.0.1:${port}:${port}`, '--volume', `${dir}:/data`, image, 'redis-server'],
      ...[...args, '--port', String(port), '--bind', '0.0.0.0', '--protected-mode', 'no', '--dir', '/data'],
    ],
    environment: {},
    reportsPidOf: () => undefined,
    signal: async (_pid, signalName) => {
      await runProgram('docker', [...kill, signalName, name], { timeoutMs: DOCKER_TIMEOUT_MS })
    },
    killCommand: () => `docker rm --force ${name}`,
  }
}

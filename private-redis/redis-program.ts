import { isOlder, LEAST_REDIS_VERSION } from '../redis/redis-version.ts'
import type { Looked } from './debian-program.ts'
import { runProgram } from './run-program.ts'

/** A Redis or Valkey server to start: a program of this machine, or an image for a Docker engine. */
export type RedisProgram = LocalRedisProgram | DockerRedisProgram

/** A server program of this machine. */
interface LocalRedisProgram {
  readonly kind: 'local'
  /** A name on the PATH, or an absolute path. */
  readonly file: string
  /** Environment variables that it needs, such as LD_LIBRARY_PATH. */
  readonly environment: Readonly<Record<string, string>>
  /** For instance `7.0.15`. */
  readonly version: string
}

/** A server inside a container. */
interface DockerRedisProgram {
  readonly kind: 'docker'
  readonly image: string
  /** For instance `8.2.1`. */
  readonly version: string
}

/** Result of a look at one place for a server. */
export type LookedUp = Looked<RedisProgram>

const VERSION_TIMEOUT_MS = 10_000

/**
 * Asks a server program for its version, which also shows that it runs. A file alone proves nothing: it may lack
 * libraries, or be another program.
 */
export async function checkLocalProgram(
  file: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<LookedUp> {
  const end = await runProgram(file, ['--version'], { timeoutMs: VERSION_TIMEOUT_MS, environment })
  if (end.kind === 'failed') return { kind: 'missing', reason: `${file}: ${end.reason}` }
  const judged = judgeVersion(end.stdout)
  if (judged.kind === 'unfit') return { kind: 'missing', reason: `${file}: ${judged.reason}` }
  return { kind: 'found', program: { kind: 'local', file, environment, version: judged.version } }
}

/** Reads the line that `redis-server --version` or `valkey-server --version` prints, and judges the version. */
export function judgeVersion(
  printed: string,
): { readonly kind: 'fit'; readonly version: string } | { readonly kind: 'unfit'; readonly reason: string } {
  const version = /^(?:Redis|Valkey) server v=(\d+\.\d+\.\d+)/.exec(printed.trim())?.[1]
  if (version === undefined) return { kind: 'unfit', reason: 'does not print a Redis version' }
  if (isOlder(version, LEAST_REDIS_VERSION)) {
    return { kind: 'unfit', reason: `is version ${version}, needed is ${LEAST_REDIS_VERSION} or newer` }
  }
  return { kind: 'fit', version }
}

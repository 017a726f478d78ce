import { isOlder, LEAST_REDIS_VERSION } from '../redis/redis-version.ts'
import type { Looked } from './debian-program.ts'
import { runProgram } from './run-program.ts'

/** A Redis or Valkey server to start: a program of this machine, or an image for a Docker engine. */
export type RedisProgram =
  | {
      readonly kind: 'local'
      /** A name on the PATH, or an absolute path. */
      readonly file: string
      /** Environment variables that it needs, such as LD_LIBRARY_PATH. */
      readonly environment: Readonly<Record<string, string>>
      /** For instance `7.0.15`. */
      readonly version: string
    }
  | { readonly kind: 'docker'; readonly image: string; readonly version: string }

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
  if (judged.kind === 'missing') return { kind: 'missing', reason: `${file}: ${judged.reason}` }
  return { kind: 'found', program: { kind: 'local', file, environment, version: judged.program } }
}

/** Reads the version in the line that `redis-server --version` or `valkey-server --version` prints, if it will do. */
export function judgeVersion(printed: string): Looked<string> {
  const version = /^(?:Redis|Valkey) server v=(\d+\.\d+\.\d+)/.exec(printed.trim())?.[1]
  if (version === undefined) return { kind: 'missing', reason: 'does not print a Redis version' }
  if (!isOlder(version, LEAST_REDIS_VERSION)) return { kind: 'found', program: version }
  return { kind: 'missing', reason: `is version ${version}, needed is ${LEAST_REDIS_VERSION} or newer` }
}

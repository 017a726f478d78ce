/**
 * Finds a Redis server program for demo, run and tests, so that they work on a machine without Redis. It looks in
 * this order: on the PATH; in Debian's package, unpacked into the cache; at a Docker engine. A worker never does this,
 * since the operator decides where its Redis is.
 */
import { readFile } from 'node:fs/promises'
import { fetchDebianProgram } from './debian-program.ts'
import { dockerRedis } from './docker-redis.ts'
import { installHint } from './install-hint.ts'
import { parseOsRelease } from './os-release.ts'
import { checkLocalProgram, type LookedUp, type RedisProgram } from './redis-program.ts'

/**
 * Thrown when no place has a Redis. The message gives each place's reason and the command that helps on this system.
 */
export class RedisNotFoundError extends Error {
  override readonly name = 'RedisNotFoundError'
  readonly code = 'REDIS_NOT_FOUND'
}

/**
 * Finds a server program. The first place that has one wins; later places are not asked.
 *
 * @param report gets a line for people before a download; default: the line is dropped
 * @param platform as `process.platform` says
 * @throws RedisNotFoundError when there is none
 */
export async function findRedisProgram(
  report: (line: string) => void = () => {},
  platform: string = process.platform,
): Promise<RedisProgram> {
  const places = [
    ['PATH', () => checkLocalProgram('redis-server')],
    ['PATH', () => checkLocalProgram('valkey-server')],
    ['Debian package', () => debianRedis(report)],
    ['Docker', () => dockerRedis(report)],
  ] as const
  const reasons: string[] = []
  for (const [place, look] of places) {
    const looked = await look()
    if (looked.kind === 'found') return looked.program
    reasons.push(`  ${place}: ${looked.reason}`)
  }
  const release = parseOsRelease(await readFile('/etc/os-release', 'utf8').catch(() => ''))
  const message = ['There is no Redis here, and none could be fetched:', ...reasons, installHint(platform, release)]
  throw new RedisNotFoundError(message.join('\n'))
}

/**
 * Gives Debian's own redis-server, see {@link fetchDebianProgram}.
 *
 * @param report gets one line before a download
 * @param cache folder of the cache; default: the project's or the user's
 */
export function debianRedis(report: (line: string) => void, cache?: string): Promise<LookedUp> {
  const redis = {
    packages: ['redis-server', 'redis-tools'] as const,
    name: 'redis-server',
    lacking: 'Redis',
    folder: 'debian-redis',
  }
  return fetchDebianProgram({ ...redis, check: checkLocalProgram }, report, cache)
}

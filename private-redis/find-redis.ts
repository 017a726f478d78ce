/**
 * Finds a Redis server program for the demo and the tests, so that both work on a machine without Redis. It looks in
 * this order: on the PATH; in Debian's package, unpacked into the cache; at a Docker engine. A worker never does this,
 * since the operator decides where its Redis is.
 */
import { readFile } from 'node:fs/promises'
import { debianRedis } from './debian-redis.ts'
import { dockerRedis } from './docker-redis.ts'
import { installHint } from './install-hint.ts'
import { type OsRelease, parseOsRelease } from './os-release.ts'
import { checkLocalProgram, type LookedUp, type RedisProgram } from './redis-program.ts'

/** A place that may have a server program. */
export interface RedisPlace {
  /** For people, for instance `Debian package`. */
  readonly name: string
  look(): Promise<LookedUp>
}

/**
 * Thrown when no place has a Redis. The message gives each place's reason and the command that helps on this system.
 */
export class RedisNotFoundError extends Error {
  override readonly name = 'RedisNotFoundError'
  readonly code = 'REDIS_NOT_FOUND'
}

/** Surroundings of a search. Each has a default; tests give their own. */
export interface RedisSearch {
  /** Gets a line for people before a download; default: the line is dropped. */
  readonly report?: (line: string) => void
  /** Default: PATH, Debian's package, Docker. */
  readonly places?: readonly RedisPlace[]
  /** As `process.platform` says. */
  readonly platform?: string
  /** Default: what /etc/os-release says. */
  readonly release?: OsRelease
}

/**
 * Finds a server program. The first place that has one wins; later places are not asked.
 *
 * @throws RedisNotFoundError when there is none
 */
export async function findRedisProgram(search: RedisSearch = {}): Promise<RedisProgram> {
  const places = search.places ?? placesOfThisMachine(search.report ?? (() => {}))
  const reasons: string[] = []
  for (const place of places) {
    const looked = await place.look()
    if (looked.kind === 'found') return looked.program
    reasons.push(`  ${place.name}: ${looked.reason}`)
  }
  throw new RedisNotFoundError(await notFoundMessage(reasons, search))
}

const SERVER_PROGRAMS = ['redis-server', 'valkey-server'] as const

const placesOfThisMachine = (report: (line: string) => void): readonly RedisPlace[] => [
  ...SERVER_PROGRAMS.map(name => ({ name: 'PATH', look: () => checkLocalProgram(name) })),
  { name: 'Debian package', look: () => debianRedis(report) },
  { name: 'Docker', look: () => dockerRedis(report) },
]

async function notFoundMessage(reasons: readonly string[], search: RedisSearch): Promise<string> {
  const release = search.release ?? parseOsRelease(await readFile('/etc/os-release', 'utf8').catch(() => ''))
  return [
    'There is no Redis here, and none could be fetched:',
    ...reasons,
    installHint(search.platform ?? process.platform, release),
  ].join('\n')
}

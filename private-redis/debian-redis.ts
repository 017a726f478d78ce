import { fetchDebianProgram } from './debian-program.ts'
import { checkLocalProgram, type LookedUp } from './redis-program.ts'

/**
 * Gives Debian's own redis-server, see {@link fetchDebianProgram}.
 *
 * @param report gets one line before a download
 * @param cache folder of the cache; default: the project's or the user's
 */
export function debianRedis(report: (line: string) => void, cache?: string): Promise<LookedUp> {
  const program = {
    package: 'redis-server',
    name: 'redis-server',
    lacking: 'Redis',
    folder: 'debian-redis',
    check: checkLocalProgram,
  }
  return fetchDebianProgram(program, report, cache)
}

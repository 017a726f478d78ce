import { REDIS_IMAGE } from './docker-redis.ts'
import type { OsRelease } from './os-release.ts'

const packageManagers: readonly (readonly [family: string, command: string])[] = [
  ['debian', 'sudo apt-get install redis-server'],
  ['ubuntu', 'sudo apt-get install redis-server'],
  ['fedora', 'sudo dnf install valkey'],
  ['rhel', 'sudo dnf install redis'],
  ['arch', 'sudo pacman -S valkey'],
  ['alpine', 'sudo apk add redis'],
]

const DOCKER_COMMAND = `docker run --rm -p 127.0.0.1:6379:6379 ${REDIS_IMAGE}`

/**
 * Names the command that installs Redis on this system, or starts one.
 *
 * @param platform as `process.platform` says
 * @param release name and family of a Linux
 */
export function installHint(platform: string, release: OsRelease): string {
  if (platform === 'darwin') return installWith('brew install redis')
  const known = platform === 'linux' ? release.family.map(commandFor).find(command => command !== undefined) : undefined
  if (known !== undefined) return installWith(known)
  return `Start one (${DOCKER_COMMAND}), then set REDIS_URL=redis://127.0.0.1:6379`
}

const installWith = (command: string): string => `Install one (${command}), or set REDIS_URL to one that runs.`

const commandFor = (family: string): string | undefined => packageManagers.find(([name]) => name === family)?.[1]

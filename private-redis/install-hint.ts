import type { OsRelease } from './os-release.ts'

const packageManagers: readonly (readonly [family: string, command: string])[] = [
  ['debian', 'sudo apt-get install redis-server'],
  ['ubuntu', 'sudo apt-get install redis-server'],
  ['fedora', 'sudo dnf install valkey'],
  ['rhel', 'sudo dnf install redis'],
  ['arch', 'sudo pacman -S valkey'],
  ['alpine', 'sudo apk add redis'],
]

/**
 * Names the command that installs Redis on this system.
 *
 * @param platform as `process.platform` says
 * @param release name and family of a Linux
 */
export function installHint(platform: string, release: OsRelease): string {
  if (platform === 'darwin') return installWith('brew install redis')
  const known = platform === 'linux' ? release.family.map(commandFor).find(command => command !== undefined) : undefined
  if (known !== undefined) return installWith(known)
  return 'Install redis-server 6.2 or newer, valkey-server, or Docker.'
}

const installWith = (command: string): string => `Install one: ${command}`

const commandFor = (family: string): string | undefined => packageManagers.find(([name]) => name === family)?.[1]

import { describe, expect, it } from 'vitest'
import { installHint } from '../../../private-redis/install-hint.ts'
import { parseOsRelease } from '../../../private-redis/os-release.ts'

describe('the command that a system without Redis is told', () => {
  it.each([
    ['darwin', '', 'brew install redis'],
    ['linux', 'ID=debian\nVERSION_ID="13"', 'sudo apt-get install redis-server'],
    ['linux', 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"', 'sudo apt-get install redis-server'],
    ['linux', 'ID=linuxmint\nID_LIKE="ubuntu debian"', 'sudo apt-get install redis-server'],
    ['linux', 'ID=fedora', 'sudo dnf install valkey'],
    ['linux', 'ID="rocky"\nID_LIKE="rhel centos fedora"', 'sudo dnf install redis'],
    ['linux', 'ID=manjaro\nID_LIKE=arch', 'sudo pacman -S valkey'],
    ['linux', 'ID=alpine', 'sudo apk add redis'],
  ])('is that of its package manager (%s, %j)', (platform, osRelease, command) => {
    expect(installHint(platform, parseOsRelease(osRelease))).toBe(`Install one: ${command}`)
  })

  it.each([
    ['win32', ''],
    ['linux', 'ID=nixos'],
    ['linux', ''],
  ])('names what to install where no package manager is known (%s, %j)', (platform, osRelease) => {
    expect(installHint(platform, parseOsRelease(osRelease))).toBe(
      'Install redis-server 6.2 or newer, valkey-server, or Docker.',
    )
  })
})

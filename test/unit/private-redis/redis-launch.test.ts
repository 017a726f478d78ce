import { describe, expect, it } from 'vitest'
import { dataServerArguments, redisLaunch } from '../../../private-redis/redis-launch.ts'

/** Gives the value after the last occurrence of a flag, which is the one that counts. */
const lastValueOf = (args: readonly string[], flag: string): string | undefined => args[args.lastIndexOf(flag) + 1]

describe('the arguments of a private Redis', () => {
  it('keep what is written, evict nothing and keep small hashes small', () => {
    const args = dataServerArguments('7.0.15', 'always', [])
    expect(lastValueOf(args, '--appendonly')).toBe('yes')
    expect(lastValueOf(args, '--appendfsync')).toBe('always')
    expect(lastValueOf(args, '--maxmemory-policy')).toBe('noeviction')
    expect(lastValueOf(args, '--hash-max-listpack-value')).toBe('256')
  })

  it('use the older name for small hashes before version 7', () => {
    const args = dataServerArguments('6.2.7', 'no', [])
    expect(lastValueOf(args, '--hash-max-ziplist-value')).toBe('256')
    expect(args).not.toContain('--hash-max-listpack-value')
  })

  it('let the caller have the last word', () => {
    const args = dataServerArguments('7.0.15', 'everysec', ['--appendonly', 'no'])
    expect(lastValueOf(args, '--appendonly')).toBe('no')
  })
})

const where = { port: 7001, dir: '/tmp/some-dir', args: ['--appendonly', 'yes'] }

describe('the command line of a server', () => {
  it('of this machine listens on loopback only, after the arguments of the caller', () => {
    const program = { kind: 'local', file: '/x/redis-server', environment: { A: 'b' }, version: '7.0.15' } as const
    const launch = redisLaunch({ program, ...where })
    expect(launch.command).toBe('/x/redis-server')
    expect(launch.args.slice(0, 2)).toEqual(['--appendonly', 'yes'])
    expect(lastValueOf(launch.args, '--bind')).toBe('127.0.0.1')
    expect(lastValueOf(launch.args, '--port')).toBe('7001')
    expect(lastValueOf(launch.args, '--dir')).toBe('/tmp/some-dir')
    expect(launch.environment).toEqual({ A: 'b' })
    expect(launch.reportsPidOf(42)).toBe(42)
    expect(launch.killCommand(42)).toBe('kill -KILL 42')
  })

  it('in a container passes one port on, and that to loopback only', () => {
    const program = { kind: 'docker', image: 'redis:test', version: '8.2.0' } as const
    const launch = redisLaunch({ program, ...where })
    expect(launch.command).toBe('docker')
    expect(lastValueOf(launch.args, '--publish')).toBe('127.0.0.1:7001:7001')
    expect(lastValueOf(launch.args, '--volume')).toBe('/tmp/some-dir:/data')
    expect(launch.args).toContain('redis:test')
    expect(launch.reportsPidOf(42)).toBeUndefined()
  })

  it('in a container has a name of its own each time, by which it is killed', () => {
    const program = { kind: 'docker', image: 'redis:test', version: '8.2.0' } as const
    const launches = [redisLaunch({ program, ...where }), redisLaunch({ program, ...where })]
    const names = launches.map(launch => lastValueOf(launch.args, '--name') ?? 'no name')
    expect(new Set(names).size).toBe(2)
    expect(launches.map(launch => launch.killCommand(42))).toEqual(names.map(name => `docker rm --force ${name}`))
  })
})

import { describe, expect, it } from 'vitest'
import { checkLocalProgram, judgeVersion } from '../../../private-redis/redis-program.ts'
import { isOlder } from '../../../redis/redis-version.ts'

describe('the line that a server program prints about itself', () => {
  it.each([
    ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=a1', '7.0.15'],
    ['Valkey server v=8.0.1 sha=00000000:0 malloc=libc bits=64 build=a1\n', '8.0.1'],
    ['Redis server v=6.2.0 sha=0:0', '6.2.0'],
  ])('%j names a version that will do', (printed, version) => {
    expect(judgeVersion(printed)).toEqual({ kind: 'found', program: version })
  })

  it.each([
    ['Redis server v=6.0.16 sha=0:0', 'is version 6.0.16, needed is 6.2.0 or newer'],
    ['Redis server v=5.0.7 sha=0:0', 'is version 5.0.7, needed is 6.2.0 or newer'],
    ['redis-cli 7.0.15', 'does not print a Redis version'],
    ['', 'does not print a Redis version'],
  ])('%j will not do', (printed, reason) => {
    expect(judgeVersion(printed)).toEqual({ kind: 'missing', reason })
  })
})

it.each([
  ['6.2.0', '7.0.0', true],
  ['7.0.9', '7.0.15', true],
  ['10.0.0', '7.0.0', false],
  ['7.0.0', '7.0.0', false],
])('version %s is older than %s: %s', (a, b, older) => {
  expect(isOlder(a, b)).toBe(older)
})

describe('a look at a server program', () => {
  it('does not count a file that cannot be run', async () => {
    expect(await checkLocalProgram('/dev/null')).toEqual({
      kind: 'missing',
      reason: '/dev/null: cannot be run (EACCES)',
    })
  })

  it('does not count a name that is not on the PATH', async () => {
    expect(await checkLocalProgram('no-such-redis-server')).toEqual({
      kind: 'missing',
      reason: 'no-such-redis-server: not there',
    })
  })

  it('does not count a program that is something else', async () => {
    expect(await checkLocalProgram(process.execPath)).toEqual({
      kind: 'missing',
      reason: `${process.execPath}: does not print a Redis version`,
    })
  })
})

import { describe, expect, it } from 'vitest'
import {
  type PackageSource,
  packagesToUnpack,
  parseDependencies,
  parseDescriptions,
} from '../../../private-redis/debian-packages.ts'

describe('a Depends field', () => {
  it.each([
    ['libc6', [[{ name: 'libc6' }]]],
    ['libc6 (>= 2.34), libjemalloc2 (>= 3.5.0)', [[{ name: 'libc6' }], [{ name: 'libjemalloc2' }]]],
    ['redis-tools (= 5:7.0.15-1~deb12u10)', [[{ name: 'redis-tools', exactVersion: '5:7.0.15-1~deb12u10' }]]],
    ['libelogind0 | libsystemd0', [[{ name: 'libelogind0' }, { name: 'libsystemd0' }]]],
    ['python3:any (>= 3.9~), libstdc++6', [[{ name: 'python3' }], [{ name: 'libstdc++6' }]]],
    ['libssl3t64(>= 3.0.0)', [[{ name: 'libssl3t64' }]]],
    ['', []],
    [' , ', []],
  ])('%j becomes a list of alternatives', (field, dependencies) => {
    expect(parseDependencies(field)).toEqual(dependencies)
  })
})

describe('what apt-cache show prints', () => {
  it('becomes one description a stanza, with folded lines and both kinds of dependencies', () => {
    const printed = [
      'Package: alpha-server',
      'Version: 5:1.2-3',
      'Pre-Depends: init-helpers (>= 1.54~)',
      'Depends: lsb-base (>= 3.2-14),',
      ' alpha-tools (= 5:1.2-3)',
      'Description: a server',
      ' that speaks of Depends: nothing',
      '',
      'Package: alpha-tools',
      'Version: 5:1.2-3',
      '',
      'Notes: no package at all',
    ].join('\n')
    expect(parseDescriptions(printed)).toEqual([
      {
        name: 'alpha-server',
        version: '5:1.2-3',
        dependencies: [
          [{ name: 'init-helpers' }],
          [{ name: 'lsb-base' }],
          [{ name: 'alpha-tools', exactVersion: '5:1.2-3' }],
        ],
      },
      { name: 'alpha-tools', version: '5:1.2-3', dependencies: [] },
    ])
  })

  it('is an empty list when there is nothing', () => {
    expect(parseDescriptions('')).toEqual([])
  })
})

const archive = new Map([
  ['alpha-server', 'Version: 1\nDepends: lsb-base, alpha-tools (= 1)'],
  ['alpha-tools', 'Version: 1\nDepends: adduser, libc6 (>= 2), libfast2, libjs-jquery, libold1 | libnew1'],
  ['libfast2', 'Version: 9\nDepends: libc6, libdeep7, fonts-plain'],
  ['libdeep7', 'Version: 3\nDepends: libfast2'],
  ['libold1', 'Version: 1'],
  ['libnew1', 'Version: 1'],
  ['libc6', 'Version: 2'],
  ['lsb-base', 'Version: 11'],
  ['adduser', 'Version: 3\nDepends: libuseless1'],
  ['libuseless1', 'Version: 1'],
])

const machineWith = (...installed: string[]): PackageSource => ({
  describe: async names =>
    names.flatMap(name => {
      const text = archive.get(name)
      return text === undefined ? [] : parseDescriptions(`Package: ${name}\n${text}`)
    }),
  installed: async names => new Set(names.filter(name => installed.includes(name))),
})

describe('the packages to unpack', () => {
  it('are the program, its sibling of the same version and the libraries that the machine lacks, however deep', async () => {
    const names = await packagesToUnpack('alpha-server', machineWith('libc6', 'libnew1'))
    expect(names).toEqual(['alpha-server', 'alpha-tools', 'libfast2', 'libdeep7'])
  })

  it('hold the first of several alternatives when none is installed', async () => {
    const names = await packagesToUnpack('alpha-server', machineWith('libc6', 'libfast2'))
    expect(names).toEqual(['alpha-server', 'alpha-tools', 'libold1'])
  })

  it('hold a sibling even where one is installed, because the program may be a link into it', async () => {
    const names = await packagesToUnpack('alpha-server', machineWith('alpha-tools', 'libc6', 'libfast2', 'libold1'))
    expect(names).toEqual(['alpha-server', 'alpha-tools'])
  })

  it('are none when the archive does not have the program', async () => {
    expect(await packagesToUnpack('beta-server', machineWith())).toEqual([])
  })
})

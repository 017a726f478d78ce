import { expect, it } from 'vitest'
import { parseOsRelease } from '../../../private-redis/os-release.ts'

it('reads id, version and family, with and without quotes', () => {
  const text =
    'PRETTY_NAME="Some Linux 24.04"\nID=\'somelinux\'\nVERSION_ID="24.04"\nID_LIKE="ubuntu debian"\n# a comment\n'
  expect(parseOsRelease(text)).toEqual({ id: 'somelinux', version: '24.04', family: ['somelinux', 'ubuntu', 'debian'] })
})

it('falls back to the defaults of the standard when the file is empty', () => {
  expect(parseOsRelease('')).toEqual({ id: 'linux', version: 'unknown', family: ['linux'] })
})

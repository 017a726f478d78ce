import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { cacheFolder } from '../../../private-redis/cache-folder.ts'

beforeEach(() => void vi.stubEnv('HOME', '/home/ada'))
afterEach(() => void vi.unstubAllEnvs())

describe('the cache folder', () => {
  it('lies in the checkout when the sources run', () => {
    const moduleUrl = 'file:///srv/a%20checkout/private-redis/cache-folder.ts'
    vi.stubEnv('XDG_CACHE_HOME', '/elsewhere')
    expect(cacheFolder(moduleUrl)).toBe('/srv/a checkout/.cache/clear-friends')
  })

  it.each([
    ['/var/cache/ada', '/var/cache/ada/clear-friends'],
    [undefined, '/home/ada/.cache/clear-friends'],
    ['', '/home/ada/.cache/clear-friends'],
    ['relative/path', '/home/ada/.cache/clear-friends'],
  ])("is the user's when an installed package runs (XDG_CACHE_HOME=%s)", (xdgCacheHome, expected) => {
    const moduleUrl = 'file:///usr/lib/node_modules/clear-friends/dist/private-redis/cache-folder.js'
    vi.stubEnv('XDG_CACHE_HOME', xdgCacheHome)
    expect(cacheFolder(moduleUrl)).toBe(expected)
  })
})

import { describe, expect, it } from 'vitest'
import { cacheFolder } from '../../../private-redis/cache-folder.ts'

const home = '/home/ada'

describe('the cache folder', () => {
  it('lies in the checkout when the sources run', () => {
    const moduleUrl = 'file:///srv/a%20checkout/private-redis/cache-folder.ts'
    const folder = cacheFolder({ moduleUrl, xdgCacheHome: '/elsewhere', homeDirectory: home })
    expect(folder).toBe('/srv/a checkout/.cache/clear-friends')
  })

  it.each([
    ['/var/cache/ada', '/var/cache/ada/clear-friends'],
    [undefined, '/home/ada/.cache/clear-friends'],
    ['', '/home/ada/.cache/clear-friends'],
    ['relative/path', '/home/ada/.cache/clear-friends'],
  ])("is the user's when an installed package runs (XDG_CACHE_HOME=%s)", (xdgCacheHome, expected) => {
    const moduleUrl = 'file:///usr/lib/node_modules/clear-friends/dist/private-redis/cache-folder.js'
    expect(cacheFolder({ moduleUrl, xdgCacheHome, homeDirectory: home })).toBe(expected)
  })
})

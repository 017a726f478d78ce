import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Facts that decide on the cache folder. */
export interface CachePlace {
  /** URL of this file: `.ts` in a checkout, `.js` in an installed package. */
  readonly moduleUrl: string
  /** The value of XDG_CACHE_HOME, if any. */
  readonly xdgCacheHome: string | undefined
  readonly homeDirectory: string
}

/**
 * Names the folder for downloads that can be repeated at any time. In a checkout it is `.cache/clear-friends`, and goes
 * with the checkout. An installed package must not write into itself, so it uses the user's cache directory (XDG).
 *
 * @returns an absolute path; the folder need not exist
 */
export function cacheFolder(place: CachePlace = placeOfThisProcess()): string {
  if (place.moduleUrl.endsWith('.ts')) return fileURLToPath(new URL('../.cache/clear-friends', place.moduleUrl))
  // XDG's rules: ignore a relative path in the variable.
  const given = place.xdgCacheHome?.startsWith('/') ? place.xdgCacheHome : undefined
  return resolve(given ?? join(place.homeDirectory, '.cache'), 'clear-friends')
}

function placeOfThisProcess(): CachePlace {
  const { XDG_CACHE_HOME: xdgCacheHome } = process.env
  return { moduleUrl: import.meta.url, xdgCacheHome, homeDirectory: homedir() }
}

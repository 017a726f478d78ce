import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Names the folder for downloads that can be repeated at any time. In a checkout it is `.cache/clear-friends`, and goes
 * with the checkout. An installed package must not write into itself, so it uses the user's cache directory (XDG).
 *
 * @param moduleUrl URL of this file: `.ts` in a checkout, `.js` in an installed package
 * @returns an absolute path; the folder need not exist
 */
export function cacheFolder(moduleUrl: string = import.meta.url): string {
  if (moduleUrl.endsWith('.ts')) return fileURLToPath(new URL('../.cache/clear-friends', moduleUrl))
  const { XDG_CACHE_HOME: given } = process.env
  // XDG's rules: ignore a relative path in the variable.
  return resolve(given?.startsWith('/') ? given : join(homedir(), '.cache'), 'clear-friends')
}

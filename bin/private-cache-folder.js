import { lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'

/**
 * Makes the folder for compiled sources, if it is one that no other user can write to: whoever writes there has his code
 * run by this user. Node's own choice is a name in the shared temporary folder that everybody can foresee.
 *
 * @param {Readonly<Record<string, string | undefined>>} environment XDG_CACHE_HOME names the user's cache folder
 * @param {string} home the user's home folder, where the cache folder is `.cache`
 * @returns {string | undefined} nothing where there is no such folder; programs start slower then
 */
export function privateCacheFolder({ XDG_CACHE_HOME: given = '' }, home) {
  const user = process.getuid?.()
  if (user === undefined) return undefined
  // XDG's rules: ignore a relative path in the variable.
  const base = isAbsolute(given) ? given : join(home, '.cache')
  try {
    const folder = join(base, 'clear-friends', 'compiled')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    // Folders above may be links, as a home on another disk is; what they lead to must be safe.
    const real = join(realpathSync(base), 'clear-friends', 'compiled')
    const isOurs = [dirname(real), real].every(path => isPrivate(path, user))
    return isOurs && isSafeAbove(dirname(dirname(real)), user) ? real : undefined
  } catch {
    return undefined
  }
}

/** Whether a folder is no link, belongs to the user, and lets nobody else write. */
function isPrivate(path, user) {
  const found = lstatSync(path)
  return found.isDirectory() && found.uid === user && (found.mode & 0o022) === 0
}

/** Whether nobody else can replace a folder or one above it: each belongs to the user or to root. */
function isSafeAbove(path, user) {
  const found = lstatSync(path)
  // In a sticky folder, such as /tmp, only the owner of an entry can replace it.
  const othersMayReplace = (found.mode & 0o022) !== 0 && (found.mode & 0o1000) === 0
  if (!found.isDirectory() || (found.uid !== user && found.uid !== 0) || othersMayReplace) return false
  return path === dirname(path) || isSafeAbove(dirname(path), user)
}

import { constants } from 'node:fs'
import { type FileHandle, lstat, open, rm } from 'node:fs/promises'
import { fileFault } from '../../file-fault.ts'

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants

/** Files of an import show how many people left and when: nobody else need read them. */
const OWNER_ONLY = 0o600

/**
 * Whoever may write to the folder of the input could put a link there, and an import of another user, or of root, would
 * then overwrite what the link leads to. So these functions follow no link and write to no file with a second name.
 */

/** Makes a new file that only this user may read. Fails where anything has that name, even a link to nothing. */
export const createOwnFile = (file: string): Promise<FileHandle> =>
  open(file, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, OWNER_ONLY)

/**
 * Opens a file that an import has made before; writes go to its end. Fails for a link, for a file with a second name, and
 * for all but plain files.
 */
export async function openOwnFile(file: string, access: 'read' | 'write'): Promise<FileHandle> {
  // O_NONBLOCK: a named pipe would hold up the opening until somebody writes to it.
  const handle = await open(file, (access === 'read' ? O_RDONLY : O_RDWR | O_APPEND) | O_NOFOLLOW | O_NONBLOCK)
  const found = await handle.stat()
  if (found.isFile() && found.nlink === 1) return handle
  await handle.close()
  throw new NotPlainError(found.isFile() ? 'it has a second name (a hard link)' : 'it is no plain file')
}

/** Removes a plain file, if there is one. Fails where something else has that name. */
export async function removeOwnFile(file: string): Promise<void> {
  const found = await lstat(file).catch(() => undefined)
  if (found === undefined) return
  if (found.isSymbolicLink()) throw new NotPlainError('it is a symbolic link')
  if (!found.isFile()) throw new NotPlainError('it is no plain file')
  await rm(file)
}

/** Thrown when a name that an import would write to belongs to something else than a plain file. */
class NotPlainError extends Error {}

/** Puts an error of these functions into words. */
export const ownFileFault = (error: unknown): string =>
  error instanceof NotPlainError ? `${error.message}, which is never written to` : fileFault(error)

/** Makes a rename survive a power cut. Some file systems cannot sync a folder. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

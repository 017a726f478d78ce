import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ImportFileError } from './import-file-error.ts'

/** A file of an import: what it is for, in words, and where. */
export interface NamedFile {
  readonly what: string
  readonly file: string
}

/**
 * Makes sure that no file is to serve two ends: whatever is written to it would destroy the other.
 *
 * @throws {ImportFileError} when two of them are one, under whatever names
 */
export async function requireDistinct(files: readonly NamedFile[]): Promise<void> {
  const seen = new Map<string, string>()
  for (const { what, file } of files) {
    const identity = await identityOf(file)
    const other = seen.get(identity)
    if (other !== undefined) {
      throw new ImportFileError(`${file}: ${other} and ${what} would be one file. Name another place for ${what}.`)
    }
    seen.set(identity, what)
  }
}

/** The same for all names of a file, links included. */
async function identityOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined)
  if (found !== undefined) return `${found.dev} ${found.ino}`
  const folder = await realpath(dirname(file)).catch(() => dirname(file))
  return join(folder, basename(file))
}

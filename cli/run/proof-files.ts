import { lstat, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createOwnFile, ownFileFault, removeOwnFile, syncFolder } from '../import/files/own-file.ts'
import { RunError } from './run-error.ts'

/** The files that prove a run, beside its list. */
export interface ProofFiles {
  readonly receipts: string
  /** The certificate as a page. */
  readonly page: string
  /** The same certificate as JSON. */
  readonly json: string
}

/** Names the files that prove the run of a list. */
export const proofFilesOf = (file: string): ProofFiles => ({
  receipts: `${file}.receipts.ndjson`,
  page: `${file}.certificate.html`,
  json: `${file}.certificate.json`,
})

/**
 * Refuses to begin a run that would replace the proof of an earlier one: it may be the only copy.
 *
 * @throws {RunError} when something has one of the names
 */
export async function requireNoProof(files: ProofFiles): Promise<void> {
  for (const file of Object.values(files)) {
    if ((await lstat(file).catch(() => undefined)) === undefined) continue
    throw new RunError(
      `${file}: it is there already, so this list has been run to its end, or another one of its name. ` +
        'Keep its receipts and certificate in another place, or give the list another name.',
    )
  }
}

/**
 * Writes a file that only this user may read, never through a link. It appears, or takes the place of the one of an
 * earlier process of this run, when all of it is on the disk.
 *
 * @param fill writes the content, and gives what is to be known of it
 * @throws {RunError} when it cannot be written
 */
export async function writeProof<T>(
  file: string,
  fill: (write: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const next = `${file}.next`
  const failed = (error: unknown): never => {
    throw new RunError(
      `${file}: it cannot be written (${ownFileFault(error)}). Make that possible, and run this again.`,
    )
  }
  const handle = await removeOwnFile(next)
    .then(() => createOwnFile(next))
    .catch(failed)
  try {
    const filled = await fill(text => handle.writeFile(text).catch(failed))
    await handle.sync().catch(failed)
    await rename(next, file).catch(failed)
    await syncFolder(dirname(file))
    return filled
  } finally {
    await handle.close()
  }
}

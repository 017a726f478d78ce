import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { fileFault } from '../file-fault.ts'
import type { ImportState } from './checkpoint.ts'
import { ImportFileError } from './import-file-error.ts'

/** Source of the accounts. */
export interface Input {
  readonly name: string
  /** Start of the default paths for the list of rejected lines and the checkpoint. */
  readonly beside: string
  /** Size of a file, which can be read again; `undefined` for a pipe. */
  readonly bytes: number | undefined
  open(signal: AbortSignal): Readable
}

/**
 * Examines an input and prepares it for reading.
 *
 * @param file a path, or `-` for standard input
 * @throws {ImportFileError} when there is no such file, or it is a folder
 */
export async function openInput(file: string, stdin: Readable): Promise<Input> {
  if (file === '-') {
    const open = (signal: AbortSignal): Readable => addAbortSignal(signal, stdin)
    return { name: 'standard input', beside: 'stdin', bytes: undefined, open }
  }
  const found = await stat(file).catch((error: unknown) => {
    throw new ImportFileError(`${file}: it cannot be read (${fileFault(error)})`)
  })
  if (found.isDirectory()) throw new ImportFileError(`${file}: it is a folder`)
  return {
    name: file,
    // A named pipe may lie in a folder that takes no files, such as /dev/fd.
    beside: found.isFile() ? file : basename(file),
    bytes: found.isFile() ? found.size : undefined,
    open: signal => createReadStream(file, { signal }),
  }
}

/**
 * Reads an input to its end for its identity.
 *
 * @throws {ImportFileError} when the input cannot be read, or at the signal
 */
export async function contentOf(input: Input, signal: AbortSignal): Promise<ImportState['content']> {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const chunk of input.open(signal)) {
      hash.update(chunk)
      bytes += chunk.length
    }
  } catch (error) {
    if (signal.aborted) throw new ImportFileError('interrupted before anything was enqueued')
    throw new ImportFileError(`${input.name}: it cannot be read (${fileFault(error)})`)
  }
  return { bytes, sha256: hash.digest('hex') }
}

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { fileFault } from '../file-fault.ts'
import { ImportFileError } from './import-file-error.ts'

/** What identifies the content of a file. */
export interface Content {
  readonly bytes: number
  readonly sha256: string
}

/** Where the accounts come from. */
export interface Input {
  readonly name: string
  /** Where its rejected lines and its checkpoint go unless something else was said. */
  readonly beside: string
  /** Size where it is known beforehand: of a file, that can be read again, not of a pipe. */
  readonly bytes: number | undefined
  open(signal: AbortSignal): Readable
}

/**
 * Looks at an input.
 *
 * @param file a path, or `-` for standard input
 * @throws {ImportFileError} when it cannot be opened
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
    // A pipe has a name in a folder where no files can be.
    beside: found.isFile() ? file : basename(file),
    bytes: found.isFile() ? found.size : undefined,
    open: signal => createReadStream(file, { signal }),
  }
}

/**
 * Reads an input once to know it again.
 *
 * @throws {ImportFileError} when it cannot be read, or at the signal
 */
export async function contentOf(input: Input, signal: AbortSignal): Promise<Content> {
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

import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { fileFault } from '../../file-fault.ts'
import { ImportFileError } from './import-file-error.ts'
import { InputFile } from './input-file.ts'

/** Source of the accounts. */
export type Input = FileInput | StreamInput

/** A file, which can be read again. */
interface FileInput {
  readonly kind: 'file'
  readonly name: string
  /** Start of the default paths for the list of rejected lines and the checkpoint. */
  readonly beside: string
  readonly file: InputFile
}

/** Standard input or a named pipe, which is read once. */
interface StreamInput {
  readonly kind: 'stream'
  readonly name: string
  readonly beside: string
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
    return { kind: 'stream', name: 'standard input', beside: 'stdin', open }
  }
  const found = await stat(file).catch(error => unreadable(file, error))
  if (found.isDirectory()) throw new ImportFileError(`${file}: it is a folder`)
  if (!found.isFile()) {
    // A named pipe may lie in a folder that takes no files, such as /dev/fd.
    const beside = basename(file)
    return { kind: 'stream', name: file, beside, open: signal => createReadStream(file, { signal }) }
  }
  const handle = await open(file).catch(error => unreadable(file, error))
  return { kind: 'file', name: file, beside: file, file: new InputFile(file, handle) }
}

/** Closes the input. A stream would keep the program from ending. */
export async function closeInput(input: Input): Promise<void> {
  if (input.kind === 'file') await input.file.close()
}

function unreadable(file: string, error: unknown): never {
  throw new ImportFileError(`${file}: it cannot be read (${fileFault(error)})`)
}

import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ImportCheckpoint } from './checkpoint.ts'
import { ImportFileError } from './import-file-error.ts'
import type { Input } from './input.ts'
import type { RejectedPlace } from './rejected-lines.ts'

/**
 * Names the files that an import writes: those of the options, else files beside its input.
 *
 * @returns the checkpoint, if the input can be read a second time, and the place of the list of rejected lines
 * @throws {ImportFileError} when two of them, or one of them and the input, are the same file, even under different
 *   names: writing one would destroy the other
 */
export async function filesOf(
  input: Input,
  checkpointFile = `${input.beside}.checkpoint`,
  rejectedFile?: string,
): Promise<{ readonly checkpoint: ImportCheckpoint | undefined; readonly rejected: RejectedPlace }> {
  const isOnce = input.kind === 'stream'
  const rejected = { file: rejectedFile ?? `${input.beside}.rejected`, isNamed: rejectedFile !== undefined }
  await requireDistinct([
    ...(isOnce ? [] : [['the input', input.name] as const, ['the checkpoint', checkpointFile] as const]),
    ['the list of rejected lines', rejected.file],
  ])
  return { checkpoint: isOnce ? undefined : new ImportCheckpoint(checkpointFile), rejected }
}

async function requireDistinct(files: readonly (readonly [what: string, file: string])[]): Promise<void> {
  const seen = new Map<string, string>()
  for (const [what, file] of files) {
    const identity = await identityOf(file)
    const other = seen.get(identity)
    if (other !== undefined) {
      throw new ImportFileError(`${file}: ${other} and ${what} would be one file. Name another place for ${what}.`)
    }
    seen.set(identity, what)
  }
}

/** Gives the same text for all names of a file, links included. */
async function identityOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined)
  if (found !== undefined) return `${found.dev} ${found.ino}`
  const folder = await realpath(dirname(file)).catch(() => dirname(file))
  return join(folder, basename(file))
}

import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import { fileFault } from '../file-fault.ts'
import { FORMATS } from './format.ts'
import { ImportFileError } from './import-file-error.ts'

const count = z.int().min(0)

/** How far an import has come. `lines = accepted + duplicate + rejected`. */
const doneSchema = z.object({
  lines: count,
  accepted: count,
  duplicate: count,
  rejected: count,
  /** Of the lines so many were handed to the producer. */
  entries: count,
  /** Length of the list of rejected lines. */
  rejectedBytes: count,
})

/** See {@link doneSchema}. */
export type Done = z.infer<typeof doneSchema>

/** What decides which jobs come of a file. */
const importOptionsSchema = z.object({
  format: z.enum(FORMATS),
  column: z.string(),
  deleteType: z.enum(['both', 'single']),
  /** As it was given, since a span means another date each time. */
  due: z.string().nullable(),
  request: z.string().nullable(),
})

/** See {@link importOptionsSchema}. */
export type ImportIdentity = z.infer<typeof importOptionsSchema>

const stateSchema = z.object({
  v: z.literal(1),
  content: z.object({ bytes: count, sha256: z.string() }),
  fleet: z.object({ prefix: z.string(), id: z.string() }),
  options: importOptionsSchema,
  /** Epoch seconds from which spans count. */
  startedAt: count,
  /** Epoch seconds; due date of lines that name none. */
  due: count,
  /** Makes the job ids, so that a batch that is sent again makes no second job. */
  key: z.string(),
  done: doneSchema,
})

/** An import that may be continued by another process. */
export type ImportState = z.infer<typeof stateSchema>

/** The file that keeps an {@link ImportState}. It holds no account. */
export class ImportCheckpoint {
  readonly file: string

  constructor(file: string) {
    this.file = file
  }

  /**
   * Reads what is stored.
   *
   * @returns nothing where there is no such file
   * @throws {ImportFileError} when it cannot be read, or is something else
   */
  async read(): Promise<ImportState | undefined> {
    let text: string
    try {
      text = await readFile(this.file, 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw new ImportFileError(`${this.file}: the checkpoint cannot be read (${fileFault(error)}).`)
    }
    const parsed = stateSchema.safeParse(parseJson(text))
    if (parsed.success) return parsed.data
    throw new ImportFileError(
      `${this.file}: this is no checkpoint of an import. Move it away, or name another place with --checkpoint-file.`,
    )
  }

  /**
   * Stores a state. Whoever reads finds this one or the one before, whatever crashes in between.
   *
   * @throws {ImportFileError} when it cannot be written; the one before stays
   */
  async write(state: ImportState): Promise<void> {
    const next = `${this.file}.next`
    try {
      await writeThrough(next, `${JSON.stringify(state)}\n`)
      await rename(next, this.file)
      await syncFolder(dirname(this.file))
    } catch (error) {
      await rm(next, { force: true }).catch(() => {})
      throw new ImportFileError(
        `${this.file}: the checkpoint cannot be written (${fileFault(error)}). ` +
          'Make that possible, or name another place with --checkpoint-file.',
      )
    }
  }

  /** Removes it: the import is over. */
  async remove(): Promise<void> {
    await rm(this.file, { force: true })
  }
}

async function writeThrough(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w')
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a rename last over a power cut. Some file systems cannot do that for a folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

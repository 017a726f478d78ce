import { open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import { fileFault } from '../file-fault.ts'
import { ImportFileError } from './import-file-error.ts'
import { FORMATS } from './read/recognised.ts'

const count = z.int().min(0)

const stateSchema = z.object({
  v: z.literal(1),
  content: z.object({ bytes: count, sha256: z.string() }),
  fleet: z.object({ prefix: z.string(), id: z.string() }),
  /** Options that decide which jobs a file gives. */
  options: z.object({
    read: z.object({
      format: z.enum(FORMATS).optional(),
      column: z.string().optional(),
      delimiter: z.string().optional(),
      encoding: z.string().optional(),
      requestColumn: z.string().optional(),
      dueColumn: z.string().optional(),
    }),
    deleteType: z.enum(['both', 'single']),
    /** The operator's text, since a span means another date each time. */
    due: z.string().nullable(),
    request: z.string().nullable(),
  }),
  /** Epoch seconds from which spans count. */
  startedAt: count,
  /** Epoch seconds; due date of lines without one. */
  due: count,
  /** Job ids come from this key and the entry's number, so that a repeated batch makes no second job. */
  key: z.string(),
  /** Progress of the import. `lines = accepted + duplicate + rejected`. */
  done: z.object({
    lines: count,
    accepted: count,
    duplicate: count,
    /** Duplicates that changed the job that is there. */
    strengthened: count,
    rejected: count,
    /** Number of lines that went to the producer. */
    entries: count,
    /** Size of the list of rejected lines. */
    rejectedBytes: count,
  }),
})

/** State of an import that another process can resume. */
export type ImportState = z.infer<typeof stateSchema>

/** Progress of an import. */
export type Done = ImportState['done']

/** Keeps an {@link ImportState} in a file, which holds no account. */
export class ImportCheckpoint {
  readonly file: string

  constructor(file: string) {
    this.file = file
  }

  /**
   * Reads the stored state.
   *
   * @returns `undefined` if there is no file
   * @throws {ImportFileError} when the file cannot be read, or is no checkpoint
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
   * Stores a state. After a crash at any moment the file holds this state or the one before.
   *
   * @throws {ImportFileError} when the file cannot be written; the state before stays
   */
  async write(state: ImportState): Promise<void> {
    const next = `${this.file}.next`
    try {
      await writeFile(next, `${JSON.stringify(state)}\n`, { flush: true })
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

  /** Removes the file at the end of the import. */
  async remove(): Promise<void> {
    await rm(this.file, { force: true })
  }
}

/** Makes a rename survive a power cut. Some file systems cannot sync a folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

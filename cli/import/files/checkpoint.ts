import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { parseJson } from '../../../config/parse-json.ts'
import { FORMATS } from '../read/recognised.ts'
import { ImportFileError } from './import-file-error.ts'
import { createOwnFile, openOwnFile, ownFileFault, removeOwnFile, syncFolder } from './own-file.ts'

const count = z.int().min(0)

/** See {@link Done}. */
export const doneSchema = z.object({
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
})

/** Progress of an import. `lines = accepted + duplicate + rejected`. */
export type Done = z.infer<typeof doneSchema>

/** Progress of an import that has not begun. */
export const NOTHING_DONE: Done = {
  lines: 0,
  accepted: 0,
  duplicate: 0,
  strengthened: 0,
  rejected: 0,
  entries: 0,
  rejectedBytes: 0,
}

/**
 * Reads a progress that was stored as JSON; an empty text stands for none.
 *
 * @returns `undefined` for anything else
 */
export function parseDone(text: string): Done | undefined {
  return text === '' ? NOTHING_DONE : doneSchema.safeParse(parseJson(text)).data
}

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
  /** Number of lines of the whole input. */
  total: count,
  done: doneSchema,
})

/** State of an import that another process can resume. */
export type ImportState = z.infer<typeof stateSchema>

/** Keeps an {@link ImportState} in a file, which holds no account. */
export class ImportCheckpoint {
  readonly file: string

  /** A new state is written here and takes the place of the old one by its name. */
  readonly #next: string

  constructor(file: string) {
    this.file = file
    this.#next = `${file}.next`
  }

  /**
   * Reads the stored state.
   *
   * @returns `undefined` if there is no file
   * @throws {ImportFileError} when the file cannot be read, or is no checkpoint
   */
  async read(): Promise<ImportState | undefined> {
    const text = await this.#readText()
    if (text === undefined) return undefined
    const parsed = stateSchema.safeParse(parseJson(text))
    if (parsed.success) return parsed.data
    throw new ImportFileError(
      `${this.file}: this is no checkpoint of an import. Move it away, or name another place with --checkpoint-file.`,
    )
  }

  async #readText(): Promise<string | undefined> {
    try {
      const handle = await openOwnFile(this.file, 'read')
      return await handle.readFile('utf8').finally(() => handle.close())
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw new ImportFileError(
        `${this.file}: the checkpoint cannot be read (${ownFileFault(error)}). ` +
          'Move it away, or name another place with --checkpoint-file.',
      )
    }
  }

  /**
   * Makes the file. Of two processes that do so at the same moment, one fails.
   *
   * @throws {ImportFileError} when the file is there already or cannot be made
   */
  async create(state: ImportState): Promise<void> {
    await this.#trying(async () => {
      // What stands in the way of a later write must show now.
      await removeOwnFile(this.#next)
      await writeNew(this.file, state)
    })
  }

  /**
   * Stores a state. After a crash at any moment the file holds this state or the one before.
   *
   * @throws {ImportFileError} when the file cannot be written; the state before stays
   */
  async write(state: ImportState): Promise<void> {
    await this.#trying(async () => {
      // A process that was killed may have left it.
      await removeOwnFile(this.#next)
      await writeNew(this.#next, state)
      await rename(this.#next, this.file)
      await syncFolder(dirname(this.file))
    })
  }

  async #trying(change: () => Promise<void>): Promise<void> {
    try {
      await change()
    } catch (error) {
      throw new ImportFileError(
        `${this.file}: the checkpoint cannot be written (${ownFileFault(error)}). ` +
          'Make that possible, or name another place with --checkpoint-file.',
      )
    }
  }

  /** Removes the file at the end of the import. */
  async remove(): Promise<void> {
    await rm(this.file, { force: true })
  }
}

/** Makes a file with a state; leaves none behind when that fails. */
async function writeNew(file: string, state: ImportState): Promise<void> {
  const handle = await createOwnFile(file)
  try {
    await handle.writeFile(`${JSON.stringify(state)}\n`)
    await handle.sync()
  } catch (error) {
    await rm(file, { force: true })
    throw error
  } finally {
    await handle.close()
  }
}

import { join } from 'node:path'
import { createOwnFile, ownFileFault } from '../import/files/own-file.ts'
import { RunError } from './run-error.ts'

/** Names the file with settings in a folder. */
export const envFileIn = (folder: string): string => join(folder, '.env')

/**
 * Writes settings into a new file that only this user may read. A file that is there stays as it is.
 *
 * @throws {RunError} when it cannot be written
 */
export async function writeEnvFile(file: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const failed = (error: unknown): never => {
    throw new RunError(`${file}: the settings cannot be written (${ownFileFault(error)}).`)
  }
  const handle = await createOwnFile(file).catch(failed)
  try {
    await handle.writeFile(envText(settings)).catch(failed)
    await handle.sync().catch(failed)
  } finally {
    await handle.close()
  }
}

/**
 * Puts settings into the form that Node and Docker Compose read.
 *
 * @throws {RunError} when a value has all kinds of quotes
 */
export const envText = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join('')

/** Node knows three kinds of quotes and no escapes; within double quotes alone it takes a backslash and an n for a line end. */
function quoted(value: string): string {
  if (/^[\w./:@%+=-]*$/.test(value)) return value
  const quote = ["'", '`', ...(value.includes('\\') ? [] : ['"'])].find(each => !value.includes(each))
  if (quote !== undefined) return `${quote}${value}${quote}`
  throw new RunError(
    'A setting has all kinds of quotes, so it cannot be written into a .env. Set it in the environment.',
  )
}

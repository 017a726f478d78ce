import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileFault } from './file-fault.ts'

/** Name of the file with settings; Docker Compose reads the same one. */
const ENV_FILE = '.env'

/** Levels at which the use of the file is told. */
const TELLING = new Set(['debug', 'trace'])

/**
 * Reads `.env` in the working directory into this process' environment, as Node does it: a variable that is set already
 * stays as it is, even an empty one.
 *
 * @returns what to tell: that the file is used, at `LOG_LEVEL=debug`, or `fault`, why it cannot be read
 */
export function readEnvFile(): { readonly told?: string; readonly fault?: string } {
  const file = resolve(ENV_FILE)
  try {
    // A folder of that name is no fault: other tools keep things there.
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return {}
    process.loadEnvFile(file)
  } catch (error) {
    return { fault: `${file}: the settings there cannot be read (${fileFault(error)})` }
  }
  if (!TELLING.has(process.env['LOG_LEVEL'] ?? '')) return {}
  return { told: `settings come from ${file} where the environment has none` }
}

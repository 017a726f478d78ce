import { EXIT } from '../exit-codes.ts'
import type { FleetConnection } from '../fleet-connection.ts'
import type { Shell } from '../shell.ts'
import { confirm } from '../terminal/confirm.ts'
import { showProgress } from '../terminal/show-progress.ts'
import { concludeImport, reportImport } from './conclude-import.ts'
import type { Input } from './files/input.ts'
import { beginImport, type ImportOptions, planImport } from './prepare-import.ts'
import { figuresOf, runImport } from './run-import.ts'

/**
 * Imports an input and prints the manifest. A file is read twice: the first reading finds its faults and its length,
 * the second one enqueues.
 *
 * @returns the exit code
 * @throws {InputFormatError} when the input as a whole does not fit
 * @throws {ImportFileError} when a file of the import cannot be used
 * @throws {InterruptedError} at a signal before anything was enqueued
 */
export async function importInput(
  input: Input,
  options: ImportOptions,
  fleet: FleetConnection,
  shell: Shell,
): Promise<number> {
  const signal = shell.listen()
  const plan = await planImport(input, options, shell, signal)
  const { found } = plan
  if (found !== undefined && !options.yes && !options.resume && !(await confirm(found.accounts, shell, signal))) {
    shell.say('nothing was enqueued')
    return EXIT.failed
  }
  const parts = await beginImport(input, options, plan, fleet, shell, signal)
  try {
    const figures = figuresOf(parts)
    const endProgress = showProgress(figures, shell)
    const end = await runImport(parts, fleet, figures, shell.say).finally(endProgress)
    await concludeImport(end, parts)
    return reportImport(end, { ...parts, ...options }, shell)
  } finally {
    await parts.lease.release()
  }
}

import { count } from '../words.ts'
import type { ImportCheckpoint, ImportState } from './checkpoint.ts'
import { ImportFileError } from './import-file-error.ts'

/**
 * Finds the state from which the import goes on.
 *
 * @param wanted the state at the first line of the import that the operator wants now
 * @param name of the input
 * @param resume whether the operator wants to resume an interrupted import
 * @throws {ImportFileError} when there is no such import, when it was another one, or when a new one would lose it;
 *   when the checkpoint cannot be read
 */
export async function beginImport(
  wanted: ImportState,
  name: string,
  checkpoint: ImportCheckpoint,
  resume: boolean,
): Promise<ImportState> {
  const found = await checkpoint.read()
  if (resume) return requireSame(found, wanted, name, checkpoint.file)
  if (found !== undefined && isSameContent(found, wanted)) {
    throw new ImportFileError(
      `${name}: an import of this file was interrupted after ${count(found.done.lines)} lines, or is still running. ` +
        `Go on with --resume, or delete ${checkpoint.file} to begin at the first line.`,
    )
  }
  return wanted
}

function requireSame(found: ImportState | undefined, wanted: ImportState, name: string, file: string): ImportState {
  if (found === undefined) {
    throw new ImportFileError(
      `${name}: there is nothing to resume, since ${file} does not exist. ` +
        'An import that came to its end leaves none; one without --resume begins at the first line.',
    )
  }
  const fault = contentFault(found, wanted) ?? fleetFault(found, wanted) ?? optionsFault(found, wanted)
  if (fault === undefined) return found
  throw new ImportFileError(`${name}: its import cannot be resumed: ${fault}`)
}

const isSameContent = ({ content: then }: ImportState, { content: now }: ImportState): boolean =>
  then.bytes === now.bytes && then.sha256 === now.sha256

function contentFault(found: ImportState, wanted: ImportState): string | undefined {
  if (isSameContent(found, wanted)) return undefined
  const { content: then } = found
  const { content: now } = wanted
  const how =
    then.bytes === now.bytes
      ? `it has its ${count(now.bytes)} bytes, but not the same ones`
      : `it had ${count(then.bytes)} bytes and has ${count(now.bytes)}`
  return (
    `the file has changed since, ${how}. Put the old one back, or import the new one without --resume; ` +
    'accounts that are in the queue are not enqueued twice.'
  )
}

function fleetFault({ fleet: then }: ImportState, { fleet: now }: ImportState): string | undefined {
  if (then.prefix !== now.prefix) return `REDIS_PREFIX was "${then.prefix}" and is "${now.prefix}".`
  if (then.id === now.id) return undefined
  return (
    'it went to another Redis, or this one has lost its data since. Check REDIS_URL; ' +
    'if the data are lost, import the file again without its checkpoint.'
  )
}

/** Options that decide which jobs a file gives, as the operator writes them. */
const OPTIONS = [
  ['--delete-type', 'deleteType'],
  ['--due', 'due'],
  ['--request', 'request'],
] as const

/** Options that say how to read the input. */
const READ_OPTIONS = [
  ['--format', 'format'],
  ['--column', 'column'],
  ['--delimiter', 'delimiter'],
  ['--encoding', 'encoding'],
  ['--request-column', 'requestColumn'],
  ['--due-column', 'dueColumn'],
] as const

function optionsFault({ options: then }: ImportState, { options: now }: ImportState): string | undefined {
  const told = [
    ...READ_OPTIONS.flatMap(([flag, name]) => difference(flag, then.read[name], now.read[name])),
    ...OPTIONS.flatMap(([flag, name]) => difference(flag, then[name], now[name])),
  ]
  if (told.length === 0) return undefined
  return `${told.join('; ')}. Give the options that it was begun with.`
}

const difference = (flag: string, then: string | null | undefined, now: string | null | undefined): string[] =>
  then === now ? [] : [`${flag} was ${then ?? 'not given'} and is ${now ?? 'not'}`]

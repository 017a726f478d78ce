import { ImportLease } from '../../jobs/enqueue/lease/import-lease.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import type { Shell } from '../shell.ts'
import { count, counted } from '../words.ts'
import type { ImportCheckpoint, ImportState } from './files/checkpoint.ts'
import { ImportFileError } from './files/import-file-error.ts'
import { doneIn, wentBackTo } from './import-end.ts'
import { takeImport } from './take-import.ts'

/** An import that this process owns. */
export interface BegunImport {
  /** State from which it goes on. */
  readonly state: ImportState
  readonly lease: ImportLease
}

/** What an import begins with. */
export interface Beginning {
  /** State at the first line of the import that the operator wants now. */
  readonly wanted: ImportState
  /** Name of the input. */
  readonly name: string
  readonly redis: RedisConnection
  readonly say: Shell['say']
  readonly signal: AbortSignal
}

/**
 * Begins an import that nobody has begun.
 *
 * @param checkpoint `undefined` if the input cannot be read a second time
 * @throws {ImportFileError} when there is a checkpoint of an import that has not ended, since a new one would lose it
 */
export async function beginAnew(
  { wanted, name, redis }: Beginning,
  checkpoint: ImportCheckpoint | undefined,
): Promise<BegunImport> {
  const found = await checkpoint?.read()
  if (found !== undefined) refuseToForget(found, wanted, name, checkpoint?.file ?? '')
  const lease = new ImportLease(redis, wanted.fleet.prefix, wanted.key)
  await lease.hold()
  return { state: wanted, lease }
}

/**
 * Goes on with an interrupted import.
 *
 * @throws {ImportFileError} when there is none, when it was another one, or when another process is at work on it
 */
export async function goOn(beginning: Beginning, checkpoint: ImportCheckpoint): Promise<BegunImport> {
  const { wanted, name, redis, say, signal } = beginning
  const found = requireSame(await checkpoint.read(), wanted, name, checkpoint.file)
  const lease = new ImportLease(redis, wanted.fleet.prefix, found.key)
  const record = await takeImport(lease, name, say, signal)
  try {
    // Its owner may have come to the end of the import meanwhile.
    const now = requireSame(await checkpoint.read(), wanted, name, checkpoint.file)
    if (now.key !== found.key) throw new ImportFileError(`${name}: its import has just been begun anew.`)
    const done = doneIn(record.done)
    if (done.entries < now.done.entries) say(wentBackTo(done))
    return { state: { ...now, done }, lease }
  } catch (error) {
    await lease.release()
    throw error
  }
}

function refuseToForget(found: ImportState, wanted: ImportState, name: string, file: string): never {
  const { lines } = found.done
  if (isSameContent(found, wanted)) {
    throw new ImportFileError(
      `${name}: an import of this file was interrupted after ${counted(lines, 'line')}, or is still running. ` +
        `Go on with --resume, or delete ${file} to begin at the first line.`,
    )
  }
  throw new ImportFileError(
    `${name}: the import of another file of this name has not ended: ${count(found.total - lines)} of its ` +
      `${counted(found.total, 'line')} were never enqueued. Put that file back and go on with --resume, ` +
      `or delete ${file} to give those lines up.`,
  )
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
    `the file has changed since, ${how}. Put the old one back; or delete the checkpoint, which gives up the lines ` +
    'that were not enqueued, and import the new file without --resume.'
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

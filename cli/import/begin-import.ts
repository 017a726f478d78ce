import { randomBytes } from 'node:crypto'
import { count } from '../words.ts'
import type { ImportCheckpoint, ImportIdentity, ImportState } from './checkpoint.ts'
import type { Content } from './input.ts'

/** Thrown when an import cannot resume an earlier one. Nothing was enqueued. */
class ResumeError extends Error {
  override readonly name = 'ResumeError'
  readonly code = 'RESUME_REFUSED'
}

/** The import that the operator wants now. */
export interface WantedImport {
  readonly name: string
  readonly content: Content
  readonly fleet: ImportState['fleet']
  readonly options: ImportIdentity
  /** Epoch seconds. */
  readonly now: number
  /** Epoch seconds; due date of lines without one. */
  readonly due: number
}

/** Makes the state of an import from the first line on. */
export const newImport = ({ content, fleet, options, now, due }: WantedImport): ImportState => ({
  v: 1,
  content,
  fleet,
  options,
  startedAt: now,
  due,
  key: randomBytes(16).toString('hex'),
  done: { lines: 0, accepted: 0, duplicate: 0, rejected: 0, entries: 0, rejectedBytes: 0 },
})

/**
 * Finds the state from which the import goes on.
 *
 * @param resume whether the operator wants to resume an interrupted import
 * @throws {ResumeError} when there is no such import, when it was another one, or when a new one would lose it
 * @throws {ImportFileError} when the checkpoint cannot be read
 */
export async function beginImport(
  wanted: WantedImport,
  checkpoint: ImportCheckpoint,
  resume: boolean,
): Promise<ImportState> {
  const found = await checkpoint.read()
  if (resume) return requireSame(found, wanted, checkpoint.file)
  if (found !== undefined && isSameContent(found.content, wanted.content)) {
    throw new ResumeError(
      `${wanted.name}: an import of this file was interrupted after ${count(found.done.lines)} lines, or is still running. ` +
        `Go on with --resume, or delete ${checkpoint.file} to begin at the first line.`,
    )
  }
  return newImport(wanted)
}

function requireSame(found: ImportState | undefined, wanted: WantedImport, file: string): ImportState {
  if (found === undefined) {
    throw new ResumeError(
      `${wanted.name}: there is nothing to resume, since ${file} does not exist. ` +
        'An import that came to its end leaves none; one without --resume begins at the first line.',
    )
  }
  const fault = contentFault(found, wanted) ?? fleetFault(found, wanted) ?? optionsFault(found, wanted)
  if (fault === undefined) return found
  throw new ResumeError(`${wanted.name}: its import cannot be resumed: ${fault}`)
}

const isSameContent = (one: Content, other: Content): boolean =>
  one.bytes === other.bytes && one.sha256 === other.sha256

function contentFault({ content: then }: ImportState, { content: now }: WantedImport): string | undefined {
  if (isSameContent(then, now)) return undefined
  const how =
    then.bytes === now.bytes
      ? `it has its ${count(now.bytes)} bytes, but not the same ones`
      : `it had ${count(then.bytes)} bytes and has ${count(now.bytes)}`
  return (
    `the file has changed since, ${how}. Put the old one back, or import the new one without --resume; ` +
    'accounts that are in the queue are not enqueued twice.'
  )
}

function fleetFault({ fleet: then }: ImportState, { fleet: now }: WantedImport): string | undefined {
  if (then.prefix !== now.prefix) return `REDIS_PREFIX was "${then.prefix}" and is "${now.prefix}".`
  if (then.id === now.id) return undefined
  return (
    'it went to another Redis, or this one has lost its data since. Check REDIS_URL; ' +
    'if the data are lost, import the file again without its checkpoint.'
  )
}

function optionsFault({ options: then }: ImportState, { options: now }: WantedImport): string | undefined {
  const differing = (
    [
      ['--format', then.format, now.format],
      ['--column', then.column, now.column],
      ['--delete-type', then.deleteType, now.deleteType],
      ['--due', then.due, now.due],
      ['--request', then.request, now.request],
    ] as const
  ).filter(([, before, after]) => before !== after)
  if (differing.length === 0) return undefined
  const told = differing.map(([name, before, after]) => `${name} was ${before ?? 'not given'} and is ${after ?? 'not'}`)
  return `${told.join('; ')}. Give the options that it was begun with.`
}

/** The export of receipts: the log in Redis as lines of NDJSON, checked, with its signed head as the last line. */

import type { RedisConnection } from '../../../redis/connection.ts'
import { requireKey } from '../../status/fleet-contract.ts'
import type { ReceiptSeals } from '../keys/receipt-seals.ts'
import { type LogEntry, toLeaf, toLine, toMissingLeaf } from '../log/entry.ts'
import { toBeginLine, toEndLine } from '../log/export-lines.ts'
import { CompactRange, leafHash } from '../log/merkle.ts'
import { originOf } from '../log/origin.ts'
import { formatVerifierKey, isNoteSignedBy } from '../log/signed-note.ts'
import { walkLog } from '../read/follow-log.ts'
import { readKeptHeads } from '../read/kept-heads.ts'
import type { LogFollower } from '../read/log-follower.ts'
import { type OpenedLog, openLog } from '../read/open-log.ts'
import { readEntries, toLogEntry } from '../read/read-entries.ts'

/** Source and filters of an export. */
export interface ExportOptions {
  /** The caller closes it. */
  readonly redis: RedisConnection
  readonly prefix: string
  readonly seals: ReceiptSeals
  /** Only entries behind this number, to go on after an earlier export. Default 0. */
  readonly after?: number
  /** Only entries from this time on, epoch ms, and some before it: from the last kept head that was signed before. */
  readonly sinceMs?: number
  /** Only what concerns this request. */
  readonly request?: string
}

/** The result of an export. */
export interface ExportSummary {
  /** Entries that were written. */
  readonly lines: number
  /** The export is complete from the first entry behind `after` up to `through`. */
  readonly after: number
  readonly through: number
  /** What does not fit in Redis, in words. The exporter does not sign the export then. */
  readonly troubles: readonly string[]
}

/**
 * Exports the log as lines of NDJSON, oldest first, in bounded memory. Reads only. Checks the tree against the signed
 * head, and the signatures of the entries behind it.
 *
 * @returns the result, after the last line
 * @throws {ReceiptKeyError} when the log is kept with another key
 */
export async function* exportReceipts(options: ExportOptions): AsyncGenerator<string, ExportSummary> {
  const { redis, prefix, seals } = options
  await requireKey(redis, prefix, seals)
  const log = await openLog(redis, prefix, seals)
  if (log === undefined || log.newest === 0) return { lines: 0, after: 0, through: 0, troubles: [] }
  const troubles = [...log.troubles]
  const after = await firstOf(options, log)
  const follower = log.follower
  const origin = originOf(log.identity)
  const lines = new CompactRange()
  let written = 0
  let hasBegun = false

  for await (const step of walkChecked(options, log, after, troubles)) {
    if (!hasBegun && after > 0 && options.request === undefined) {
      yield toBeginLine({ origin, after, range: step.range })
    }
    hasBegun = true
    if (step.entry === undefined || !isWanted(step.entry, options.request)) continue
    lines.append(leafHash(leafOf(step.entry)))
    written += 1
    yield lineOf(step.entry)
  }
  const through = troubles.length === 0 ? follower.size : log.newest
  const tree = options.request === undefined ? follower.range : lines
  yield toEndLine(
    {
      ...{ origin, after, through, request: options.request ?? null, root: tree.root().toString('base64') },
      publicKey: formatVerifierKey({ name: origin, publicKey: seals.signing.publicKey }),
      checkpoint: log.head === undefined ? null : log.note,
    },
    troubles.length === 0 ? seals.signing : undefined,
  )
  return { lines: written, after, through, troubles }
}

/** Gives the number behind which an export begins. What was trimmed cannot be exported. */
async function firstOf({ redis, prefix, after = 0, sinceMs }: ExportOptions, log: OpenedLog): Promise<number> {
  const since = sinceMs === undefined ? 0 : await lastHeadBefore(redis, prefix, sinceMs, log)
  return Math.min(Math.max(after, since, log.base), log.newest)
}

/** A head is signed after all entries that it covers are written. So what it does not cover holds all that came later. */
async function lastHeadBefore(
  redis: RedisConnection,
  prefix: string,
  sinceMs: number,
  log: OpenedLog,
): Promise<number> {
  const name = originOf(log.identity)
  const kept = await readKeptHeads(redis, prefix)
  const isSigned = (note: string): boolean => log.keys.some(publicKey => isNoteSignedBy(note, { name, publicKey }))
  return kept.findLast(({ head, note }) => head.time < sinceMs && isSigned(note))?.head.size ?? 0
}

interface Step {
  readonly entry: LogEntry | number | undefined
  /** The compact range in front of the entry. */
  readonly range: readonly string[]
}

/** Walks along the whole log, and gives the entries behind a number. Goes on behind a fault without more checks. */
async function* walkChecked(
  { redis, prefix }: ExportOptions,
  log: OpenedLog,
  after: number,
  troubles: string[],
): AsyncGenerator<Step> {
  const { follower, head, newest } = log
  const signed = Math.min(head?.size ?? 0, newest)
  const rangeOf = (each: LogFollower): string[] => each.range.hashes.map(hash => hash.toString('base64'))
  // A range at `after` is needed even where nothing stands behind it.
  const stops = [...new Set([after, signed, newest])]
    .filter(to => to > follower.size || to === after)
    .toSorted((a, b) => a - b)
  for (const to of stops) {
    let range = follower.size >= after ? rangeOf(follower) : []
    const walk = walkLog(redis, prefix, follower, { to, checkSignature: to > signed })
    for (let next = await walk.next(); ; next = await walk.next()) {
      if (next.done) {
        if (next.value === undefined) break
        troubles.push(next.value.what)
        return yield* walkOn(redis, prefix, next.value.seq, Math.max(after, follower.size), newest)
      }
      if (follower.size > after) yield { entry: next.value, range }
      range = []
    }
    if (to === after && after > 0) yield { entry: undefined, range: rangeOf(follower) }
    if (to === signed && head !== undefined && !follower.range.root().equals(head.root)) {
      troubles.push(`the entries up to ${signed} are not those that the signed head covers`)
    }
  }
  const missing = follower.numbers.missing[0]
  if (missing !== undefined) troubles.push(`entry ${missing.n} of sealer ${missing.sealer} is missing`)
}

async function* walkOn(
  redis: RedisConnection,
  prefix: string,
  from: number,
  after: number,
  to: number,
): AsyncGenerator<Step> {
  for await (const chunk of readEntries(redis, prefix, { from: Math.max(from, after + 1), to })) {
    for (const entry of chunk.flatMap(stored => toLogEntry(stored) ?? [])) yield { entry, range: [] }
  }
}

const leafOf = (entry: LogEntry | number): string => (typeof entry === 'number' ? toMissingLeaf(entry) : toLeaf(entry))
const lineOf = (entry: LogEntry | number): string => (typeof entry === 'number' ? toMissingLeaf(entry) : toLine(entry))

function isWanted(entry: LogEntry | number, request: string | undefined): boolean {
  if (request === undefined) return true
  if (typeof entry === 'number') return false
  if (entry.kind === 'receipt') return entry.says.requests.includes(request)
  return entry.kind === 'accepted' && entry.says.request === request
}

import { z } from 'zod'
import { parseJson } from '../../../config/parse-json.ts'
import { type Body, checkBody, kindOf, LAST_MS, letterOf, packBody, unpackBody } from './entry-body.ts'
import { type LogIdentity, originOf } from './origin.ts'

/** Who sealed an entry, as which of its own, and when. */
interface SealedBy {
  /** Random id of the process that sealed it. */
  readonly sealer: string
  /** Number among the sealer's entries, from 1. */
  readonly n: number
  /** By the sealer's clock, epoch ms. */
  readonly time: number
  /** How many numbers before `n` back to the first one of which the sealer did not know then whether it was written. */
  readonly open: number
  /** Numbers that may be absent: they were given to entries that were not written, or nobody knows. */
  readonly void: readonly number[]
  /** Whether the sealer knew no app, since no worker had bound the fleet to one. */
  readonly unbound: boolean
}

/** An entry as its sealer makes it. */
export type SealedEntry = Body & { readonly by: SealedBy }

/** An entry of the log. */
export type LogEntry = SealedEntry & {
  /** Number in the log, without gaps, from 1. */
  readonly seq: number
  /** When it was written, epoch ms: the clock of Redis, or the sealer's where the two are far apart. */
  readonly at: number
  /** Signature of the sealer's key, base64url; empty where Redis held none. */
  readonly signature: string
}

/**
 * Clock of Redis and clock of a sealer may differ by this much; else the settle script takes the sealer's time. So a
 * larger difference in the log was made later. Half would take hosts without a time service for wrong after a month;
 * double would serve nobody: what is old enough to be trimmed is told by heads, not by these times.
 */
export const CLOCKS_APART_MS = 600_000

const byTuple = z.tuple([
  z.string(),
  z.string(),
  z.int().min(1),
  z.int().min(0).max(LAST_MS),
  z.int().min(0),
  z.union([z.literal(0), z.array(z.int().min(1)).min(1)]),
])
const HEAD_LENGTH = 6

/** Gives the text in which Redis keeps an entry. */
export function toStoredText({ by, ...body }: SealedEntry): string {
  const letter = by.unbound ? letterOf(body.kind).toUpperCase() : letterOf(body.kind)
  const voids = by.void.length === 0 ? 0 : by.void
  return JSON.stringify([letter, by.sealer, by.n, by.time, by.open, voids, ...packBody(body)])
}

/** Reads the text that Redis keeps; nothing where it has another form. Any client of Redis may have changed it. */
export function parseStoredText(text: string): SealedEntry | undefined {
  const values = parseJson(text)
  if (!Array.isArray(values)) return undefined
  const head = byTuple.safeParse(values.slice(0, HEAD_LENGTH))
  if (!head.success) return undefined
  const [letter, sealer, n, time, open, voids] = head.data
  const kind = kindOf(letter.toLowerCase())
  const body = kind && unpackBody(kind, values.slice(HEAD_LENGTH))
  if (body === undefined) return undefined
  return {
    ...body,
    by: { sealer, n, time, open, void: voids === 0 ? [] : voids, unbound: letter !== letter.toLowerCase() },
  }
}

/** The part of a line that the sealer signs, without its first brace. */
function restOf({ by, says }: SealedEntry): string {
  return JSON.stringify({
    ...{ sealer: by.sealer, n: by.n, time: by.time },
    ...(by.open === 0 ? {} : { open: by.open }),
    ...(by.void.length === 0 ? {} : { void: by.void }),
    ...(by.unbound ? { unbound: true } : {}),
    ...says,
  }).slice(1)
}

const PURPOSE = 'clear-friends/receipt/v2'

/** Gives the text that a sealer signs: what it is for, whose log it is, and the line without number and time. */
export function toSignedText(entry: SealedEntry, { app, fleet }: LogIdentity): string {
  const origin = originOf({ app: entry.by.unbound ? 0 : app, fleet })
  return `${PURPOSE}\n${origin}\n{"v":2,"kind":"${entry.kind}",${restOf(entry)}`
}

/** Gives the line of an entry without its signature: a leaf of the tree. */
export const toLeaf = (entry: LogEntry): string =>
  `{"v":2,"kind":"${entry.kind}","seq":${entry.seq},"at":"${new Date(entry.at).toISOString()}",${restOf(entry)}`

const STORED_RECEIPT =
  /^\["r","([\w-]+)",(\d+),(\d+),(\d+),(0|\[[\d,]*\]),(null|"[\w-]*"),(\[.*\]),"(\w+)","(\w+)",(null|".*"),(\d+),(\d+),(\d{1,15})\]$/

/**
 * Gives the leaf of a receipt from the text that Redis keeps, several times as fast as by parsing it, and without a check:
 * the tree shows whether it is right.
 *
 * @returns nothing for other entries, and for a text that is none
 */
export function toReceiptLeaf(seq: number, at: number, text: string): string | undefined {
  const parts = STORED_RECEIPT.exec(text)
  if (parts === null || !(at <= LAST_MS)) return undefined
  const [, sealer, n, time, open, voids, account, requests, outcome, verified, code, calls, attempts, enqueuedAt] =
    parts
  if (Number(enqueuedAt) > LAST_MS) return undefined
  return (
    `{"v":2,"kind":"receipt","seq":${seq},"at":"${isoOf(at)}","sealer":"${sealer}","n":${n},"time":${time}` +
    `${open === '0' ? '' : `,"open":${open}`}${voids === '0' ? '' : `,"void":${voids}`}` +
    `,"account":${account},"requests":${requests},"outcome":"${outcome}","verified":"${verified}","code":${code}` +
    `,"calls":${calls},"attempts":${attempts},"enqueuedAt":"${isoOf(Number(enqueuedAt))}"}`
  )
}

const lastSecond = { second: -1, text: '' }

/** Entries come by the hundred in a second. */
function isoOf(ms: number): string {
  const second = Math.floor(ms / 1000)
  if (second !== lastSecond.second) {
    lastSecond.text = new Date(second * 1000).toISOString().slice(0, -4)
    lastSecond.second = second
  }
  return `${lastSecond.text}${String(ms % 1000).padStart(3, '0')}Z`
}

/** Gives the line in which an entry is exported. */
export const toLine = (entry: LogEntry): string => `${toLeaf(entry).slice(0, -1)},"signature":"${entry.signature}"}`

/** Gives the leaf in the line of an entry that {@link parseLine} has read. */
export function leafIn(line: string): string {
  const at = line.lastIndexOf(',"signature":"')
  return at < 0 ? line : `${line.slice(0, at)}}`
}

/** The leaf of an entry that is gone, after a person has taken note of it. */
export const toMissingLeaf = (seq: number): string => `{"v":2,"kind":"missing","seq":${seq}}`

const LINE =
  /^\{"v":2,"kind":"(\w+)","seq":([1-9]\d{0,15}),"at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)",(.*?)(?:,"signature":"([\w-]*)")?\}$/

const byObject = z.object({
  sealer: z.string(),
  n: z.int().min(1),
  time: z.int().min(0),
  open: z.int().min(1).optional(),
  void: z.array(z.int().min(1)).min(1).optional(),
  unbound: z.literal(true).optional(),
})

/**
 * Reads a line of an export, or a leaf. Another notation of the same values is refused, since it may mean something else
 * to another reader.
 */
export function parseLine(line: string): LogEntry | undefined {
  const [, kind = '', seq, at = '', rest = '', signature = ''] = LINE.exec(line) ?? []
  const values = seq === undefined ? undefined : parseJson(`{${rest}}`)
  const by = byObject.safeParse(values)
  if (!by.success || typeof values !== 'object' || values === null) return undefined
  const { sealer, n, time, open = 0, void: voids = [], unbound = false } = by.data
  const says = Object.fromEntries(Object.entries(values).filter(([name]) => !Object.hasOwn(byObject.shape, name)))
  const body = checkBody(kind, says)
  if (body === undefined || Number.isNaN(Date.parse(at))) return undefined
  const entry = {
    ...body,
    by: { sealer, n, time, open, void: voids, unbound },
    seq: Number(seq),
    at: Date.parse(at),
    signature,
  }
  const isSame = line === (signature === '' && !line.endsWith('"signature":""}') ? toLeaf(entry) : toLine(entry))
  return isSame ? entry : undefined
}

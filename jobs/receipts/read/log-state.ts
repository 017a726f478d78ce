import { z } from 'zod'
import { parseJson } from '../../../config/parse-json.ts'
import type { RedisConnection } from '../../../redis/connection.ts'
import { keysOf } from '../../../redis/keys.ts'
import type { ReceiptSeals } from '../keys/receipt-seals.ts'
import { type Head, parseHead } from '../log/head.ts'
import type { FollowerState, LogFault, LostHead } from './log-follower.ts'

/**
 * What the hash of the log holds beside the last number, `seq`:
 *
 * - `state`: how far the keeper has followed the log. Only a shortcut: without it the keeper begins again.
 * - `head`: the last signed head.
 * - `base`: where the log begins after a trim: the head there, and the compact range.
 * - `broken`: what does not fit, until a person has taken note of it.
 */
export interface LogFields {
  /** Number of the last entry, as the hash says. */
  readonly seq: number
  readonly stateText: string
  readonly headNote: string
  readonly baseText: string
  readonly broken: Broken | undefined
}

/** What does not fit in the log, since when (epoch ms). */
interface Broken extends LogFault {
  readonly since: number
  /** The newest number when it was found; an acknowledgement comes behind it. */
  readonly newest: number
  /** The last head that the keeper knew; the log may not contain it any more. */
  readonly head: LostHead | null
}

const hashes = z.array(z.string().regex(/^[A-Za-z0-9+/]{43}=$/)).readonly()
const numbers = z.array(z.int())
const lostHeads = z.array(z.object({ size: z.int(), root: z.string() }).readonly()).readonly()
const stateSchema = z.object({
  ...{ size: z.int().min(0), range: hashes, keys: hashes, lostHeads, acknowledgedSeq: z.int(), missing: z.int() },
  numbers: z.object({
    fromStart: z.boolean(),
    sealers: z.record(z.string(), z.tuple([z.int(), z.int(), numbers, numbers, numbers, z.int()])),
  }),
})
const baseSchema = z.object({ note: z.string(), state: stateSchema })
const brokenSchema = z.object({
  ...{ seq: z.number(), what: z.string(), since: z.number(), newest: z.number() },
  head: z.object({ size: z.number(), root: z.string() }).nullable(),
})

/** Reads the hash of the log. */
export async function readLogFields(redis: RedisConnection, prefix: string): Promise<LogFields> {
  const { receiptLog } = keysOf(prefix)
  const [seq, state, head, base, broken] = await redis.hmget(receiptLog, 'seq', 'state', 'head', 'base', 'broken')
  return {
    seq: Number(seq ?? 0) || 0,
    stateText: state ?? '',
    headNote: head ?? '',
    baseText: base ?? '',
    broken: broken === null || broken === undefined ? undefined : (readBroken(broken) ?? UNREADABLE),
  }
}

const UNREADABLE: Broken = {
  seq: 0,
  what: 'somebody has written into the state of the log',
  since: 0,
  newest: 0,
  head: null,
}

const readBroken = (text: string): Broken | undefined => brokenSchema.safeParse(parseJson(text)).data

/** The head at which a log begins after a trim, and how to go on from there. */
export interface LogBase {
  readonly head: Head
  readonly note: string
  readonly state: FollowerState
}

/** Adds a code, so that a keeper knows its own state again. */
export const writeState = (
  fleetId: string,
  seals: ReceiptSeals,
  value: FollowerState | Omit<LogBase, 'head'>,
): string => {
  const text = JSON.stringify(value)
  return `${seals.codeOf('state', [fleetId, text])} ${text}`
}

function openText(fleetId: string, seals: ReceiptSeals, text: string): unknown {
  const at = text.indexOf(' ')
  const json = text.slice(at + 1)
  return text.slice(0, at) === seals.codeOf('state', [fleetId, json]) ? parseJson(json) : undefined
}

/** Reads a state; nothing where no holder of the key has written it for this fleet. */
export const readState = (fleetId: string, seals: ReceiptSeals, text: string): FollowerState | undefined =>
  stateSchema.safeParse(openText(fleetId, seals, text)).data

/** Reads a base; nothing where no holder of the key has written it for this fleet. */
export function readBase(fleetId: string, seals: ReceiptSeals, text: string): LogBase | undefined {
  const parsed = baseSchema.safeParse(openText(fleetId, seals, text))
  const head = parsed.success ? parseHead(parsed.data.note) : undefined
  return parsed.success && head !== undefined ? { ...parsed.data, head } : undefined
}

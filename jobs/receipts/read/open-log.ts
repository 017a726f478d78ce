/**
 * The log in Redis, for readers: exports, certificates, and whoever looks for one entry.
 *
 * What belongs in `read/`: reading entries and following them, with their checks. What does not: anything that writes
 * (`keep/`), and checks of files (`verify/`).
 */

import type { RedisConnection } from '../../../redis/connection.ts'
import { type LogInRedis, lookUpIdentity } from '../keys/log-identity.ts'
import type { ReceiptSeals } from '../keys/receipt-seals.ts'
import type { BodyOf } from '../log/entry-body.ts'
import { type Head, parseHead } from '../log/head.ts'
import { originOf } from '../log/origin.ts'
import { isNoteSignedBy } from '../log/signed-note.ts'
import { readAcknowledged } from './follow-log.ts'
import { readKeyChanges } from './key-chain.ts'
import { LogFollower } from './log-follower.ts'
import { readBase, readLogFields, readState } from './log-state.ts'
import { readNewestSeq } from './read-entries.ts'

/** A log in Redis, ready to be followed from its beginning. */
export interface OpenedLog {
  readonly identity: LogInRedis
  /** Stands in front of the first entry that is kept. */
  readonly follower: LogFollower
  /** Whether a person has taken note of entries that do not fit; they may be missing. */
  readonly hasMissing: boolean
  /** Number of the last entry that was trimmed. */
  readonly base: number
  readonly newest: number
  /** The last head, where it is signed with the key of the log. */
  readonly head: Head | undefined
  readonly note: string
  /** The changes of the key, oldest first. */
  readonly changes: readonly BodyOf<'key'>[]
  /** Public keys of the log, the one that counts first. */
  readonly keys: readonly Buffer[]
  /** What is wrong with the log, in words, as far as it shows without following it. */
  readonly troubles: readonly string[]
}

/** Opens the log in Redis. Reads only; nothing where there is none. */
export async function openLog(
  redis: RedisConnection,
  prefix: string,
  seals: ReceiptSeals,
): Promise<OpenedLog | undefined> {
  const identity = await lookUpIdentity(redis, prefix)
  if (identity === undefined) return undefined
  const fields = await readLogFields(redis, prefix)
  const newest = await readNewestSeq(redis, prefix)
  const base = readBase(identity.fleetId, seals, fields.baseText)
  // Where the keeper has seen one key so far, only what is newer can hold a change.
  const state = readState(identity.fleetId, seals, fields.stateText)
  const from = state !== undefined && state.keys.length === 0 ? state.size + 1 : 1
  const changes = await readKeyChanges(redis, prefix, identity, seals.signing.publicKey, from)
  const former = [...(base?.state.keys ?? []), ...changes.map(({ from }) => from)]
  const { head, fault } = headIn(fields.headNote, identity, seals)
  const follower = LogFollower.from(identity, seals, base?.state, changes)
  const through =
    state === undefined || state.acknowledgedSeq > 0 ? await readAcknowledged(redis, prefix, follower, 1) : undefined
  follower.acknowledge(through ?? 0)
  const isShort = head !== undefined && head.size > newest
  return {
    ...{ identity, base: base?.head.size ?? 0, newest, head, note: fields.headNote },
    changes,
    keys: [seals.signing.publicKey, ...former.map(key => Buffer.from(key, 'base64'))],
    follower,
    hasMissing: through !== undefined,
    troubles: [
      ...(fields.broken === undefined
        ? []
        : [`workers found that ${fields.broken.what}, and nobody has taken note of it`]),
      ...(fault === undefined ? [] : [fault]),
      ...(isShort ? [`the signed head covers ${head.size} entries, and Redis holds ${newest}`] : []),
    ],
  }
}

function headIn(note: string, identity: LogInRedis, seals: ReceiptSeals): { head?: Head; fault?: string } {
  if (note === '') return {}
  const head = parseHead(note)
  const key = { name: originOf(identity), publicKey: seals.signing.publicKey }
  if (head === undefined || head.origin !== key.name || !isNoteSignedBy(note, key)) {
    return { fault: 'the head in Redis is not signed with the key of this log' }
  }
  return { head }
}

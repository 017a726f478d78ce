import type { RedisConnection } from '../../../redis/connection.ts'
import { ReceiptKeyError } from '../../job/errors.ts'
import { readContract } from '../../status/fleet-contract.ts'
import { lookUpIdentity } from '../keys/log-identity.ts'
import type { ReceiptSeals } from '../keys/receipt-seals.ts'
import { parseHead } from '../log/head.ts'
import { isNoteSignedBy } from '../log/signed-note.ts'
import { LogFollower } from '../read/log-follower.ts'
import { readLogFields } from '../read/log-state.ts'
import { readEntries, readNewestSeq, toLogEntry } from '../read/read-entries.ts'

/**
 * Makes sure that a log which is there was kept with this key, also where Redis does not know which key is the fleet's:
 * before the first worker, or because somebody took that out. Reads only.
 *
 * @param app SDKAppID of the caller, where it knows it: other workers sign for it before Redis knows it again
 * @throws {ReceiptKeyError} when it was kept with another one
 */
export async function requireOwnLog(
  redis: RedisConnection,
  prefix: string,
  seals: ReceiptSeals,
  app = 0,
): Promise<void> {
  const { key } = await readContract(redis, prefix)
  if (key === seals.keyId) return
  if (key !== undefined) throw new ReceiptKeyError()
  const { headNote } = await readLogFields(redis, prefix)
  const head = parseHead(headNote)
  const isOurs =
    head === undefined || isNoteSignedBy(headNote, { name: head.origin, publicKey: seals.signing.publicKey })
  if (isOurs && (await isNewestOurs(redis, prefix, seals, app))) return
  // Another process with this key may just have bound the fleet to an app, and have signed for that app.
  if ((await readContract(redis, prefix)).key !== seals.keyId) throw new ReceiptKeyError()
}

async function isNewestOurs(
  redis: RedisConnection,
  prefix: string,
  seals: ReceiptSeals,
  app: number,
): Promise<boolean> {
  const identity = await lookUpIdentity(redis, prefix)
  const newest = await readNewestSeq(redis, prefix)
  if (identity === undefined) return true
  const follower = new LogFollower(identity.app === 0 ? { ...identity, app } : identity, seals)
  for await (const chunk of readEntries(redis, prefix, { from: newest, to: newest })) {
    // What is no entry at all says nothing of a key.
    if (chunk.some(stored => toLogEntry(stored) !== undefined && follower.genuine(stored) === undefined)) return false
  }
  return true
}

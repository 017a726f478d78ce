import type { RedisConnection } from '../../../redis/connection.ts'
import { requireKey } from '../../status/fleet-contract.ts'
import type { ReceiptSeals } from '../keys/receipt-seals.ts'
import { Sealer } from '../keys/sealer.ts'
import { readLogFields } from '../read/log-state.ts'
import { readNewestSeq } from '../read/read-entries.ts'
import { writeEntry } from '../write-entry.ts'

/**
 * Writes into the log that a person has taken note of what is broken. The keeper goes on then: entries up to here that
 * do not fit stand as missing from now on.
 *
 * @param reason in words, without a user id
 * @returns what was broken; nothing where nothing is, and nothing was written
 * @throws {ReceiptKeyError} when the fleet has another key
 */
export async function acknowledge(
  redis: RedisConnection,
  prefix: string,
  seals: ReceiptSeals,
  reason: string,
): Promise<string | undefined> {
  await requireKey(redis, prefix, seals)
  const { broken, seq } = await readLogFields(redis, prefix)
  if (broken === undefined) return undefined
  const through = Math.max(seq, await readNewestSeq(redis, prefix))
  const sealer = new Sealer({ redis, prefix, seals })
  await writeEntry(redis, prefix, sealer, { kind: 'acknowledged', says: { through, reason, head: broken.head } })
  return broken.what
}

import type { RedisConnection } from '../../../redis/connection.ts'
import type { BodyOf } from '../log/entry-body.ts'
import { keyChangeIn } from '../log/key-change.ts'
import type { LogIdentity } from '../log/origin.ts'
import { readEntries, type StoredEntry, toLogEntry } from './read-entries.ts'

/**
 * Finds the keys that came before a key: goes through the whole log for entries by which one key follows another.
 *
 * @param publicKey the key that counts now
 * @param from number of the first entry to look at; default: the first one
 * @returns the entries of these changes, oldest first
 */
export async function readKeyChanges(
  redis: RedisConnection,
  prefix: string,
  identity: LogIdentity,
  publicKey: Buffer,
  from = 1,
): Promise<readonly BodyOf<'key'>[]> {
  const changes = new Map<string, BodyOf<'key'>>()
  for await (const chunk of readEntries(redis, prefix, { from, to: Number.MAX_SAFE_INTEGER })) {
    for (const change of chunk.flatMap(stored => changeIn(stored, identity) ?? [])) changes.set(change.to, change)
  }
  const chain: BodyOf<'key'>[] = []
  for (let to = publicKey.toString('base64'); ; ) {
    const change = changes.get(to)
    // Each change is taken once: a ring would go on for ever.
    changes.delete(to)
    if (change === undefined) return chain
    chain.unshift(change)
    to = change.from
  }
}

function changeIn(stored: StoredEntry, identity: LogIdentity): BodyOf<'key'> | undefined {
  // The letter of its kind; to parse all receipts would take long.
  return /^\["k"/i.test(stored.text) ? keyChangeIn(toLogEntry(stored), identity) : undefined
}

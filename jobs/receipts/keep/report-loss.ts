import { z } from 'zod'
import type { RedisConnection } from '../../../redis/connection.ts'
import { keysOf } from '../../../redis/keys.ts'
import type { Sealer, WrittenEntry } from '../keys/sealer.ts'
import { parseStoredText } from '../log/entry.ts'
import { parseHead } from '../log/head.ts'
import { rangesOf } from '../log/ranges.ts'
import type { LostHead } from '../read/log-follower.ts'
import type { LogFields } from '../read/log-state.ts'
import { writeEntry } from '../write-entry.ts'

/** Entries looked for at once. */
const PAGE = 200
const bytes = z.instanceof(Buffer)
const foundSchema = z.array(z.tuple([z.null(), z.array(z.tuple([bytes, z.array(bytes)]))]))

/**
 * Looks whether Redis has lost confirmed entries of this process in a restart, and says so in the log. A crash takes the
 * end of the log, so the look goes back from the newest one to the first that is there.
 */
export async function reportLostEntries(redis: RedisConnection, prefix: string, sealer: Sealer): Promise<number> {
  const lost: WrittenEntry[] = []
  const confirmed = sealer.confirmed.toSorted((a, b) => b.n - a.n)
  for (let from = 0; from < confirmed.length; from += PAGE) {
    const page = confirmed.slice(from, from + PAGE)
    const isThere = await lookFor(redis, prefix, sealer.id, page)
    lost.push(...page.filter((_, index) => !isThere[index]))
    if (isThere.includes(true)) break
  }
  if (lost.length === 0) return 0
  sealer.recall(lost)
  await writeEntry(redis, prefix, sealer, {
    kind: 'lost',
    says: { numbers: rangesOf(lost.map(({ n }) => n)), head: null },
  })
  sealer.forget(lost)
  return lost.length
}

async function lookFor(
  redis: RedisConnection,
  prefix: string,
  sealer: string,
  page: readonly WrittenEntry[],
): Promise<boolean[]> {
  const { receipts } = keysOf(prefix)
  const pipeline = redis.pipeline()
  for (const { id } of page) pipeline.xrangeBuffer(receipts, id, id)
  return foundSchema.parse(await pipeline.exec()).map(([, entries], index) => {
    const by = parseStoredText(entries[0]?.[1][1]?.toString() ?? '')?.by
    return by?.sealer === sealer && by.n === page[index]?.n
  })
}

/**
 * A crash of Redis, or a failover to a replica that is behind, takes no more of the log than this. What took more is a
 * rollback, and a person must take note of it.
 */
const LOSS_AT_MOST_MS = 300_000

/**
 * Says in the log that a head is lost, if a restart of Redis explains it.
 *
 * @returns whether it does
 */
export async function reportLostHead(
  redis: RedisConnection,
  prefix: string,
  sealer: Sealer,
  { known, knownAt, fields }: { known: LostHead | null; knownAt: number; fields: LogFields },
): Promise<boolean> {
  const left = parseHead(fields.headNote)
  if (known === null || left === undefined || knownAt - left.time > LOSS_AT_MOST_MS) return false
  await writeEntry(redis, prefix, sealer, { kind: 'lost', says: { numbers: [], head: known } })
  return true
}

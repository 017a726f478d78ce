import { setImmediate as turn } from 'node:timers/promises'
import type { RedisConnection } from '../../../redis/connection.ts'
import type { LogEntry } from '../log/entry.ts'
import { gapText, type LogFault, type LogFollower } from './log-follower.ts'
import { readEntries, type StoredEntry } from './read-entries.ts'

/** How to follow a log. */
export interface FollowOptions {
  /** Last number. */
  readonly to: number
  /** Whether the signature of each entry is checked. Not needed where the tree must give a signed head afterwards. */
  readonly checkSignature: boolean
}

/** Longest work without a turn of the event loop. Calls of this process that are late by 5 ms lose their permits. */
const AT_A_TIME_MS = 2

/**
 * Walks along the log in Redis up to a number. Where something does not fit, looks whether a person has taken note of it
 * later, and goes on then.
 *
 * @yields each entry, or the number alone of one that is missing and of which a person has taken note
 * @returns the first fault; nothing where all fits. A number that a sealer left out is no fault yet: see `numbers`
 */
export async function* walkLog(
  redis: RedisConnection,
  prefix: string,
  follower: LogFollower,
  { to, checkSignature }: FollowOptions,
): AsyncGenerator<LogEntry | number, LogFault | undefined> {
  let since = performance.now()
  for await (const chunk of readEntries(redis, prefix, { from: follower.size + 1, to })) {
    for (const stored of chunk) {
      if (performance.now() - since > AT_A_TIME_MS) {
        await turn()
        since = performance.now()
      }
      let before = follower.size
      let followed = follower.follow(stored, { checkSignature })
      if (isFault(followed)) {
        const through = await readAcknowledged(redis, prefix, follower, followed.seq)
        if (through === undefined) return followed
        follower.acknowledge(through)
        followed = follower.follow(stored, { checkSignature })
        if (isFault(followed)) return followed
      }
      while (before < stored.seq - 1) yield ++before
      yield followed === 'missing' ? stored.seq : followed
    }
  }
  return follower.size < to ? { seq: follower.size + 1, what: gapText(follower.size + 1, to) } : undefined
}

/** Walks along the log to the end of {@link walkLog}, and gives the fault. */
export async function followLog(
  redis: RedisConnection,
  prefix: string,
  follower: LogFollower,
  options: FollowOptions,
): Promise<LogFault | undefined> {
  const walk = walkLog(redis, prefix, follower, options)
  for (;;) {
    const { done, value } = await walk.next()
    if (done) return value
  }
}

const isFault = (followed: LogEntry | LogFault | 'missing'): followed is LogFault =>
  followed !== 'missing' && 'what' in followed

/**
 * Looks for an entry by which a person has taken note of faults up to a number or further.
 *
 * @returns up to which number; nothing where there is none
 */
export async function readAcknowledged(
  redis: RedisConnection,
  prefix: string,
  follower: LogFollower,
  seq: number,
): Promise<number | undefined> {
  let furthest = 0
  for await (const chunk of readEntries(redis, prefix, { from: seq, to: Number.MAX_SAFE_INTEGER })) {
    for (const stored of chunk) furthest = Math.max(furthest, acknowledgedBy(stored, follower) ?? 0)
  }
  return furthest >= seq ? furthest : undefined
}

function acknowledgedBy(stored: StoredEntry, follower: LogFollower): number | undefined {
  // The letter of its kind; most entries are receipts, and to read them all would take long.
  if (!/^\["n"/i.test(stored.text)) return undefined
  const entry = follower.genuine(stored)
  return entry?.kind === 'acknowledged' ? entry.says.through : undefined
}

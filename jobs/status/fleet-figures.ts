import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { parseHead } from '../receipts/log/head.ts'

const script = readFileSync(new URL('./fleet-figures.lua', import.meta.url), 'utf8')

/** Results of enqueueing an account. */
export const ENQUEUE_RESULTS = ['accepted', 'duplicate', 'rejected'] as const

/** See {@link ENQUEUE_RESULTS}. */
export type EnqueueResult = (typeof ENQUEUE_RESULTS)[number]

/** Sums of the whole fleet that its status does not hold. */
export interface FleetFigures {
  /** Redis' time when they were read, epoch ms with fractions. */
  readonly readAt: number
  /** Accounts that producers have tried to enqueue so far, by result. */
  readonly enqueued: Readonly<Record<EnqueueResult, number>>
  /** Dead letters that are kept now, by code; codes without any are left out. */
  readonly deadLetters: Readonly<Record<string, number>>
  /** Entries in the log of receipts, since its beginning. */
  readonly receipts: number
  /** Entries that the signed head of the log covers. */
  readonly headSize: number
  /** Whether the log does not fit together, and no person has taken note of it. */
  readonly isLogBroken: boolean
}

const countSchema = z.string().regex(/^\d+$/).transform(Number)
const pairsSchema = z.array(z.string()).transform((pairs, context) => {
  const counts: Record<string, number> = {}
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const parsed = countSchema.safeParse(pairs[at + 1])
    if (!parsed.success) context.addIssue({ code: 'custom', message: 'a count that is no number' })
    else if (parsed.data > 0) counts[pairs[at] ?? ''] = parsed.data
  }
  return counts
})
const answerSchema = z.tuple([countSchema, pairsSchema, pairsSchema, countSchema, z.string(), z.enum(['0', '1'])])

/** Makes a reader of the fleet's figures: one round trip of one short script. */
export function createFleetFiguresReader(redis: RedisConnection, prefix: string): () => Promise<FleetFigures> {
  const { enqueued, deadLetterCodes, receiptLog } = keysOf(prefix)
  const run = createRedisScript(redis, 'clearFriendsFigures', script)
  return async () => {
    const [timeMicroseconds, results, codes, receipts, note, broken] = answerSchema.parse(
      await run([enqueued, deadLetterCodes, receiptLog], []),
    )
    return {
      readAt: timeMicroseconds / 1000,
      enqueued: {
        accepted: results['accepted'] ?? 0,
        duplicate: results['duplicate'] ?? 0,
        rejected: results['rejected'] ?? 0,
      },
      deadLetters: codes,
      receipts,
      headSize: parseHead(note)?.size ?? 0,
      isLogBroken: broken === '1',
    }
  }
}

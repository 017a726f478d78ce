import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { askRedis, type RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { isForbidden } from '../../redis/redis-refusal.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { ReceiptKeyError } from '../job/errors.ts'
import type { ReceiptSeals } from '../receipts/keys/receipt-seals.ts'
import { type Sealed, Sealer } from '../receipts/keys/sealer.ts'
import type { BodyOf } from '../receipts/log/entry-body.ts'
import { sealAndWrite, writeOnce } from '../receipts/write-entry.ts'
import { logLua } from '../settle/log-lua.ts'
import type { NewJob } from './new-job.ts'

/** An account that is served under its request from now on. */
export interface Served {
  readonly job: NewJob
  /** Whether the job is in the queue itself. Else one that was there serves the account under this request, too. */
  readonly isNew: boolean
}

const script = logLua + readFileSync(new URL('./tell-accepted.lua', import.meta.url), 'utf8')
const answerSchema = z.union([z.tuple([z.literal('written'), z.string()]), z.enum(['told', 'foreign'])])

/**
 * Writes one entry for each request among accepted jobs into the log of receipts, so that it shows later whose receipts
 * are missing.
 *
 * @param mayBeSentAgain whether the same batch may come again; it is told of once then
 */
export type TellAccepted = (served: readonly Served[], mayBeSentAgain?: boolean) => Promise<void>

/** Keys of a producer, and what it does where it cannot use them. */
export interface TellingOptions {
  /** With them the log of receipts says how many accounts were accepted. */
  readonly seals?: ReceiptSeals | undefined
  /** Called once with the reason when this user of Redis may not write there. Default: a warning of the process. */
  readonly onUntold?: ((why: string) => void) | undefined
}

const UNTOLD =
  'The receipts do not say how many accounts were accepted, so that missing ones do not show later: this user of Redis may not write there. docs/security.md names the two rights that it needs.'

/** Makes a {@link TellAccepted}; without seals it does nothing. */
export function createTellAccepted(
  redis: RedisConnection,
  prefix: string,
  { seals, onUntold = why => process.emitWarning(why) }: TellingOptions,
): TellAccepted {
  if (seals === undefined) return async () => {}
  // For the app to which the fleet is bound, if it is: the first worker may be another app's.
  const sealer = new Sealer({ redis, prefix, seals })
  const run = createRedisScript(redis, 'clearFriendsTellAccepted', script)
  const { batches } = keysOf(prefix)
  let isUntold = false
  const tellUntold = (): void => {
    if (!isUntold) onUntold(UNTOLD)
    isUntold = true
  }
  const tell = async (says: BodyOf<'accepted'>, mark: string): Promise<void> => {
    const write = async (sealed: Sealed) => {
      const { keys, args } = writeOnce(prefix, sealed)
      try {
        return answerSchema.parse(await run([...keys, batches], [...args, mark]))
      } catch (error) {
        // A producer need not have the right to write receipts; certificates then say that nobody told of it.
        if (isForbidden(error)) return 'forbidden'
        return askRedis(() => Promise.reject(error))
      }
    }
    for (let look = 0; look < 2; look++) {
      const answer = await sealAndWrite(sealer, { kind: 'accepted', says }, write)
      if (answer === 'forbidden') return tellUntold()
      if (answer !== 'foreign') return
      sealer.renew()
    }
    throw new ReceiptKeyError()
  }
  return async (served, mayBeSentAgain = false) => {
    await Promise.all(byRequest(served).map(({ says, group }) => tell(says, mayBeSentAgain ? markOf(group) : '')))
  }
}

function byRequest(served: readonly Served[]) {
  const groups = Map.groupBy(served, ({ job }) => job.data.request ?? null)
  return [...groups].map(([request, group]) => {
    const due = new Date(Math.min(...group.map(({ job }) => job.data.due)) * 1000).toISOString()
    const jobs = group.filter(({ isNew }) => isNew).length
    return { group, says: { request, count: group.length, jobs, due } }
  })
}

/** Gives the field of the hash of batches that marks these jobs as told of. */
const markOf = (group: readonly Served[]): string => toldOf(group.map(({ job }) => job.opts.jobId).toSorted()[0] ?? '')

/** Gives the mark that a job may have left; whoever forgets the job forgets it too. */
export const toldOf = (jobId: string): string => `told ${jobId}`

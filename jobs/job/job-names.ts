import { createHmac, randomBytes } from 'node:crypto'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { hasOwnForm } from './job-id.ts'

/** Gives jobs the names under which logs, traces and commands show them. */
export interface JobNames {
  /**
   * Gives the name of a job: its id where this project made the id, else `foreign-` and a digest of it, since foreign
   * producers often take the user id for it.
   *
   * @param account the account in the job's data; `null` where the data holds none, `undefined` where nobody has looked
   */
  nameOf(jobId: string, account?: string | null): string
}

const FOREIGN = 'foreign-'
/** Shorter accounts are part of a random id by chance too often. */
const LEAST_PART = 4

/** Whether a text is the name of a foreign id, see {@link JobNames}. */
export const isForeignName = (text: string): boolean => text.startsWith(FOREIGN)

/**
 * Loads what makes the names: a random text in Redis, which all processes of a fleet share. Without it anybody with a
 * list of user ids could find the one behind a digest.
 *
 * @param redis the caller closes it
 * @param prefix the value of `REDIS_PREFIX`
 */
export async function loadJobNames(redis: RedisConnection, prefix: string): Promise<JobNames> {
  const { jobIdSalt } = keysOf(prefix)
  const fresh = randomBytes(16).toString('base64url')
  const stored = await redis.get(jobIdSalt)
  if (stored === null) await redis.set(jobIdSalt, fresh, 'NX')
  const salt = stored ?? (await redis.get(jobIdSalt)) ?? fresh
  return {
    nameOf: (jobId, account) =>
      isOurs(jobId, account)
        ? jobId
        : FOREIGN + createHmac('sha256', salt).update(jobId).digest('base64url').slice(0, 11),
  }
}

function isOurs(jobId: string, account: string | null | undefined): boolean {
  if (account === null || !hasOwnForm(jobId)) return false
  if (account === undefined) return true
  return jobId !== account && !(account.length >= LEAST_PART && jobId.includes(account))
}

import pRetry from 'p-retry'
import { createPermits } from '../../../limiter/index.ts'
import type { Prepared, Surrounding } from './contestant.ts'

/** The permits of this project alone, without receipts, proof and metrics, in the job processor of all contestants. */
export async function clearFriendsPermits({ redis, perSecond, call }: Surrounding): Promise<Prepared> {
  const permits = createPermits({ redis: `redis://${redis.host}:${redis.port}`, ceilingPerSecond: perSecond })
  await permits.ready()
  const paced = async (account: string): Promise<void> => {
    const made = await permits.pace('friend_delete_all', () => call(account))
    if (made.kind === 'closed') throw new Error(`no call was made: ${made.by}`)
    await made.value
    made.answered()
  }
  return { clear: account => pRetry(() => paced(account)), close: async () => permits.close() }
}

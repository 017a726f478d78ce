/**
 * A program of your own that calls the vendor with the same app id as the workers, under the same limit:
 *
 *     REDIS_URL=redis://127.0.0.1:6379 IM_BASE_URL=https://… IM_SDK_APP_ID=… IM_ADMIN=… IM_USER_SIG=… \
 *       node share-the-limit.ts user_1 user_2 user_3
 *
 * It prints how many friends each account has.
 */
import { createPermits } from 'clear-friends/permits'

const { REDIS_URL = '', REDIS_PREFIX, IM_BASE_URL = '', IM_SDK_APP_ID, IM_ADMIN, IM_USER_SIG } = process.env
const query = `sdkappid=${IM_SDK_APP_ID}&identifier=${IM_ADMIN}&usersig=${IM_USER_SIG}&contenttype=json`

// The same prefix, ceiling and margin as the workers': it is one limit for all.
const permits = createPermits({
  redis: REDIS_URL,
  ...(REDIS_PREFIX === undefined ? {} : { prefix: REDIS_PREFIX }),
  onRefused: reason => console.error(`Redis grants no permits: ${reason}`),
})

interface Answer {
  readonly ErrorCode: number
  readonly FriendNum?: number
}

async function countFriends(account: string): Promise<string> {
  const body = JSON.stringify({ From_Account: account, StartIndex: 0, StandardSequence: 0, CustomSequence: 0 })
  const url = `${IM_BASE_URL}/v4/sns/friend_get?${query}&random=${Math.floor(Math.random() * 2 ** 32)}`
  // Every request takes a permit of its own, a repeated one too, and is sent in the moment of the permit.
  const paced = await permits.pace('friend_get', () => fetch(url, { method: 'POST', body }), {
    // The fleet may be paused for a clean-up that went wrong; this program's users still want their lists.
    evenWhileClosed: true,
    signal: AbortSignal.timeout(30_000),
  })
  if (paced.kind === 'closed') return `no call was made: ${paced.by}`
  const response = await paced.value
  // A call that was held up on its way shows by its answer alone.
  paced.answered()
  const { ErrorCode: code, FriendNum: friends }: Answer = JSON.parse(await response.text())
  // All programs slow down together when the vendor calls one of them too fast.
  permits.observe('friend_get', code === 60007 ? 'throttled' : 'answered')
  return code === 0 ? `${friends} friends` : `the vendor answered ${code}`
}

// One behind the other, so that all use one open connection; whoever sends many at once opens connections beforehand.
for (const account of process.argv.slice(2)) console.log(await countFriends(account))
permits.close()

import { Limiter } from '../../limiter/limiter.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { classify } from '../../worker/vendor/classify.ts'
import { ApiClient, type Reply } from '../../worker/vendor/client.ts'
import { type Connection, Connections } from '../../worker/vendor/connections.ts'
import { Signer } from '../../worker/vendor/signer.ts'
import type { WorkerSettings } from '../../worker/worker-settings.ts'
import { type CheckResult, failure, ok } from './check-result.ts'

const CONNECT_TIMEOUT_MS = 5000
/** A fleet at one call a second grants its first permit three seconds after a restart of Redis; five times that. */
const PERMIT_WITHIN_MS = 15_000

const UNKNOWN_ADMIN =
  'The app does not know IM_ADMIN: check it, IM_SDK_APP_ID, and whether IM_BASE_URL is the domain of the app’s data centre.'

/**
 * Checks the vendor with one harmless read under the fleet's limit: `account_check` of the admin account. It succeeds
 * only with the right domain, a valid signature and the admin right.
 */
export async function checkVendor(settings: WorkerSettings, permits: RedisConnection): Promise<CheckResult[]> {
  const { origin } = new URL(settings.IM_BASE_URL)
  const connections = new Connections({ origin, connectTimeoutMs: CONNECT_TIMEOUT_MS })
  try {
    const connection = await connections.take().catch((error: unknown) => (error instanceof Error ? error : undefined))
    if (connection === undefined || connection instanceof Error) {
      const found = `no connection to ${origin} (${connection?.message ?? 'unknown fault'})`
      return [failure('vendor reachable', found, 'Check IM_BASE_URL, DNS and the firewall.')]
    }
    const reply = await askOnce(settings, permits, connection)
    if (reply !== undefined) return judge(reply, origin)
    const found = `not asked: Redis granted no permit for a call within ${PERMIT_WITHIN_MS / 1000} s`
    return [failure('vendor reachable', found, 'Try again; if it stays, look at the log of Redis.')]
  } finally {
    connections.close()
  }
}

/** Sends the read as soon as there is a permit; returns `undefined` without a permit in time. */
async function askOnce(
  settings: WorkerSettings,
  redis: RedisConnection,
  connection: Connection,
): Promise<Reply | undefined> {
  const { REDIS_PREFIX: prefix, RATE_LIMIT_PER_SECOND: ceilingPerSecond, RATE_LIMIT_MARGIN: margin } = settings
  const { IM_SDK_APP_ID: sdkAppId, IM_ADMIN: admin, IM_SECRET_KEY } = settings
  const limiter = new Limiter({ redis, prefix, ceilingPerSecond, margin })
  const signer = new Signer({ sdkAppId, admin, key: () => IM_SECRET_KEY.reveal(), reloadKey: () => false })
  const client = new ApiClient({ sdkAppId, admin, signer })
  const givesUp = setTimeout(() => limiter.close(), PERMIT_WITHIN_MS)
  try {
    const send = () => client.send(connection, 'account_check', { CheckItem: [{ UserID: admin }] })
    const paced = await limiter.probe('account_check', send).finally(() => clearTimeout(givesUp))
    return paced.kind === 'closed' ? undefined : await paced.value
  } finally {
    limiter.close()
  }
}

function judge(reply: Reply, origin: string): CheckResult[] {
  const { class: answerClass, reason, act } = classify(reply)
  // The read asks for the admin's account, so a fault of the account is a fault of IM_ADMIN.
  const advice =
    answerClass === 'check_account' ? UNKNOWN_ADMIN : (act ?? 'Try again; if it stays, ask the vendor’s support.')
  if (reply.kind !== 'answer') return [failure('vendor reachable', reason.text, advice)]
  const reachable = ok('vendor reachable', origin)
  if (reply.envelope.ErrorCode === 0) return [reachable, ok('signature and admin right', 'accepted')]
  return [reachable, failure('signature and admin right', `code ${reason.code}: ${reason.text}`, advice)]
}

import type { Secret } from '../../config/secret.ts'
import type { Logger } from '../observe/log.ts'
import type { WorkerSettings } from '../worker-settings.ts'
import { ApiClient } from './client.ts'
import { Connections } from './connections.ts'
import { Signer } from './signer.ts'

const CONNECT_TIMEOUT_MS = 5000

/** Parts for requests to the vendor, without permits. */
export interface Vendor {
  readonly client: ApiClient
  readonly connections: Connections
  readonly signer: Signer
  /** Host name of the vendor, for traces. */
  readonly hostname: string
}

/** Makes the parts for requests to the vendor; opens no connection yet. The caller closes the connections. */
export function openVendor(settings: WorkerSettings, log: Logger): Vendor {
  const { IM_SDK_APP_ID: sdkAppId, IM_ADMIN: admin, IM_SECRET_KEY: key } = settings
  const { origin, hostname } = new URL(settings.IM_BASE_URL)
  const signer = new Signer({ sdkAppId, admin, key: () => key.reveal(), reloadKey: () => reloadKey(key, log) })
  return {
    client: new ApiClient({ sdkAppId, admin, signer }),
    connections: new Connections({ origin, connectTimeoutMs: CONNECT_TIMEOUT_MS }),
    signer,
    hostname,
  }
}

function reloadKey(key: Secret, log: Logger): boolean {
  try {
    return key.reload()
  } catch (error) {
    log.error({ err: error }, 'the file of the secret key cannot be read; the key in use stays')
    return false
  }
}

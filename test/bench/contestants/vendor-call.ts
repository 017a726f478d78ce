import { randomInt } from 'node:crypto'
import { Api } from 'tls-sig-api-v2'
import { Pool } from 'undici'
import { z } from 'zod'
import { DEFAULT_APP } from '../../../simulator/index.ts'

const answerSchema = z.object({ ErrorCode: z.number() })
const A_DAY_SECONDS = 86_400

/** The vendor as a contestant calls it: the same request as the worker's, through undici's own pool. */
export function openVendor(origin: string): { call: (account: string) => Promise<void>; close: () => Promise<void> } {
  const pool = new Pool(origin, { connections: 512 })
  const [admin = ''] = DEFAULT_APP.admins ?? []
  const signature = new Api(DEFAULT_APP.sdkAppId, DEFAULT_APP.keys?.[0] ?? '').genUserSig(admin, A_DAY_SECONDS)
  const query = `sdkappid=${DEFAULT_APP.sdkAppId}&identifier=${admin}&usersig=${signature}&contenttype=json`
  return {
    call: async account => {
      const { body } = await pool.request({
        method: 'POST',
        path: `/v4/sns/friend_delete_all?${query}&random=${randomInt(2 ** 32)}`,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ From_Account: account, DeleteType: 'Delete_Type_Both' }),
      })
      const { ErrorCode: code } = answerSchema.parse(await body.json())
      if (code !== 0) throw new Error(`the vendor answered ${code}`)
    },
    close: () => pool.close(),
  }
}

import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { z } from 'zod'

/** A stand-in of the vendor's `account_delete` alone (page 1047/34955), which the simulator does not answer. */
export interface AccountDeleteVendor {
  readonly url: string
  /** The accounts of each call so far. */
  readonly calls: readonly (readonly string[])[]
  close(): Promise<void>
}

/** Answers that differ from the usual ones. */
export interface AccountDeleteFaults {
  /** Codes that accounts get in place of 0; they are not deleted. */
  readonly accounts?: Readonly<Record<string, number>>
  /** What the n-th call gets in place of an answer for each account: a code, or `reset` after it was carried out. */
  readonly calls?: Readonly<Record<number, number | 'reset'>>
}

const bodySchema = z.strictObject({ DeleteItem: z.array(z.strictObject({ UserID: z.string() })).min(1) })

const NO_ACCOUNT = 70107
const WRONG_COUNT = 70402

/** Starts one. Each account exists until it is deleted. */
export async function startAccountDeleteVendor(faults: AccountDeleteFaults = {}): Promise<AccountDeleteVendor> {
  const calls: string[][] = []
  const deleted = new Set<string>()
  const codeOf = (account: string): number => {
    const fault = faults.accounts?.[account]
    if (fault !== undefined) return fault
    if (deleted.has(account)) return NO_ACCOUNT
    deleted.add(account)
    return 0
  }
  const server = createServer(async (request, response) => {
    const { DeleteItem: items } = bodySchema.parse(JSON.parse(await text(request)))
    const accounts = items.map(item => item.UserID)
    const fault = faults.calls?.[calls.length]
    calls.push(accounts)
    if (!request.url?.startsWith('/v4/im_open_login_svc/account_delete?')) return answer(response, 60009)
    if (accounts.length > 100) return answer(response, WRONG_COUNT)
    if (typeof fault === 'number') return answer(response, fault)
    const results = accounts.map(UserID => ({ UserID, ResultCode: codeOf(UserID), ResultInfo: '' }))
    if (fault === 'reset') return response.destroy()
    return answer(response, 0, results)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = z.object({ port: z.int() }).parse(server.address())
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function answer(response: ServerResponse, code: number, results?: readonly unknown[]): void {
  const status = code === 0 ? 'OK' : 'FAIL'
  response.end(JSON.stringify({ ActionStatus: status, ErrorCode: code, ErrorInfo: '', ResultItem: results }))
}

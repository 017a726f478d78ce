import { textOfCode } from './codes.ts'
import { ACCOUNT_PARAMETER, type Body, BodyRefusedError, type Operation, readAccount, type World } from './operation.ts'

/** Most accounts one call may name. */
const MAX_ITEMS = 100

/** Reads `[{ UserID }]`. */
function readUserIds(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_ITEMS)
    throw new BodyRefusedError(ACCOUNT_PARAMETER)
  return value.map((item: unknown) => {
    if (typeof item !== 'object' || item === null || !('UserID' in item)) throw new BodyRefusedError(ACCOUNT_PARAMETER)
    return readAccount(item.UserID, ACCOUNT_PARAMETER)
  })
}

/** `im_open_login_svc/account_check`: says of up to 100 accounts whether they are imported. Page 1047/34956. */
export function accountCheck(body: Body, world: World): Operation {
  const accounts = readUserIds(body.CheckItem)
  return {
    accounts,
    writes: [],
    run: () => ({
      code: 0,
      fields: {
        ResultItem: accounts.map(account => {
          const code = world.faults.itemCode('account_check', account)
          const item = { UserID: account, ResultCode: code, ResultInfo: textOfCode(code) }
          const status = world.graph.isImported(account) ? 'Imported' : 'NotImported'
          return code === 0 ? { ...item, AccountStatus: status } : item
        }),
      },
    }),
  }
}

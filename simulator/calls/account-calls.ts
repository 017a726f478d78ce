import { textOfCode } from './codes.ts'
import { ACCOUNT_PARAMETER, type Body, type Operation, readAccount, readList, type World } from './operation.ts'

/** Reads `{ UserID }`. */
function readUserId(item: unknown): string {
  const userId = typeof item === 'object' && item !== null && 'UserID' in item ? item.UserID : undefined
  return readAccount(userId, ACCOUNT_PARAMETER)
}

/** `im_open_login_svc/account_check`: says of up to 100 accounts whether they are imported. Page 1047/34956. */
export function accountCheck(body: Body, world: World): Operation {
  const accounts = readList(body['CheckItem'], 100, ACCOUNT_PARAMETER).map(readUserId)
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

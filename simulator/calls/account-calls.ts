import { textOfCode } from './codes.ts'
import { ACCOUNT_PARAMETER, type Body, BodyRefusal, type Operation, readAccount, type World } from './operation.ts'

/** Most accounts one call may name. */
const MAX_ITEMS = 100

/** Reads `[{ UserID }]`. */
const readUserIds = (value: unknown): readonly string[] => {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_ITEMS) throw new BodyRefusal(ACCOUNT_PARAMETER)
  return value.map((item: unknown) => {
    if (typeof item !== 'object' || item === null || !('UserID' in item)) throw new BodyRefusal(ACCOUNT_PARAMETER)
    return readAccount(item.UserID, ACCOUNT_PARAMETER)
  })
}

/** `im_open_login_svc/account_check`: says of up to 100 accounts whether they are imported. Page 1047/34956. */
export const accountCheck = (body: Body, world: World): Operation => {
  const accounts = readUserIds(body.CheckItem)
  return {
    accounts,
    writes: [],
    run: () => ({
      code: 0,
      fields: {
        ResultItem: accounts.map(account => {
          const code = world.itemCode(account)
          const item = { UserID: account, ResultCode: code, ResultInfo: textOfCode(code) }
          const status = world.graph.isImported(account) ? 'Imported' : 'NotImported'
          return code === 0 ? { ...item, AccountStatus: status } : item
        }),
      },
    }),
  }
}

/**
 * `im_open_login_svc/account_delete`: removes up to 100 accounts for good, with their relations. It runs the same
 * relation writes as the clearing calls and conflicts with them in the same way. Page 1047/34955.
 */
export const accountDelete = (body: Body, world: World): Operation => {
  const accounts = readUserIds(body.DeleteItem)
  const { graph, choices } = world
  const deleteOne = (account: string): number => {
    const faultCode = world.itemCode(account)
    if (faultCode !== 0) return faultCode
    if (!graph.isImported(account)) return 70107
    graph.deleteAccount(account, choices.accountDeleteClearsPeers)
    return 0
  }
  return {
    accounts,
    writes: accounts
      .filter(account => graph.isImported(account))
      .flatMap(account => [account, ...(choices.accountDeleteClearsPeers ? graph.friends(account).keys() : [])]),
    run: extent => {
      if (!world.accountDeletion) return { code: 71000 }
      const meant = extent === 'half' ? accounts.slice(0, Math.ceil(accounts.length / 2)) : accounts
      const items = meant.map(account => {
        const code = deleteOne(account)
        return { UserID: account, ResultCode: code, ResultInfo: textOfCode(code) }
      })
      return extent === 'half' ? { code: 30007 } : { code: 0, fields: { ResultItem: items } }
    },
  }
}

/** `im_open_login_svc/kick`: voids every signature of one account made so far. Page 1047/34957. */
export const kick = (body: Body, world: World): Operation => {
  const account = readAccount(body.UserID ?? body.Identifier, ACCOUNT_PARAMETER)
  return {
    accounts: [account],
    writes: [],
    run: () => {
      if (!world.graph.isImported(account) && !world.isAdmin(account)) return { code: 70107 }
      world.kick(account)
      return { code: 0 }
    },
  }
}

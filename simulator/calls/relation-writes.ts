import { textOfCode } from './codes.ts'
import { type Body, type Operation, readAccount, readList, readTwoWay, type World } from './operation.ts'

/**
 * `sns/friend_delete_all`: clears the list of an account, with `Delete_Type_Both` also its entry in the lists of those
 * who stood in it. The answer says nothing about how many those were. Page 1047/34906.
 */
export function friendDeleteAll(body: Body, world: World): Operation {
  const account = readAccount(body['From_Account'])
  const both = readTwoWay(body['DeleteType'])
  const { graph } = world
  return {
    accounts: [account],
    writes: graph.isImported(account) ? [account, ...(both ? graph.friends(account).keys() : [])] : [],
    run: extent => {
      if (!graph.isImported(account)) return { code: 30003 }
      const names = [...graph.friends(account).keys()]
      if (extent === 'half') {
        graph.removeFriends(account, names.slice(0, Math.ceil(names.length / 2)), both)
        return { code: 30007 }
      }
      graph.removeFriends(account, names, both)
      world.ledger.noteApplied(account)
      return { code: 0 }
    },
  }
}

/** `sns/friend_delete`: up to 1,000 friends by name, a result for each under an OK of the whole. Page 1047/34905. */
export function friendDelete(body: Body, world: World): Operation {
  const account = readAccount(body['From_Account'])
  const names = readList(body['To_Account'], 1000).map(name => readAccount(name))
  const both = readTwoWay(body['DeleteType'])
  const { graph } = world
  const deleteOne = (name: string): number => {
    const faultCode = world.faults.itemCode('friend_delete', name)
    if (faultCode !== 0) return faultCode
    if (!graph.friends(account).has(name)) return graph.isImported(name) ? 31704 : 30003
    graph.removeFriends(account, [name], both)
    return 0
  }
  return {
    accounts: [account],
    writes: graph.isImported(account) ? [account, ...(both ? names : [])] : [],
    run: extent => {
      if (!graph.isImported(account)) return { code: 30003 }
      if (extent === 'half') {
        for (const name of names.slice(0, Math.ceil(names.length / 2))) deleteOne(name)
        return { code: 30007 }
      }
      return { code: 0, fields: resultFields(names, deleteOne) }
    },
  }
}

/** One result a name; the list of those that failed stands there only when there are some. */
function resultFields(names: readonly string[], act: (name: string) => number): Record<string, unknown> {
  const items = names.map(name => {
    const code = act(name)
    return { To_Account: name, ResultCode: code, ResultInfo: textOfCode(code) }
  })
  const failed = items.filter(item => item.ResultCode !== 0).map(item => item.To_Account)
  return failed.length === 0 ? { ResultItem: items } : { ResultItem: items, Fail_Account: failed }
}

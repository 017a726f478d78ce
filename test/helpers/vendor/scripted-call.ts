import { classify } from '../../../worker/vendor/classify.ts'
import type { Command, Reply } from '../../../worker/vendor/client.ts'
import type { CallResult, PacedCall } from '../../../worker/vendor/paced-call.ts'

/** An answer of the vendor: a code in an envelope that fits it, fields of a success, another reply, or no call made. */
export type Scripted = number | Readonly<Record<string, unknown>> | Reply | { readonly closed: 'halted' | 'aborted' }

/** A paced call with scripted answers, which remembers its requests. */
export interface ScriptedCall {
  readonly call: PacedCall
  readonly asked: { readonly command: Command; readonly body: Readonly<Record<string, unknown>> }[]
}

/**
 * Makes a call with scripted answers, for tests of the steps above it. It repeats the last answer to a command.
 *
 * @param lines answers by command, in the order in which they are given
 */
export function scriptedCall(lines: Partial<Record<Command, readonly Scripted[]>>): ScriptedCall {
  const asked: ScriptedCall['asked'] = []
  const call: PacedCall = async (command, body, { onSent }) => {
    const answers = lines[command] ?? []
    const before = asked.filter(each => each.command === command).length
    const answer = answers[Math.min(before, answers.length - 1)]
    if (answer === undefined) throw new Error(`the script has no line for ${command}`)
    asked.push({ command, body })
    const result = toResult(answer)
    if (result.kind === 'answered') onSent()
    return result
  }
  return { call, asked }
}

function toResult(answer: Scripted): CallResult {
  if (typeof answer === 'number') return answered(envelopeReply(answer, {}))
  if ('closed' in answer && typeof answer.closed === 'string') {
    return { kind: 'closed', by: answer.closed === 'halted' ? 'halted' : 'aborted' }
  }
  return answered(isReply(answer) ? answer : envelopeReply(0, answer))
}

const answered = (reply: Reply): CallResult => ({ kind: 'answered', verdict: classify(reply) })

const isReply = (answer: Scripted): answer is Reply =>
  typeof answer === 'object' && 'kind' in answer && typeof answer.kind === 'string'

/** Makes a reply with a code and further fields, as the vendor sends it. */
export function envelopeReply(code: number, fields: Readonly<Record<string, unknown>>): Reply {
  const envelope = { ActionStatus: code === 0 ? 'OK' : 'FAIL', ErrorCode: code, ErrorInfo: '' }
  return { kind: 'answer', envelope, body: { ...fields, ...envelope } }
}

/** Makes the last page of a friend list. */
export const friendPage = (...friends: readonly string[]): Readonly<Record<string, unknown>> => ({
  UserDataItem: friends.map(To_Account => ({ To_Account })),
  FriendNum: friends.length,
  CompleteFlag: 1,
  NextStartIndex: 0,
})

/** Makes the answer of `account_check` on one account. */
export const accountStatus = (AccountStatus: 'Imported' | 'NotImported'): Readonly<Record<string, unknown>> => ({
  ResultItem: [{ UserID: 'user_1', ResultCode: 0, ResultInfo: '', AccountStatus }],
})

/** Makes the answer of `friend_delete` from a code for each friend. */
export const deleteResults = (codes: Readonly<Record<string, number>>): Readonly<Record<string, unknown>> => ({
  ResultItem: Object.entries(codes).map(([To_Account, ResultCode]) => ({ To_Account, ResultCode, ResultInfo: '' })),
})

import { classify } from '../../../worker/vendor/classify.ts'
import type { Command, Reply } from '../../../worker/vendor/client.ts'
import type { CallResult, PacedCall } from '../../../worker/vendor/paced-call.ts'

/** What the vendor answers: a code under an envelope that fits it, fields of a success, another reply, or no call made. */
export type Scripted = number | Readonly<Record<string, unknown>> | Reply | { readonly closed: 'halted' | 'aborted' }

/** A paced call that says its lines, and remembers what it was asked. */
export interface ScriptedCall {
  readonly call: PacedCall
  readonly asked: { readonly command: Command; readonly body: Readonly<Record<string, unknown>> }[]
}

/**
 * Makes a call whose answers are given, for tests of the steps above it. The last answer to a command is repeated.
 *
 * @param lines answers by command, in the order in which they are given
 */
export function scriptedCall(lines: Partial<Record<Command, readonly Scripted[]>>): ScriptedCall {
  const asked: ScriptedCall['asked'] = []
  const call: PacedCall = async (command, body, _signal, onSent) => {
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

/** A reply with a code and further fields, as the vendor sends it. */
export function envelopeReply(code: number, fields: Readonly<Record<string, unknown>>): Reply {
  const envelope = { ActionStatus: code === 0 ? 'OK' : 'FAIL', ErrorCode: code, ErrorInfo: '' }
  return { kind: 'answer', envelope, body: { ...fields, ...envelope } }
}

/** A page of a friend list that is the last. */
export const friendPage = (...friends: readonly string[]): Readonly<Record<string, unknown>> => ({
  UserDataItem: friends.map(To_Account => ({ To_Account })),
  FriendNum: friends.length,
  CompleteFlag: 1,
  NextStartIndex: 0,
})

/** What `account_check` says of an account. */
export const accountStatus = (AccountStatus: 'Imported' | 'NotImported'): Readonly<Record<string, unknown>> => ({
  ResultItem: [{ UserID: 'user_1', ResultCode: 0, ResultInfo: '', AccountStatus }],
})

/** What `friend_delete` says of each friend. */
export const deleteResults = (codes: Readonly<Record<string, number>>): Readonly<Record<string, unknown>> => ({
  ResultItem: Object.entries(codes).map(([To_Account, ResultCode]) => ({ To_Account, ResultCode, ResultInfo: '' })),
})

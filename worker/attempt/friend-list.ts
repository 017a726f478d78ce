import { friendGetSchema } from '../vendor/wire.ts'
import { askVendor } from './ask-vendor.ts'
import { checkAccount } from './check-account.ts'
import { type Attempt, done, type Step, stopAsMalformed, stopBy } from './steps.ts'

/** The vendor allows 3,000 friends, 30 pages of 100. A list of more than 100 pages is a loop. */
const PAGES_AT_MOST = 100

/** Reads the friend list of an account, page by page (vendor page 1047/34908, read 2026-11). */
export async function readFriends(attempt: Attempt): Promise<Step<readonly string[] | 'not_imported'>> {
  const friends: string[] = []
  let startIndex = 0
  for (let page = 0; page < PAGES_AT_MOST; page++) {
    const read = await readPage(attempt, startIndex)
    if (read.kind === 'stopped') return read
    if (read.value === 'not_imported') return done('not_imported')
    friends.push(...read.value.friends)
    if (read.value.next === undefined) return done(friends)
    if (read.value.next <= startIndex) return stopAsMalformed('a friend list whose pages do not advance')
    startIndex = read.value.next
  }
  return stopAsMalformed('a friend list without an end')
}

/** Reads one page to see whether the list is empty. An account that does not exist has no friends. */
export async function isListEmpty(attempt: Attempt): Promise<Step<boolean>> {
  const read = await readPage(attempt, 0)
  if (read.kind === 'stopped') return read
  if (read.value === 'not_imported') return done(true)
  const { friends, friendNum, next } = read.value
  return done(friends.length === 0 && friendNum === 0 && next === undefined)
}

interface Page {
  readonly friends: readonly string[]
  readonly friendNum: number
  /** Start of the next page; `undefined` after the last one. */
  readonly next: number | undefined
}

async function readPage(attempt: Attempt, startIndex: number): Promise<Step<Page | 'not_imported'>> {
  const body = { From_Account: attempt.account, StartIndex: startIndex }
  const asked = await askVendor(attempt, 'friend_get', body, friendGetSchema)
  if (asked.kind === 'stopped') return asked
  const answer = asked.value
  if (answer.kind === 'no_account') return checkAccount(attempt, 'friend_get', answer.verdict)
  if (answer.kind === 'not_friends') return stopBy(answer.verdict)
  const { UserDataItem: friends, FriendNum: friendNum, CompleteFlag, NextStartIndex } = answer.body
  const next = CompleteFlag === 0 ? (NextStartIndex ?? startIndex) : undefined
  return done({ friends, friendNum, next })
}

import type { CommandName } from '../calls/commands.ts'

/** What became of one answer: a code as text, or `http_502`, `reset`, `hang`, `malformed_null`, `half_body`, `client_gone`. */
export type AnswerKey = string

/** One line of the ledger. */
export interface LedgerLine {
  readonly account: string
  /** How often a `friend_delete_all` was carried out, whatever the caller got to hear. */
  readonly deletesApplied: number
  /** How often a `friend_delete_all` was answered with OK. */
  readonly okAnswers: number
  /** Answers by call and code, such as `{ friend_delete_all: { '30006': 1, '0': 1 } }`. */
  readonly answers: Readonly<Partial<Record<CommandName, Readonly<Record<AnswerKey, number>>>>>
  /** Entries in the account's friend list now. */
  readonly friendsLeft: number
  readonly imported: boolean
}

/** Counts of one account; the answers lie in one flat list (key, count, key, …), since there are millions of these. */
interface Entry {
  deletesApplied: number
  okAnswers: number
  readonly answers: number[]
}

/** Reads the state of an account for its line. */
export interface AccountReader {
  readonly friendsLeft: (account: string) => number
  readonly isImported: (account: string) => boolean
}

/** Counts per account what was applied and what was answered. Only accounts that were called for have an entry. */
export class Ledger {
  readonly #reader: AccountReader
  readonly #entries = new Map<string, Entry>()
  readonly #keys: { readonly command: CommandName; readonly answer: AnswerKey }[] = []
  readonly #keyNumbers = new Map<string, number>()

  constructor(reader: AccountReader) {
    this.#reader = reader
  }

  /** Accounts with an entry. */
  get size(): number {
    return this.#entries.size
  }

  noteApplied(account: string): void {
    this.#entry(account).deletesApplied += 1
  }

  noteAnswer(command: CommandName, account: string, answer: AnswerKey): void {
    const entry = this.#entry(account)
    if (command === 'friend_delete_all' && answer === '0') entry.okAnswers += 1
    const key = this.#keyNumber(command, answer)
    for (let index = 0; index < entry.answers.length; index += 2) {
      if (entry.answers[index] !== key) continue
      entry.answers[index + 1] = (entry.answers[index + 1] ?? 0) + 1
      return
    }
    entry.answers.push(key, 1)
  }

  /** Reads the line of one account; zeros when it was never called for. */
  line(account: string): LedgerLine {
    const entry = this.#entries.get(account)
    const answers: Partial<Record<CommandName, Record<AnswerKey, number>>> = {}
    for (let index = 0; index < (entry?.answers.length ?? 0); index += 2) {
      const key = this.#keys[entry?.answers[index] ?? -1]
      if (key === undefined) continue
      const byCode = answers[key.command] ?? {}
      byCode[key.answer] = entry?.answers[index + 1] ?? 0
      answers[key.command] = byCode
    }
    return {
      account,
      deletesApplied: entry?.deletesApplied ?? 0,
      okAnswers: entry?.okAnswers ?? 0,
      answers,
      friendsLeft: this.#reader.friendsLeft(account),
      imported: this.#reader.isImported(account),
    }
  }

  /** Goes through the accounts in the order of their first call. */
  *lines(): Generator<LedgerLine> {
    for (const account of this.#entries.keys()) yield this.line(account)
  }

  #entry(account: string): Entry {
    const known = this.#entries.get(account)
    if (known !== undefined) return known
    const fresh = { deletesApplied: 0, okAnswers: 0, answers: [] }
    this.#entries.set(account, fresh)
    return fresh
  }

  #keyNumber(command: CommandName, answer: AnswerKey): number {
    const name = `${command} ${answer}`
    const known = this.#keyNumbers.get(name)
    if (known !== undefined) return known
    this.#keys.push({ command, answer })
    this.#keyNumbers.set(name, this.#keys.length - 1)
    return this.#keys.length - 1
  }
}

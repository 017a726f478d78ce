import type { FriendGraph } from '../accounts/friend-graph.ts'
import type { CommandName } from '../calls/commands.ts'

/** One line of the ledger. */
export interface LedgerLine {
  readonly account: string
  /** How often a `friend_delete_all` was carried out, whatever the caller got to hear. */
  readonly deletesApplied: number
  /** How often a `friend_delete_all` was answered with OK. */
  readonly okAnswers: number
  /**
   * Answers by call, such as `{ friend_delete_all: { '30006': 1, '0': 1 } }`: each a code as text, or `http_502`,
   * `reset`, `hang`, `malformed_null`, `half_body`, `client_gone`.
   */
  readonly answers: Readonly<Partial<Record<CommandName, Readonly<Record<string, number>>>>>
  /** Entries in the account's friend list now. */
  readonly friendsLeft: number
  readonly imported: boolean
}

/** Counts of one account. Its answers lie in a list by the number of their kind, since there are millions of these. */
interface Entry {
  deletesApplied: number
  readonly answers: number[]
}

/** Counts per account what was applied and what was answered. Only accounts that were called for have an entry. */
export class Ledger {
  readonly #graph: FriendGraph
  readonly #entries = new Map<string, Entry>()
  /** Kinds of answers that were seen so far; the place of a kind is its number. */
  readonly #kinds: { readonly command: CommandName; readonly answer: string }[] = []

  constructor(graph: FriendGraph) {
    this.#graph = graph
  }

  noteApplied(account: string): void {
    this.#entry(account).deletesApplied += 1
  }

  noteAnswer(command: CommandName, account: string, answer: string): void {
    const { answers } = this.#entry(account)
    const kind = this.#kindOf(command, answer)
    answers[kind] = (answers[kind] ?? 0) + 1
  }

  /** Reads the line of one account; zeros when it was never called for. */
  line(account: string): LedgerLine {
    const entry = this.#entries.get(account)
    const answers: Partial<Record<CommandName, Record<string, number>>> = {}
    for (const [kind, { command, answer }] of this.#kinds.entries()) {
      const count = entry?.answers[kind]
      if (count !== undefined) answers[command] = { ...answers[command], [answer]: count }
    }
    return {
      account,
      deletesApplied: entry?.deletesApplied ?? 0,
      okAnswers: answers.friend_delete_all?.['0'] ?? 0,
      answers,
      friendsLeft: this.#graph.friends(account).size,
      imported: this.#graph.isImported(account),
    }
  }

  /** Goes through the accounts in the order of their first call. */
  *lines(): Generator<LedgerLine> {
    for (const account of this.#entries.keys()) yield this.line(account)
  }

  forget(): void {
    this.#entries.clear()
  }

  #entry(account: string): Entry {
    const known = this.#entries.get(account)
    if (known !== undefined) return known
    const fresh = { deletesApplied: 0, answers: [] }
    this.#entries.set(account, fresh)
    return fresh
  }

  #kindOf(command: CommandName, answer: string): number {
    const known = this.#kinds.findIndex(kind => kind.command === command && kind.answer === answer)
    return known < 0 ? this.#kinds.push({ command, answer }) - 1 : known
  }
}

import type { CommandName } from '../calls/commands.ts'
import type { FaultAccounts, FaultAnswer, FaultRule } from './fault-rule.ts'
import { hasher, sequence } from './seeded-random.ts'

/** How often a rule struck. */
export interface RuleHits {
  readonly rule: FaultRule
  readonly hits: number
}

/** A rule with what it has to remember. */
class ActiveRule {
  readonly rule: FaultRule
  readonly isChosen: (account: string) => boolean
  /** A rule that must know whom a call is for can only be asked once the body is read. */
  readonly needsAccount: boolean
  hits = 0
  #candidates = 0
  readonly #hitsOf = new Map<string, number>()
  readonly #callsOf = new Map<string, number>()
  readonly #random: () => number

  constructor(rule: FaultRule, seed: number) {
    this.rule = rule
    this.isChosen = chooser(rule.accounts ?? 'all', seed, saltOf(rule))
    this.needsAccount = (rule.accounts ?? 'all') !== 'all' || typeof rule.times === 'number' || rule.nth !== undefined
    this.#random = sequence(seed, saltOf(rule))
  }

  /** Asks the conditions in order, cheapest first; counts only what has passed the ones before. */
  strikes(command: CommandName | undefined, account: string, elapsedMs: number): boolean {
    const { rule } = this
    if (rule.command !== undefined && rule.command !== command) return false
    if (rule.window !== undefined && (elapsedMs < rule.window.fromMs || elapsedMs >= rule.window.toMs)) return false
    if (rule.total !== undefined && this.hits >= rule.total) return false
    if (this.needsAccount && !this.#fitsAccount(command, account)) return false
    this.#candidates += 1
    if (rule.every !== undefined && this.#candidates % rule.every !== 0) return false
    if (rule.probability !== undefined && this.#random() >= rule.probability) return false
    this.hits += 1
    if (typeof rule.times === 'number') this.#hitsOf.set(account, (this.#hitsOf.get(account) ?? 0) + 1)
    return true
  }

  #fitsAccount(command: CommandName | undefined, account: string): boolean {
    const { times, nth } = this.rule
    if (!this.isChosen(account)) return false
    if (typeof times === 'number' && (this.#hitsOf.get(account) ?? 0) >= times) return false
    if (nth === undefined) return true
    const key = `${command} ${account}`
    const calls = (this.#callsOf.get(key) ?? 0) + 1
    this.#callsOf.set(key, calls)
    return calls === nth
  }
}

/** Two rules with the same answer for the same call pick the same accounts; others pick independently. */
const saltOf = (rule: FaultRule): string => `${rule.command ?? 'all'} ${JSON.stringify(rule.answer)}`

function chooser(accounts: FaultAccounts, seed: number, salt: string): (account: string) => boolean {
  if (accounts === 'all') return () => true
  if ('list' in accounts) {
    const listed = new Set(accounts.list)
    return account => listed.has(account)
  }
  if ('share' in accounts) {
    const position = hasher(seed, salt)
    return account => position(account) < accounts.share
  }
  const [from, to] = accounts.slice
  const position = hasher(seed, 'slice')
  return account => position(account) >= from && position(account) < to
}

/** Holds the rules in force and picks the one that strikes; the seed alone decides which accounts are hit. */
export class Faults {
  readonly #seed: number
  readonly #now: () => number
  #rules: ActiveRule[] = []
  #setAt = 0

  /** `now` gives monotonic ms. */
  constructor(rules: readonly FaultRule[], seed: number, now: () => number) {
    this.#seed = seed
    this.#now = now
    this.set(rules)
  }

  /** Replaces all rules; their counts and windows start anew. */
  set(rules: readonly FaultRule[]): void {
    this.#rules = rules.map(rule => new ActiveRule(rule, this.#seed))
    this.#setAt = this.#now()
  }

  get rules(): readonly RuleHits[] {
    return this.#rules.map(({ rule, hits }) => ({ rule, hits }))
  }

  /** Tells whether a new connection is to be left alone. */
  stallsConnection(): boolean {
    return this.#first(({ rule }) => rule.answer === 'stall-connection', undefined, ['']) !== undefined
  }

  /** Tells whether a call is reset before anything of its body is read. */
  resetsUnread(command: CommandName): boolean {
    const isUnread = (active: ActiveRule): boolean => active.rule.answer === 'reset-before' && !active.needsAccount
    return this.#first(isUnread, command, ['']) !== undefined
  }

  /** Picks the rule that strikes a call for these accounts, one hit at most. */
  strike(command: CommandName, accounts: readonly string[]): FaultRule | undefined {
    return this.#first(isAboutCalls, command, accounts)
  }

  /** The code an item of a list is to fail with, 0 for none. */
  itemCode(command: CommandName, account: string): number {
    const answer = this.#first(({ rule }) => isItemAnswer(rule.answer), command, [account])?.answer
    return answer !== undefined && isItemAnswer(answer) ? answer.itemCode : 0
  }

  #first(
    isMeant: (active: ActiveRule) => boolean,
    command: CommandName | undefined,
    accounts: readonly string[],
  ): FaultRule | undefined {
    const elapsedMs = this.#now() - this.#setAt
    for (const active of this.#rules) {
      if (isMeant(active) && accounts.some(account => active.strikes(command, account, elapsedMs))) return active.rule
    }
    return undefined
  }
}

const isItemAnswer = (answer: FaultAnswer): answer is { readonly itemCode: number } =>
  typeof answer === 'object' && 'itemCode' in answer

const isAboutCalls = ({ rule, needsAccount }: ActiveRule): boolean =>
  rule.answer !== 'stall-connection' && !isItemAnswer(rule.answer) && (rule.answer !== 'reset-before' || needsAccount)

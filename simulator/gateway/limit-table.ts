import { z } from 'zod'
import { COMMAND_NAMES, COMMANDS, type CommandName } from '../calls/commands.ts'
import type { LimitAlgorithm, LimitRule } from './call-limits.ts'

/** Changes the ceilings; what is left out stays as it is. */
export interface LimitChange {
  /** The call meant; all of them when left out. */
  readonly command?: CommandName | undefined
  readonly perSecond?: number | undefined
  readonly algorithm?: LimitAlgorithm | undefined
  readonly countRefused?: boolean | undefined
  /** Depth of the bucket; default: the ceiling itself. */
  readonly burst?: number | undefined
  /** Ceiling over all calls of one app, answered with 60011; `null` takes it away. */
  readonly appPerSecond?: number | null | undefined
}

/** Checks a change that comes from outside. */
export const limitChangeSchema: z.ZodType<LimitChange> = z.strictObject({
  command: z.enum(COMMAND_NAMES).optional(),
  perSecond: z.int().min(0).optional(),
  algorithm: z.enum(['aligned', 'sliding', 'bucket']).optional(),
  countRefused: z.boolean().optional(),
  burst: z.number().min(1).optional(),
  appPerSecond: z.int().min(0).nullable().optional(),
})

/** Holds the ceiling of every call and the one over all of them. */
export class LimitTable {
  /** Rule of the ceiling over all calls of one app. */
  total: LimitRule | undefined
  readonly #rules = new Map<CommandName, LimitRule>()

  constructor(perSecond: Readonly<Partial<Record<CommandName, number>>>, algorithm: LimitAlgorithm) {
    for (const { name, defaultLimitPerSecond } of COMMANDS) {
      const limit = perSecond[name] ?? defaultLimitPerSecond
      this.#rules.set(name, { perSecond: limit, algorithm, countRefused: false, burst: limit })
    }
  }

  ruleOf(command: CommandName): LimitRule {
    const rule = this.#rules.get(command)
    if (rule === undefined) throw new RangeError(`no ceiling for ${command}`)
    return rule
  }

  /** Every changed rule is a new object, by which its counters notice that they must start anew. */
  change(change: LimitChange): void {
    for (const [name, rule] of this.#rules) {
      if (change.command === undefined || change.command === name) this.#rules.set(name, changedRule(rule, change))
    }
    if (change.appPerSecond === null) this.total = undefined
    if (typeof change.appPerSecond === 'number') {
      const { algorithm = 'sliding', countRefused = false, burst = change.appPerSecond } = change
      this.total = { perSecond: change.appPerSecond, algorithm, countRefused, burst }
    }
  }
}

function changedRule(rule: LimitRule, change: LimitChange): LimitRule {
  const perSecond = change.perSecond ?? rule.perSecond
  const keptBurst = rule.burst === rule.perSecond ? perSecond : rule.burst
  const changed: LimitRule = {
    perSecond,
    algorithm: change.algorithm ?? rule.algorithm,
    countRefused: change.countRefused ?? rule.countRefused,
    burst: change.burst ?? keptBurst,
  }
  return isSameRule(rule, changed) ? rule : changed
}

const isSameRule = (a: LimitRule, b: LimitRule): boolean =>
  a.perSecond === b.perSecond && a.algorithm === b.algorithm && a.countRefused === b.countRefused && a.burst === b.burst

import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { COMMAND_NAMES, COMMANDS, type CommandName, perCommand } from '../calls/commands.ts'
import type { LimitAlgorithm, LimitRule } from './call-limits.ts'

/** Checks a change that comes from outside. */
export const limitChangeSchema = z.strictObject({
  /** The call meant; all of them when left out. */
  command: z.enum(COMMAND_NAMES).optional(),
  perSecond: z.int().min(0).optional(),
  algorithm: z.enum(['aligned', 'sliding', 'bucket']).optional(),
  countRefused: z.boolean().optional(),
  /** Depth of the bucket; default: the ceiling itself. */
  burst: z.number().min(1).optional(),
  /** Ceiling over all calls of one app, answered with 60011; `null` takes it away. */
  appPerSecond: z.int().min(0).nullable().optional(),
})

/** Changes the ceilings; what is left out stays as it is. */
export type LimitChange = Readonly<z.infer<typeof limitChangeSchema>>

/** Holds the ceiling of every call and the one over all of them. */
export class LimitTable {
  readonly rules: Record<CommandName, LimitRule>
  /** Rule of the ceiling over all calls of one app. */
  total: LimitRule | undefined

  constructor(perSecond: Readonly<Partial<Record<CommandName, number>>>, algorithm: LimitAlgorithm) {
    this.rules = perCommand(command => {
      const limit = perSecond[command] ?? COMMANDS[command].defaultLimitPerSecond
      return { perSecond: limit, algorithm, countRefused: false, burst: limit }
    })
  }

  /** Every changed rule is a new object, by which its counters notice that they must start anew. */
  change(change: LimitChange): void {
    for (const command of change.command === undefined ? COMMAND_NAMES : [change.command]) {
      this.rules[command] = changedRule(this.rules[command], change)
    }
    if (change.appPerSecond === null) this.total = undefined
    if (typeof change.appPerSecond === 'number') {
      const { algorithm = 'sliding', countRefused = false, burst = change.appPerSecond } = change
      this.total = { perSecond: change.appPerSecond, algorithm, countRefused, burst }
    }
  }
}

function changedRule(rule: LimitRule, change: LimitChange): LimitRule {
  const { perSecond = rule.perSecond, algorithm = rule.algorithm, countRefused = rule.countRefused } = change
  const { burst = rule.burst === rule.perSecond ? perSecond : rule.burst } = change
  const changed = { perSecond, algorithm, countRefused, burst }
  return isDeepStrictEqual(rule, changed) ? rule : changed
}

import { z } from 'zod'
import type { CommandName } from '../calls/commands.ts'
import { type CallLimit, createCallLimit, type LimitRule } from './call-limits.ts'

const appSchema = z.strictObject({
  sdkAppId: z.int(),
  /** Secret keys that are accepted; two while a rotation overlaps. */
  keys: z.array(z.string().min(1)).min(1).readonly(),
  /** Admin accounts, which alone may call. */
  admins: z.array(z.string().min(1)).readonly(),
  /** Data centre of the app; calls over a host of another region are refused. Default: any. */
  region: z.string().optional(),
  standing: z.enum(['good', 'disabled', 'plan_expired', 'ip_refused', 'trial_used_up']).optional(),
  /** Addresses calls may come from. Default: all. */
  allowedIps: z.array(z.string()).readonly().optional(),
})

/** One app of the vendor's console. */
export type AppOptions = Readonly<z.infer<typeof appSchema>>

/** Why the vendor would turn away every call of an app. */
export type Standing = NonNullable<AppOptions['standing']>

/** Checks a change that comes from outside. */
export const appChangeSchema = appSchema.omit({ sdkAppId: true }).partial()

/** Changes an app of a running simulator; what is left out stays. */
export type AppChange = Readonly<z.infer<typeof appChangeSchema>>

/** An app with what the server counts for it. */
export class App {
  options: AppOptions
  /** Recent failures to sign, epoch ms, oldest first. */
  authFailures: number[] = []
  /** Epoch ms until which every call is answered with 70050. */
  heldUntil = 0
  readonly #limits = new Map<CommandName | 'all', CallLimit>()

  constructor(options: AppOptions) {
    this.options = options
  }

  change(change: AppChange): void {
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
    this.options = { ...this.options, ...given }
  }

  /** The ceiling of one call or of all together; made anew, with an empty history, when its rule has changed. */
  limitOf(command: CommandName | 'all', rule: LimitRule): CallLimit {
    const known = this.#limits.get(command)
    if (known?.rule === rule) return known
    const fresh = createCallLimit(rule)
    this.#limits.set(command, fresh)
    return fresh
  }

  /** Forgets every count, not the settings. */
  forget(): void {
    this.authFailures = []
    this.heldUntil = 0
    this.#limits.clear()
  }
}

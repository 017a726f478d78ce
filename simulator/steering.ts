import { z } from 'zod'
import type { ListedUser } from './accounts/users.ts'
import type { CommandName } from './calls/commands.ts'
import { InvalidSimulatorInputError } from './check.ts'
import type { ClockChange } from './clock.ts'
import type { FaultRule } from './faults/fault-rule.ts'
import { readFaultRules } from './faults/fault-text.ts'
import type { LatencyProfile } from './faults/latency.ts'
import { Counts, type Figures } from './figures/figures.ts'
import type { LedgerLine } from './figures/ledger.ts'
import type { AppChange } from './gateway/apps.ts'
import type { LimitChange } from './gateway/limit-table.ts'
import { type Parts, startLatency } from './parts.ts'
import type { TimingChange } from './timing.ts'

/** Checks the options of a reset that come from outside. */
export const resetSchema = z.strictObject({
  /** Figures, arrivals, ledger, windows of the ceilings, counts of the fault rules. The rules themselves stay. */
  figures: z.boolean().optional(),
  /** Accounts and friend lists. */
  users: z.boolean().optional(),
})

/** Says what a reset puts back; both by default. */
export type ResetOptions = Readonly<z.infer<typeof resetSchema>>

/** Reads and steers a running simulator. Every change holds from the next request on. */
export interface Steering {
  readonly figures: () => Figures
  /** Stamps of the calls that arrived, oldest first, monotonic ms; of the newest 2,097,152. */
  readonly arrivals: (command: CommandName) => readonly number[]
  /** A line for every account that was called for, in the order of the first call. */
  readonly ledger: () => IterableIterator<LedgerLine>
  /** The line of one account; zeros when it was never called for. */
  readonly ledgerOf: (account: string) => LedgerLine
  /**
   * Replaces all fault rules.
   *
   * @throws {InvalidFaultRuleError} when one cannot be read; nothing is changed then
   */
  readonly setFaults: (rules: readonly (FaultRule | string)[]) => void
  readonly setLimit: (change: LimitChange) => void
  /** Sets the key, or two that overlap, of the first app or of the one named. */
  readonly setKey: (keys: string | readonly string[], sdkAppId?: number) => void
  readonly setApp: (change: AppChange, sdkAppId?: number) => void
  readonly setClock: (change: ClockChange) => void
  readonly setLatency: (profile: LatencyProfile) => void
  readonly setTiming: (change: TimingChange) => void
  /** Names in the account's friend list now, without any lag. */
  readonly friendsOf: (account: string) => readonly string[]
  /** Adds accounts with exactly these lists, or replaces theirs. A name alone has no friends. */
  readonly importUsers: (users: readonly (ListedUser | string)[]) => void
  readonly reset: (options?: ResetOptions) => void
}

/** Makes the steering of built parts. */
export function createSteering(parts: Parts): Steering {
  const setApp = (change: AppChange, sdkAppId?: number): void => {
    const [first] = parts.apps.values()
    const app = sdkAppId === undefined ? first : parts.apps.get(sdkAppId)
    if (app === undefined) throw new InvalidSimulatorInputError(`sdkAppId: there is no app ${sdkAppId}`)
    app.change(change)
  }
  return {
    figures: () => ({
      ...parts.counts.figures(command => parts.limits.rules[command].perSecond),
      openConnections: parts.sockets.size,
      faults: parts.faults.rules,
    }),
    arrivals: command => parts.counts.arrivals[command].stamps(),
    ledger: () => parts.ledger.lines(),
    ledgerOf: account => parts.ledger.line(account),
    setFaults: rules => parts.faults.set(readFaultRules(rules)),
    setLimit: change => parts.limits.change(change),
    setKey: (keys, sdkAppId) => setApp({ keys: typeof keys === 'string' ? [keys] : keys }, sdkAppId),
    setApp,
    setClock: change => parts.clock.change(change),
    setLatency: profile => {
      parts.drawLatency = startLatency(profile, parts.seed, parts.monotonic)
    },
    setTiming: change => {
      parts.timing.change(change)
      if (change.readLagMs !== undefined) parts.lag.lagMs = change.readLagMs
    },
    friendsOf: account => [...parts.graph.friends(account).keys()],
    importUsers: users =>
      parts.graph.importUsers(users.map(user => (typeof user === 'string' ? { account: user } : user))),
    reset: ({ figures = true, users = true } = {}) => {
      if (users) parts.graph.reset()
      if (figures) resetFigures(parts)
    },
  }
}

function resetFigures(parts: Parts): void {
  parts.counts = new Counts()
  parts.ledger.forget()
  parts.faults.set(parts.faults.rules.map(({ rule }) => rule))
  for (const app of parts.apps.values()) app.forget()
}

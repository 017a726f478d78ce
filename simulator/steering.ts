import type { ListedUser } from './accounts/users.ts'
import { type BuiltParts, firstOf, toBackendTimeout } from './build-parts.ts'
import type { CommandName } from './calls/commands.ts'
import type { ClockChange } from './clock.ts'
import type { FaultRule } from './faults/fault-rule.ts'
import { readFaultRules } from './faults/fault-text.ts'
import type { LatencyProfile } from './faults/latency.ts'
import type { Figures } from './figures/figures.ts'
import type { LedgerLine } from './figures/ledger.ts'
import type { AppChange } from './gateway/apps.ts'
import type { LimitChange } from './gateway/limit-table.ts'
import { InvalidSimulatorInput } from './options.ts'
import type { BackendTimeoutChange } from './parts.ts'

/** Changes how long writes take; what is left out stays, `null` goes back to the latency of the call. */
export interface TimingChange {
  readonly lockMs?: number | null | undefined
  readonly conflictMs?: number | null | undefined
  readonly backendTimeout?: BackendTimeoutChange | false | undefined
  readonly readLagMs?: number | undefined
}

/** What a reset puts back; both by default. */
export interface ResetOptions {
  /** Figures, arrivals, ledger, windows of the ceilings, counts of the fault rules. The rules themselves stay. */
  readonly figures?: boolean | undefined
  /** Accounts, friend lists and blocklists. */
  readonly users?: boolean | undefined
}

/** Reads and steers a running simulator. Every change holds from the next request on. */
export interface Steering {
  readonly figures: () => Figures
  /** Stamps of the calls that arrived, oldest first, monotonic ms; of the newest 2,097,152. */
  readonly arrivals: (command: CommandName) => readonly number[]
  /** A line for every account that was called for, in the order of the first call. */
  readonly ledger: () => IterableIterator<LedgerLine>
  /** The line of one account; zeros when it was never called for. */
  readonly ledgerOf: (account: string) => LedgerLine
  /** Replaces all fault rules. Throws `InvalidFaultRule` and changes nothing when one cannot be read. */
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
export function createSteering(parts: BuiltParts, openConnections: () => number): Steering {
  const setApp = (change: AppChange, sdkAppId?: number): void => {
    const app = sdkAppId === undefined ? firstOf(parts.apps) : parts.apps.get(sdkAppId)
    if (app === undefined) throw new InvalidSimulatorInput(`sdkAppId: there is no app ${sdkAppId}`)
    app.change(change)
  }
  return {
    figures: () =>
      parts.counts.figures({
        limitOf: command => parts.limits.ruleOf(command).perSecond,
        faults: parts.faults.rules,
        openConnections: openConnections(),
      }),
    arrivals: command => parts.counts.arrivals(command).stamps(),
    ledger: () => parts.ledger.lines(),
    ledgerOf: account => parts.ledger.line(account),
    setFaults: rules => parts.faults.set(readFaultRules(rules)),
    setLimit: change => parts.limits.change(change),
    setKey: (keys, sdkAppId) => setApp({ keys: typeof keys === 'string' ? [keys] : keys }, sdkAppId),
    setApp,
    setClock: change => parts.clock.change(change),
    setLatency: parts.setLatency,
    setTiming: change => {
      const { timing } = parts
      parts.timing = {
        lockMs: change.lockMs === undefined ? timing.lockMs : (change.lockMs ?? undefined),
        conflictMs: change.conflictMs === undefined ? timing.conflictMs : (change.conflictMs ?? undefined),
        timeout: change.backendTimeout === undefined ? timing.timeout : toBackendTimeout(change.backendTimeout),
      }
      if (change.readLagMs !== undefined) parts.setReadLag(change.readLagMs)
    },
    friendsOf: account => [...parts.graph.friends(account).keys()],
    importUsers: users =>
      parts.graph.importUsers(users.map(user => (typeof user === 'string' ? { account: user } : user))),
    reset: ({ figures = true, users = true } = {}) => {
      if (users) parts.resetGraph()
      if (figures) parts.resetCounts()
    },
  }
}

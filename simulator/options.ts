import type { UsersOptions } from './accounts/users.ts'
import type { CommandName } from './calls/commands.ts'
import type { FaultRule } from './faults/fault-rule.ts'
import type { LatencyProfile } from './faults/latency.ts'
import type { AppOptions } from './gateway/apps.ts'
import type { LimitAlgorithm } from './gateway/call-limits.ts'
import type { TimingChange } from './timing.ts'

/** The app a simulator has when none is given, with the vendor's public sample key. */
export const DEFAULT_APP: AppOptions = {
  sdkAppId: 1_400_000_000,
  keys: ['5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e'],
  admins: ['administrator'],
}

/** One answered request, as the log gets to see it; the signature is cut out of the URL. */
export interface AnswerRecord {
  /** Arrival, monotonic ms. */
  readonly at: number
  readonly command: CommandName | undefined
  readonly url: string
  readonly accounts: readonly string[]
  readonly answer: string
  readonly tookMs: number
}

/** Settings of a simulator; every one has a default, so that `startSimulator()` alone gives a working vendor. */
export interface SimulatorOptions extends TimingChange {
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined
  /** Default 0, any free port. */
  readonly port?: number | undefined
  /** Serves HTTPS with this key and certificate (PEM). Default: plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined
  /** Default: `DEFAULT_APP` alone. */
  readonly apps?: readonly AppOptions[] | undefined
  /** Default: `user_1` to `user_1000` without friends. */
  readonly users?: UsersOptions | undefined
  /** Ceilings by call; calls not named keep the vendor's. A number holds for all of them. */
  readonly limitPerSecond?: number | Readonly<Partial<Record<CommandName, number>>> | undefined
  /** Default `sliding`. */
  readonly limitAlgorithm?: LimitAlgorithm | undefined
  /** Whether refused calls count against the ceiling. Default `false`. */
  readonly countRefused?: boolean | undefined
  /** Depth of the bucket in calls. Default: the ceiling. */
  readonly burst?: number | undefined
  /** Ceiling over all calls of one app, answered with 60011. Default: none. */
  readonly appLimitPerSecond?: number | undefined
  /** How long the backend takes, ms. Default 0. */
  readonly latency?: LatencyProfile | undefined
  /** Rules, as objects or in their text form. Default: none. */
  readonly faults?: readonly (FaultRule | string)[] | undefined
  /** Decides who is hit by faults, who is missing, and every latency. Default 1. */
  readonly seed?: number | undefined
  /** Wall clock by which signatures expire, epoch ms. Default `Date.now`. */
  readonly now?: (() => number) | undefined
  /** Ms added to that clock. Default 0. */
  readonly skewMs?: number | undefined
  /** Monotonic clock that stamps arrivals, ms. Default: the process's own. */
  readonly monotonic?: (() => number) | undefined
  /** How long an idle connection is kept, ms. Default 75,000. */
  readonly keepAliveMs?: number | undefined
  /** Failed signatures within a minute that make the app wait with 70050 for 60 s; 0 switches it off. Default 100. */
  readonly authFailuresPerMinute?: number | undefined
  /** Friends on a page of `friend_get`, which the server decides. Default 100. */
  readonly pageSize?: number | undefined
  /** Whether it can be driven over HTTP under `/simulator`. Default `true`; loopback callers only. */
  readonly control?: boolean | undefined
  /** Called with every answer; the signature is cut out. */
  readonly onAnswer?: ((record: AnswerRecord) => void) | undefined
}

import type { FriendGraph } from './accounts/friend-graph.ts'
import type { WriteLocks } from './accounts/write-locks.ts'
import type { CommandName } from './calls/commands.ts'
import type { World } from './calls/operation.ts'
import type { SteerableClock } from './clock.ts'
import type { Faults } from './faults/faults.ts'
import type { Counts } from './figures/figures.ts'
import type { Ledger } from './figures/ledger.ts'
import type { App } from './gateway/apps.ts'
import type { Gateway } from './gateway/gateway.ts'
import type { LimitTable } from './gateway/limit-table.ts'
import type { Timers } from './timers.ts'

/** What the backend does when a call takes it too long. */
export interface BackendTimeout {
  /** Default 3,000 ms, page 269/1519. */
  readonly afterMs: number
  /** 60008 (default) or 30007. */
  readonly code: number
  /** Whether the change is made before that answer (default), later when the backend gets there, or not at all. */
  readonly applies: 'before' | 'after' | 'never'
}

/** A back-end time-out of which only some fields are given. */
export type BackendTimeoutChange = { readonly [Field in keyof BackendTimeout]?: BackendTimeout[Field] | undefined }

/** How long writes take and conflicts last. */
interface Timing {
  /** How long a write holds its locks. Default: the latency of the call. */
  readonly lockMs: number | undefined
  /** After how long a conflict is answered. Default: the latency of the call. */
  readonly conflictMs: number | undefined
  /** `undefined` lets every call take as long as it takes. */
  readonly timeout: BackendTimeout | undefined
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

/** Everything a request needs on its way; built in one place, `build-parts.ts`. */
export interface Parts {
  readonly apps: ReadonlyMap<number, App>
  readonly limits: LimitTable
  readonly gateway: Gateway
  readonly faults: Faults
  readonly locks: WriteLocks
  readonly timers: Timers
  readonly clock: SteerableClock
  /** Stamps arrivals, ms. */
  readonly monotonic: () => number
  timing: Timing
  /** Latency of the next call, ms. */
  readonly drawLatency: () => number
  /** What a call works on. */
  readonly worldOf: (command: CommandName) => World
  readonly onAnswer: ((record: AnswerRecord) => void) | undefined
  /** These three are replaced by a reset. */
  counts: Counts
  ledger: Ledger
  graph: FriendGraph
}

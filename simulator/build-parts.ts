import { FriendGraph } from './accounts/friend-graph.ts'
import { ReadLag } from './accounts/read-lag.ts'
import { createGeneratedUsers, usersSchema } from './accounts/users.ts'
import { WriteLocks } from './accounts/write-locks.ts'
import type { CommandName } from './calls/commands.ts'
import type { World } from './calls/operation.ts'
import { createClock, monotonicNow } from './clock.ts'
import { readFaultRules } from './faults/fault-text.ts'
import { Faults } from './faults/faults.ts'
import { createLatency, type LatencyProfile, latencySchema } from './faults/latency.ts'
import { Counts } from './figures/figures.ts'
import { Ledger } from './figures/ledger.ts'
import { App } from './gateway/apps.ts'
import { Gateway } from './gateway/gateway.ts'
import { LimitTable, limitChangeSchema } from './gateway/limit-table.ts'
import { check, DEFAULT_APP, InvalidSimulatorInput, type SimulatorOptions } from './options.ts'
import type { BackendTimeout, BackendTimeoutChange, Parts } from './parts.ts'
import { Timers } from './timers.ts'

/** Parts with what only steering needs. */
export interface BuiltParts extends Parts {
  readonly setLatency: (profile: LatencyProfile) => void
  readonly setReadLag: (lagMs: number) => void
  /** Puts the friend graph back to the start. */
  readonly resetGraph: () => void
  readonly resetCounts: () => void
}

const AUTH_FAILURES_PER_MINUTE = 100
const PAGE_SIZE = 100
const DEFAULT_TIMEOUT: BackendTimeout = { afterMs: 3000, code: 60008, applies: 'before' }

/** Fills in the missing fields of a backend time-out; `false` switches it off. */
export const toBackendTimeout = (given: BackendTimeoutChange | false | undefined): BackendTimeout | undefined =>
  given === false
    ? undefined
    : {
        afterMs: given?.afterMs ?? DEFAULT_TIMEOUT.afterMs,
        code: given?.code ?? DEFAULT_TIMEOUT.code,
        applies: given?.applies ?? DEFAULT_TIMEOUT.applies,
      }

/** Builds a simulator without its server. Throws `InvalidSimulatorInput` or `InvalidFaultRule` for bad options. */
export function buildParts(options: SimulatorOptions): BuiltParts {
  const seed = options.seed ?? 1
  const monotonic = options.monotonic ?? monotonicNow
  const apps = buildApps(options)
  const limits = buildLimits(options)
  const lag = new ReadLag(options.readLagMs ?? 0, monotonic)
  const clock = createClock(options.now, options.skewMs)
  const gateway = new Gateway(apps, limits, options.authFailuresPerMinute ?? AUTH_FAILURES_PER_MINUTE)
  const faults = new Faults(readFaultRules(options.faults ?? []), seed, monotonic)
  const users = check('users', usersSchema, options.users ?? { count: 1000 })
  const generated = createGeneratedUsers(users, seed)

  const buildGraph = (): FriendGraph => {
    const graph = new FriendGraph(generated, (account, friends) => lag.remember(account, friends))
    graph.importUsers(users.listed ?? [])
    return graph
  }
  const buildLedger = (): Ledger =>
    new Ledger({
      friendsLeft: account => parts.graph.friends(account).size,
      isImported: account => parts.graph.isImported(account),
    })
  let latency = buildLatency(options.latency ?? 0, seed, monotonic)

  const buildWorld = (command: CommandName): World => ({
    get graph() {
      return parts.graph
    },
    pageSize: options.pageSize ?? PAGE_SIZE,
    friendsAsRead: account => lag.visible(account) ?? parts.graph.friends(account),
    itemCode: account => faults.itemCode(command, account),
    noteApplied: account => parts.ledger.noteApplied(account),
  })
  const parts: BuiltParts = {
    apps,
    limits,
    gateway,
    faults,
    locks: new WriteLocks(),
    timers: new Timers(),
    clock,
    monotonic,
    timing: {
      lockMs: options.lockMs,
      conflictMs: options.conflictMs,
      timeout: toBackendTimeout(options.backendTimeout),
    },
    drawLatency: () => latency(),
    worldOf: buildWorld,
    onAnswer: options.onAnswer,
    counts: new Counts(),
    ledger: buildLedger(),
    graph: buildGraph(),
    setLatency: profile => {
      latency = buildLatency(profile, seed, monotonic)
    },
    setReadLag: lagMs => {
      lag.lagMs = lagMs
    },
    resetGraph: () => {
      parts.graph = buildGraph()
      lag.forget()
    },
    resetCounts: () => {
      parts.counts = new Counts()
      parts.ledger = buildLedger()
      faults.set(faults.rules.map(({ rule }) => rule))
      for (const app of apps.values()) app.forget()
    },
  }
  return parts
}

function buildApps(options: SimulatorOptions): ReadonlyMap<number, App> {
  const apps = options.apps ?? [DEFAULT_APP]
  if (apps.length === 0) throw new InvalidSimulatorInput('apps: at least one app is needed')
  return new Map(apps.map(app => [app.sdkAppId, new App(app)]))
}

/** The app that steering means when it names none. */
export function firstOf(apps: ReadonlyMap<number, App>): App {
  const [first] = apps.values()
  if (first === undefined) throw new InvalidSimulatorInput('apps: at least one app is needed')
  return first
}

function buildLimits(options: SimulatorOptions): LimitTable {
  const given = options.limitPerSecond
  const limits = new LimitTable(typeof given === 'object' ? given : {}, options.limitAlgorithm ?? 'sliding')
  const change = {
    perSecond: typeof given === 'number' ? given : undefined,
    countRefused: options.countRefused,
    burst: options.burst,
    appPerSecond: options.appLimitPerSecond,
  }
  limits.change(check('limit', limitChangeSchema, change))
  return limits
}

/** A latency whose windows count from now. */
const buildLatency = (profile: LatencyProfile, seed: number, monotonic: () => number): (() => number) => {
  const draw = createLatency(check('latency', latencySchema, profile), seed)
  const setAt = monotonic()
  return () => draw(monotonic() - setAt)
}

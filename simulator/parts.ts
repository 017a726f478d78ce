import type { Socket } from 'node:net'
import { FriendGraph } from './accounts/friend-graph.ts'
import { ReadLag } from './accounts/read-lag.ts'
import { createGeneratedUsers, usersSchema } from './accounts/users.ts'
import { WriteLocks } from './accounts/write-locks.ts'
import { check, InvalidSimulatorInputError } from './check.ts'
import { createClock, monotonicNow } from './clock.ts'
import { readFaultRules } from './faults/fault-text.ts'
import { Faults } from './faults/faults.ts'
import { createLatency, type LatencyProfile, latencySchema } from './faults/latency.ts'
import { Counts } from './figures/figures.ts'
import { Ledger } from './figures/ledger.ts'
import { App } from './gateway/apps.ts'
import { Gateway } from './gateway/gateway.ts'
import { LimitTable, limitChangeSchema } from './gateway/limit-table.ts'
import { DEFAULT_APP, type SimulatorOptions } from './options.ts'
import { Timers } from './timers.ts'
import { Timing } from './timing.ts'

/** Everything that a request needs on its way and that steering changes. */
export type Parts = ReturnType<typeof buildParts>

/**
 * Builds a simulator without its server.
 *
 * @throws {InvalidSimulatorInputError} for an option that cannot be used
 * @throws {InvalidFaultRuleError} for a fault rule that cannot be read
 */
export function buildParts(options: SimulatorOptions) {
  const { seed = 1, monotonic = monotonicNow } = options
  const apps = buildApps(options)
  const limits = buildLimits(options)
  const users = check('users', usersSchema, options.users ?? { count: 1000 })
  const lag = new ReadLag(options.readLagMs ?? 0, monotonic)
  const graph = new FriendGraph(createGeneratedUsers(users, seed), users.listed, lag)
  return {
    seed,
    apps,
    limits,
    gateway: new Gateway(apps, limits, options.authFailuresPerMinute ?? 100),
    faults: new Faults(readFaultRules(options.faults ?? []), seed, monotonic),
    clock: createClock(options.now, options.skewMs),
    /** Stamps arrivals, ms. */
    monotonic,
    timing: new Timing(options),
    drawLatency: startLatency(options.latency ?? 0, seed, monotonic),
    locks: new WriteLocks(),
    timers: new Timers(),
    lag,
    graph,
    pageSize: options.pageSize ?? 100,
    counts: new Counts(),
    ledger: new Ledger(graph),
    sockets: new Set<Socket>(),
    onAnswer: options.onAnswer,
  }
}

function buildApps(options: SimulatorOptions): ReadonlyMap<number, App> {
  const apps = options.apps ?? [DEFAULT_APP]
  if (apps.length === 0) throw new InvalidSimulatorInputError('apps: at least one app is needed')
  return new Map(apps.map(app => [app.sdkAppId, new App(app)]))
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

/** Makes a function that draws the latency of the next call, ms. Windows of the profile count from now. */
export function startLatency(profile: LatencyProfile, seed: number, monotonic: () => number): () => number {
  const draw = createLatency(check('latency', latencySchema, profile), seed)
  const setAt = monotonic()
  return () => draw(monotonic() - setAt)
}

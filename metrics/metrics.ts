import { collectDefaultMetrics } from 'prom-client'
import type { CallRates, FinalOutcome, FleetStatus } from '../jobs/index.ts'
import { define } from './definitions.ts'

/** What the rest of the worker tells the metrics: one function for each event, called where it happens. */
export interface Metrics {
  requestDone(command: string, code: string, durationMs: number): void
  permit(command: string, result: string, waitMs: number): void
  settled(outcome: FinalOutcome, ageMs: number): void
  wentBack(reason: string): void
  looked(result: string): void
  /**
   * The text that Prometheus reads.
   *
   * @param scraper who asks, by its address: peaks are given to each since its own last scrape
   */
  text(scraper: string): Promise<string>
  readonly contentType: string
}

/** What metrics are made from. */
export interface MetricsOptions {
  readonly version: string
  readonly ceilingPerSecond: number
  /** Commands whose ceiling is shown. */
  readonly commands: readonly string[]
  /** Reads the fleet's status; `undefined` while Redis is away, then the process tells what it knows itself. */
  readonly readStatus: () => Promise<FleetStatus> | undefined
  /** Reads what the fleet calls and may call, for one scraper; `undefined` while Redis is away. */
  readonly readCallRates: (scraper: string) => Promise<readonly CallRates[]> | undefined
  readonly userSigExpiresAt: () => number
}

/** Makes the metrics of one process. Queue-wide gauges are read when they are asked for, never in between. */
export function createMetrics(options: MetricsOptions): Metrics {
  const m = define()
  collectDefaultMetrics({ register: m.registry })
  m.buildInfo.set({ version: options.version }, 1)
  for (const command of options.commands) m.rateLimit.set({ command }, options.ceilingPerSecond)

  return {
    requestDone: (command, code, durationMs) => {
      m.apiRequests.inc({ command, code })
      m.apiRequestDuration.observe({ command }, durationMs / 1000)
    },
    permit: (command, result, waitMs) => {
      m.permits.inc({ command, result })
      if (result === 'used') m.permitWait.observe({ command }, waitMs / 1000)
    },
    settled: (outcome, ageMs) => {
      m.jobsSettled.inc({ outcome })
      m.jobAgeAtSettle.observe(Math.max(0, ageMs) / 1000)
    },
    looked: result => m.verifications.inc({ result }),
    wentBack: reason => m.jobRetries.inc({ reason }),
    text: async scraper => {
      m.userSigExpires.set(options.userSigExpiresAt())
      // Side by side: Redis gets both questions at once.
      const [status, callRates] = await Promise.all([options.readStatus(), options.readCallRates(scraper)])
      showStatus(m, status)
      showCallRates(m, callRates)
      return m.registry.metrics()
    },
    contentType: m.registry.contentType,
  }
}

function showStatus(m: ReturnType<typeof define>, status: FleetStatus | undefined): void {
  m.halted.reset()
  m.queueJobs.reset()
  if (status === undefined) return
  for (const state of ['waiting', 'active', 'delayed', 'failed'] as const)
    m.queueJobs.set({ state }, status.queue[state])
  m.oldestPending.set(status.oldestPendingSeconds)
  m.eta.set(status.etaSeconds ?? Number.NaN)
  m.dueAtRisk.set(status.dueAtRisk)
  if (status.halted !== null) m.halted.set({ code: status.halted.code }, 1)
}

function showCallRates(m: ReturnType<typeof define>, callRates: readonly CallRates[] | undefined): void {
  m.rateAllowed.reset()
  m.peakCalls.reset()
  for (const { command, allowedPerSecond, peakPerSecond } of callRates ?? []) {
    m.rateAllowed.set({ command }, allowedPerSecond)
    m.peakCalls.set({ command }, peakPerSecond)
  }
}

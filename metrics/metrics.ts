/**
 * The metrics of one worker, as Prometheus reads them.
 *
 * What belongs in `metrics/`: the catalogue of all metrics, their values, the reading of Redis for a scrape, the
 * dashboard and the alert rules. What does not: the events that are counted; `worker/` calls these functions where they
 * happen.
 */

import { FINAL_OUTCOMES, type FinalOutcome, type Verified } from '../jobs/job/outcome.ts'
import { ENQUEUE_RESULTS } from '../jobs/status/fleet-figures.ts'
import { ceilingOf } from '../limiter/ceilings.ts'
import { type Definitions, define } from './definitions.ts'
import { FewValues, largest } from './few-values.ts'
import type { FleetReading } from './fleet-reading.ts'

/** Counts the worker's events, with one function for each, and prints all metrics. */
export interface Metrics {
  /** Runs the work on a job, and counts the job as in hand meanwhile. */
  inHand<T>(work: () => Promise<T>): Promise<T>
  requestDone(command: string, code: string, durationMs: number): void
  permit(command: string, result: string, waitMs: number): void
  /** Shows that this worker stands aside with a code, or that it works. */
  aside(code: string | undefined): void
  /** Counts a connection to the vendor that could not be opened. */
  connectFailed(reason: (typeof CONNECT_FAULTS)[number]): void
  /** Counts a job that ended; `verified` is for a cleared one. */
  settled(outcome: FinalOutcome, ageMs: number, verified?: Verified): void
  wentBack(reason: string): void
  looked(result: string): void
  /**
   * Prints the text that Prometheus reads, within a second even if Redis hangs.
   *
   * @param scraper address of the scraper; each one gets the peaks since its own last scrape
   */
  text(scraper: string): Promise<string>
  readonly contentType: string
}

/** State of a process at a scrape. */
interface ProcessReading {
  readonly vendorConnections: number
  /** Epoch seconds; 0 before the first signature. */
  readonly userSigExpiresAt: number
}

/** Constants of a process, and readers for each scrape. */
export interface MetricsOptions {
  readonly version: string
  readonly ceilingPerSecond: number
  readonly jobSlots: number
  /** All commands that the worker calls. */
  readonly commands: readonly string[]
  /** Reads the fleet's figures; gives `undefined` while Redis is away. Must not hang. */
  readonly readFleet: (scraper: string) => Promise<FleetReading | undefined>
  readonly readProcess: () => ProcessReading
}

/** Most codes of requests (with their command), reasons of retries and codes of dead letters: 300 series in all. */
const FEW = { requests: 50, reasons: 24, deadLetters: 15 }

/** Makes the metrics of one process. It reads the fleet's figures at each scrape, never between. */
export function createMetrics(options: MetricsOptions): Metrics {
  const m = define()
  const requests = new FewValues(FEW.requests)
  const reasons = new FewValues(FEW.reasons)
  let inHand = 0
  let lastPrinted: Promise<unknown> = Promise.resolve()
  startAtZero(m, options)
  // Code 0, a success, always keeps its own series.
  for (const command of options.commands) requests.has(`${command} 0`)

  return {
    inHand: async work => {
      inHand += 1
      try {
        return await work()
      } finally {
        inHand -= 1
      }
    },
    requestDone: (command, code, durationMs) => {
      m.api_requests_total.inc({ command, code: requests.has(`${command} ${code}`) ? code : 'other' })
      m.api_request_duration_seconds.observe({ command }, durationMs / 1000)
    },
    permit: (command, result, waitMs) => {
      m.permits_total.inc({ command, result })
      if (result === 'used') m.permit_wait_seconds.observe({ command }, waitMs / 1000)
    },
    aside: code => {
      m.stood_aside.reset()
      if (code !== undefined) m.stood_aside.set({ code }, 1)
    },
    connectFailed: reason => m.vendor_connect_failures_total.inc({ reason }),
    settled: (outcome, ageMs, verified) => {
      m.jobs_settled_total.inc({ outcome })
      if (verified !== undefined) m.cleared_total.inc({ verified })
      // The enqueue time comes from the producer's clock, which may run ahead.
      m.job_age_at_settle_seconds.observe(Math.max(0, ageMs) / 1000)
    },
    looked: result => m.verifications_total.inc({ result }),
    wentBack: reason => m.job_retries_total.inc({ reason: reasons.of(reason) }),
    text: async scraper => {
      const reading = await options.readFleet(scraper)
      const print = async (): Promise<string> => {
        m.jobs_in_hand.set(inHand)
        showProcess(m, options.readProcess())
        showFleet(m, reading)
        return m.registry.metrics()
      }
      // Scrapes print one after the other: each fills the same registry before it prints.
      const printed = lastPrinted.then(print, print)
      lastPrinted = printed
      return printed
    },
    contentType: m.registry.contentType,
  }
}

/** Why a connection to the vendor could not be opened. */
const CONNECT_FAULTS = ['dns', 'refused', 'timeout', 'tls', 'unreachable', 'other'] as const

/** Starts counters at 0. A counter that appears with its first event hides that event from `increase`. */
function startAtZero(m: Definitions, { version, ceilingPerSecond, jobSlots, commands }: MetricsOptions): void {
  m.build_info.set({ version }, 1)
  m.job_slots.set(jobSlots)
  for (const command of commands) {
    m.rate_limit_per_second.set({ command }, ceilingOf(command, ceilingPerSecond))
    m.api_requests_total.inc({ command, code: '0' }, 0)
    for (const result of ['used', 'missed', 'void']) m.permits_total.inc({ command, result }, 0)
  }
  for (const outcome of FINAL_OUTCOMES) m.jobs_settled_total.inc({ outcome }, 0)
  for (const reason of CONNECT_FAULTS) m.vendor_connect_failures_total.inc({ reason }, 0)
  for (const verified of ['yes', 'no', 'skipped']) m.cleared_total.inc({ verified }, 0)
  for (const result of ['empty', 'not_empty', 'unread']) m.verifications_total.inc({ result }, 0)
}

function showProcess(m: Definitions, reading: ProcessReading): void {
  m.vendor_connections.set(reading.vendorConnections)
  m.usersig_expires_timestamp_seconds.set(reading.userSigExpiresAt)
}

/** Sets Redis' figures, or removes them while Redis is away: an old figure would look like a fleet that works. */
function showFleet(m: Definitions, reading: FleetReading | undefined): void {
  m.redis_up.set(reading === undefined ? 0 : 1)
  for (const each of readFromRedis(m)) each.remove()
  for (const each of labelledFromRedis(m)) each.reset()
  if (reading === undefined) return
  const { status, figures, callRates } = reading
  m.redis_round_trip_seconds.set(reading.roundTripMs / 1000)
  m.redis_clock_offset_seconds.set(reading.clockOffsetMs / 1000)
  for (const state of ['waiting', 'active', 'delayed', 'failed'] as const)
    m.queue_jobs.set({ state }, status.queue[state])
  m.oldest_pending_seconds.set(status.oldestPendingSeconds)
  if (status.etaSeconds !== null) m.eta_seconds.set(status.etaSeconds)
  if (status.dueAtRisk !== null) m.due_at_risk.set(status.dueAtRisk)
  m.paused.set(status.paused ? 1 : 0)
  if (status.halted !== null) m.halted.set({ code: status.halted.code }, 1)
  for (const [code, jobs] of Object.entries(largest(figures.deadLetters, FEW.deadLetters)))
    m.dead_letters.set({ code }, jobs)
  for (const result of ENQUEUE_RESULTS) m.enqueued_total.inc({ result }, figures.enqueued[result])
  for (const outcome of FINAL_OUTCOMES) m.ended_total.inc({ outcome }, status.outcomes[outcome])
  m.receipts_total.inc(figures.receipts)
  m.receipts_head_size.set(figures.headSize)
  m.receipts_broken.set(figures.isLogBroken ? 1 : 0)
  for (const { command, allowedPerSecond, peakPerSecond } of callRates) {
    m.rate_allowed_per_second.set({ command }, allowedPerSecond)
    m.peak_calls_per_second.set({ command }, peakPerSecond)
  }
}

const labelledFromRedis = (m: Definitions) => [
  m.queue_jobs,
  m.halted,
  m.dead_letters,
  m.enqueued_total,
  m.ended_total,
  m.rate_allowed_per_second,
  m.peak_calls_per_second,
]

const readFromRedis = (m: Definitions) => [
  m.redis_round_trip_seconds,
  m.redis_clock_offset_seconds,
  m.oldest_pending_seconds,
  m.eta_seconds,
  m.due_at_risk,
  m.paused,
  m.receipts_total,
  m.receipts_head_size,
  m.receipts_broken,
]

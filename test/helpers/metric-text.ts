import type { FleetReading } from '../../metrics/fleet-reading.ts'
import { createMetrics, type Metrics, type MetricsOptions } from '../../metrics/metrics.ts'

/** The reading of a busy fleet, which gives every metric of the fleet a value. */
export const busyFleet: FleetReading = {
  status: {
    queue: { waiting: 1200, active: 256, delayed: 7, failed: 3 },
    halted: {
      code: '60010',
      reason: 'IM_ADMIN is not an app admin',
      since: '2026-01-01T00:00:00.000Z',
      host: 'host-1',
    },
    paused: false,
    workers: 4,
    aside: [],
    pause: null,
    resumed: null,
    rate: { limit: 200, allowed: 150, lastSecond: 149 },
    oldestPendingSeconds: 90,
    etaSeconds: 8,
    dueAtRisk: 2,
    outcomes: { cleared: 40, not_imported: 2, dead_lettered: 3, cancelled: 1 },
    unproved: 0,
  },
  figures: {
    readAt: 1_767_225_600_000,
    enqueued: { accepted: 1500, duplicate: 12, rejected: 4 },
    deadLetters: { 30001: 2, still_has_friends: 1 },
    receipts: 46,
    headSize: 40,
    isLogBroken: false,
  },
  callRates: [
    { command: 'friend_delete_all', allowedPerSecond: 150, peakPerSecond: 149 },
    { command: 'friend_get', allowedPerSecond: 200, peakPerSecond: 120 },
    { command: 'friend_delete', allowedPerSecond: 200, peakPerSecond: 0 },
    { command: 'account_check', allowedPerSecond: 200, peakPerSecond: 3 },
  ],
  roundTripMs: 0.4,
  clockOffsetMs: -2,
}

/** The commands of the vendor that a worker calls. */
export const COMMAND_NAMES: readonly string[] = ['friend_delete_all', 'friend_get', 'friend_delete', 'account_check']

/** Makes metrics without a worker; by default `readFleet` gives {@link busyFleet}. */
export const metricsForTests = (options: Partial<MetricsOptions> = {}): Metrics =>
  createMetrics({
    version: '1.2.3',
    ceilingPerSecond: 200,
    jobSlots: 256,
    commands: COMMAND_NAMES,
    readFleet: async () => busyFleet,
    readProcess: () => ({ vendorConnections: 5, userSigExpiresAt: 1_767_225_600 }),
    ...options,
  })

/** Gives the series of a metrics text, without their values. */
export const seriesIn = (text: string): string[] =>
  text.split('\n').flatMap(line => (line === '' || line.startsWith('#') ? [] : [line.slice(0, line.lastIndexOf(' '))]))

/** Gives the names of the metrics in a text. */
export const namesIn = (text: string): string[] => [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name)

/** Gives the value of a series, or `undefined` where it is not there. */
export function seriesValue(text: string, series: string): number | undefined {
  const line = text.split('\n').find(each => each.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

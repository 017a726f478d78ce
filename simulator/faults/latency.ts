import { z } from 'zod'
import { sequence } from './seeded-random.ts'

/** How long the backend takes: always the same, or spread so that half stay under `p50Ms` and 99 % under `p99Ms`. */
export type Spread = number | { readonly p50Ms: number; readonly p99Ms: number }

/** A spread of its own for a span of time, counted in ms since the profile was set. */
export interface LatencyWindow {
  readonly fromMs: number
  readonly toMs: number
  readonly latency: Spread
}

/** A latency profile: one spread, or one with windows in which another holds (the first that matches wins). */
export type LatencyProfile = Spread | { readonly base: Spread; readonly windows: readonly LatencyWindow[] }

const durationMs = z.number().min(0)
const EXPECTED = 'expected ms, { p50Ms, p99Ms } or { base, windows: [{ fromMs, toMs, latency }] }'
const spreadSchema: z.ZodType<Spread> = z.union(
  [
    durationMs,
    z
      .strictObject({ p50Ms: z.number().positive(), p99Ms: z.number().positive() })
      .refine(spread => spread.p99Ms >= spread.p50Ms, 'p99Ms is at least p50Ms'),
  ],
  EXPECTED,
)

/** Checks a profile that comes from outside. */
export const latencySchema: z.ZodType<LatencyProfile> = z.union(
  [
    spreadSchema,
    z.strictObject({
      base: spreadSchema,
      windows: z.array(z.strictObject({ fromMs: durationMs, toMs: durationMs, latency: spreadSchema })),
    }),
  ],
  EXPECTED,
)

/** Draws the latency of one call, in ms; `elapsedMs` is the time since the profile was set. */
export type LatencySource = (elapsedMs: number) => number

/** The value that 99 % of a standard normal distribution stays under. */
const Z_99 = 2.3263

/**
 * Makes the source of a profile. A spread is log-normal through its two points and cut at twice `p99Ms`, so that one
 * call in ten thousand does not take a minute. The same seed gives the same row of latencies.
 */
export function createLatency(profile: LatencyProfile, seed: number): LatencySource {
  const random = sequence(seed, 'latency')
  const draw = (spread: Spread): number => {
    if (typeof spread === 'number') return spread
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const sigma = Math.log(spread.p99Ms / spread.p50Ms) / Z_99
    return Math.min(2 * spread.p99Ms, spread.p50Ms * Math.exp(sigma * normal))
  }
  if (typeof profile === 'number' || !('base' in profile)) return () => draw(profile)
  return elapsedMs => {
    const window = profile.windows.find(({ fromMs, toMs }) => elapsedMs >= fromMs && elapsedMs < toMs)
    return draw(window?.latency ?? profile.base)
  }
}

import { z } from 'zod'
import { sequence } from './seeded-random.ts'

const durationMs = z.number().min(0)
const EXPECTED = 'expected ms, { p50Ms, p99Ms } or { base, windows: [{ fromMs, toMs, latency }] }'
const spreadSchema = z.union(
  [
    durationMs,
    z
      .strictObject({ p50Ms: z.number().positive(), p99Ms: z.number().positive() })
      .readonly()
      .refine(spread => spread.p99Ms >= spread.p50Ms, 'p99Ms is at least p50Ms'),
  ],
  EXPECTED,
)
const windowSchema = z.strictObject({ fromMs: durationMs, toMs: durationMs, latency: spreadSchema }).readonly()

/** How long the backend takes: always the same, or spread so that half stay under `p50Ms` and 99 % under `p99Ms`. */
export type Spread = z.infer<typeof spreadSchema>

/** A spread of its own for a span of time, counted in ms since the profile was set. */
export type LatencyWindow = z.infer<typeof windowSchema>

/** Checks a profile that comes from outside. */
export const latencySchema = z.union(
  [spreadSchema, z.strictObject({ base: spreadSchema, windows: z.array(windowSchema).readonly() }).readonly()],
  EXPECTED,
)

/** A latency profile: one spread, or one with windows in which another holds (the first that matches wins). */
export type LatencyProfile = z.infer<typeof latencySchema>

/** The value that 99 % of a standard normal distribution stays under. */
const Z_99 = 2.3263

/**
 * Makes a function that draws the latency of one call, in ms, from the ms since the profile was set. A spread is log-normal through its two points and cut at twice `p99Ms`, so that one
 * call in ten thousand does not take a minute. The same seed gives the same row of latencies.
 */
export function createLatency(profile: LatencyProfile, seed: number): (elapsedMs: number) => number {
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

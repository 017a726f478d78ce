import { z } from 'zod'

/** Checks a change that comes from outside. */
export const clockChangeSchema = z.strictObject({
  /** Milliseconds added to the underlying clock. */
  skewMs: z.number().optional(),
  /** Epoch ms the clock shall show now. It runs on from there unless frozen. */
  at: z.number().optional(),
  /** `true` stops the clock, `false` lets it run on from where it stands. */
  frozen: z.boolean().optional(),
})

/** Changes the wall clock of a running simulator; what is left out stays as it is. */
export type ClockChange = Readonly<z.infer<typeof clockChangeSchema>>

/**
 * Makes the wall clock by which signatures expire, which tests can shift, set and stop. `source` gives epoch ms. It
 * has nothing to do with the stamps of arrivals.
 */
export function createClock(source: () => number = Date.now, initialSkewMs = 0) {
  let skewMs = initialSkewMs
  let frozenAt: number | undefined
  const now = (): number => frozenAt ?? source() + skewMs
  return {
    now,
    change: (change: ClockChange): void => {
      if (change.skewMs !== undefined) {
        if (frozenAt !== undefined) frozenAt += change.skewMs - skewMs
        skewMs = change.skewMs
      }
      if (change.at !== undefined) {
        skewMs = change.at - source()
        if (frozenAt !== undefined) frozenAt = change.at
      }
      if (change.frozen === true) frozenAt = now()
      if (change.frozen === false && frozenAt !== undefined) {
        skewMs = frozenAt - source()
        frozenAt = undefined
      }
    },
  }
}

/**
 * Reads the monotonic clock that stamps arrivals, in ms. It counts from the epoch as the wall clock stood when the
 * process started, so that whole seconds fall where they fall for the vendor; later changes of the wall clock do not
 * touch it.
 */
export const monotonicNow = (): number => performance.timeOrigin + performance.now()

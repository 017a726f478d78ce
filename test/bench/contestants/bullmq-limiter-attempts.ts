import type { Prepared, Surrounding } from './contestant.ts'

/** BullMQ's `limiter` starts jobs, and BullMQ starts a failed job again, which its `limiter` counts. */
export const bullmqLimiterAttempts = ({ perSecond, call }: Surrounding): Prepared => ({
  limiter: { max: perSecond, duration: 1000 },
  clear: call,
})

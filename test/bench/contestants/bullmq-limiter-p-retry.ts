import pRetry from 'p-retry'
import type { Prepared, Surrounding } from './contestant.ts'

/** BullMQ's `limiter` starts jobs, p-retry repeats a call inside its job, with its default waits. */
export const bullmqLimiterPRetry = ({ perSecond, call }: Surrounding): Prepared => ({
  limiter: { max: perSecond, duration: 1000 },
  clear: account => pRetry(() => call(account)),
})

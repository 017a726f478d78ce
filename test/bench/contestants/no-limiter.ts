import type { Prepared, Surrounding } from './contestant.ts'

/** BullMQ without a limiter, which shows the cost of the queue and the calls alone. */
export const noLimiter = ({ call }: Surrounding): Prepared => ({ clear: call })

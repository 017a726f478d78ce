import type { Prepared, Surrounding } from './contestant.ts'

/** BullMQ with nothing in between: what the queue and the calls alone cost. */
export const noLimiter = ({ call }: Surrounding): Prepared => ({ clear: call })

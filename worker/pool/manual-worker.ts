import { type Job, Worker } from 'bullmq'
import { z } from 'zod'

/** BullMQ's answer to the end of a job that brought the next one along: its fields, its id, and two times. */
const broughtSchema = z.tuple(
  [z.custom<Parameters<typeof Job.fromJSON>[1]>(value => Boolean(value)), z.string()],
  z.unknown(),
)

/**
 * BullMQ's worker without its loop: the pool decides when to take a job. BullMQ's own loop takes as many as its slots,
 * whatever they wait for.
 */
export class ManualWorker extends Worker {
  /** Makes the job that the end of another one brought along, if it did. */
  async broughtAlong(answer: unknown, token: string): Promise<Job | undefined> {
    const brought = broughtSchema.safeParse(answer)
    return brought.success ? this.nextJobFromJobData(brought.data[0], brought.data[1], token) : undefined
  }
}

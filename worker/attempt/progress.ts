import { z } from 'zod'

/** What an attempt leaves for the next one. It is kept in BullMQ's progress of the job and holds counts only. */
const progressSchema = z.object({
  /** Requests sent so far, by all attempts. */
  calls: z.int().min(0).default(0),
  /** Attempts that ended in a write conflict. */
  conflicts: z.int().min(0).default(0),
  /** The vendor has confirmed the delete; only the proof is missing. */
  deleted: z.boolean().default(false),
  /** Attempts whose list was not empty after a confirmed delete. */
  notEmpty: z.int().min(0).default(0),
  /** Attempts whose proof could not be read. */
  unread: z.int().min(0).default(0),
  /** Attempts that ended in an answer which is given few of them. */
  attemptsWithOddCode: z.int().min(0).default(0),
})

/** See {@link progressSchema}. */
export type Progress = Readonly<z.infer<typeof progressSchema>>

const NONE: Progress = Object.freeze(progressSchema.parse({}))
/** What BullMQ holds of a job that left none: most of them. */
const BULLMQ_NONE = 0

/** Parses the progress of a job. Whatever is no progress of ours counts as none, since all of it can be done again. */
export function parseProgress(progress: unknown): Progress {
  if (progress === BULLMQ_NONE) return NONE
  const parsed = progressSchema.safeParse(progress)
  return parsed.success ? parsed.data : NONE
}

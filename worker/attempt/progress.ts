import { z } from 'zod'

/** Counts that an attempt leaves for the next one. BullMQ keeps them as the job's progress. */
const progressSchema = z.object({
  /** Requests sent so far, by all attempts. */
  calls: z.int().min(0).default(0),
  /** Attempts that ended in a write conflict. */
  conflicts: z.int().min(0).default(0),
  /** Whether the vendor has confirmed the delete, so that only the proof is missing. */
  deleted: z.boolean().default(false),
  /** Whether that delete was one-way. */
  oneWay: z.boolean().optional(),
  /** Attempts that saw a filled list after a confirmed delete. */
  notEmpty: z.int().min(0).default(0),
  /** Attempts that could not read the list. */
  unread: z.int().min(0).default(0),
  /** Attempts that ended in a code with a limit of its own, see `attempts` of `CodeRule`. */
  attemptsWithOddCode: z.int().min(0).default(0),
  /** The code that blamed us and turned out to be this account's alone; see `halt/standing.ts`. */
  atFaultWith: z.string().optional(),
})

/** See {@link progressSchema}. */
export type Progress = Readonly<z.infer<typeof progressSchema>>

/** Progress of a job that has left none, as most jobs. */
export const NO_PROGRESS: Progress = Object.freeze(progressSchema.parse({}))

/** Parses the progress of a job. Unknown data counts as no progress, since an attempt can repeat everything. */
export function parseProgress(progress: unknown): Progress {
  const parsed = progressSchema.safeParse(progress)
  return parsed.success ? parsed.data : NO_PROGRESS
}

/**
 * Gives the progress that counts for an attempt. A duplicate may have made the job two-way since a one-way delete; the
 * two-way delete then begins anew.
 */
export const progressFor = (isTwoWay: boolean, progress: Progress): Progress =>
  isTwoWay && progress.deleted && progress.oneWay ? { ...NO_PROGRESS, calls: progress.calls } : progress

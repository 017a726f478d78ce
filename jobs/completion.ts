import { createRequire } from 'node:module'
import { z } from 'zod'

/**
 * BullMQ's script that completes a job and fetches the next one, from the installed package. Where a new version takes
 * other keys, this says so before the first job, and the tests of {@link Settlement} before that.
 */
const { moveToFinished } = z
  .object({ moveToFinished: z.object({ content: z.string(), keys: z.literal(14) }) })
  .parse(createRequire(import.meta.url)('bullmq/dist/cjs/scripts/moveToFinished-14.js'))

/**
 * That script as a Lua function `completeJob(KEYS, ARGV)`, so that a job is completed in the same step in which it is
 * settled. To be joined in front of everything else, since none of our names may be in its sight.
 */
export const completeJobLua = `local function completeJob(KEYS, ARGV)\n${moveToFinished.content}\nend\n`

/** What BullMQ hands to its script for one job: its 14 keys, then its 9 arguments. */
export type Completion = readonly (string | number | boolean | Buffer | undefined)[]

const KEYS_OF_ALL_JOBS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13]
/**
 * Keys of the set of ended jobs and of BullMQ's metrics; then time, field and text of the result, target, whether to fetch
 * the next job, packed options, fields to update. The rest follows from the job's id.
 */
const OF_ONE_JOB = [10, 12, 15, 16, 17, 18, 19, 21, 22]
const FETCH_NEXT = 19

/** The keys that are the same for all jobs, once for each script. */
export const sharedKeysOf = (completion: Completion): string[] =>
  KEYS_OF_ALL_JOBS.map(index => String(completion[index]))

/** What is a job's own, as `settle.lua` takes it. */
export const argumentsOf = (completion: Completion): (string | number | Buffer)[] =>
  OF_ONE_JOB.map(index => {
    const argument = completion[index] ?? ''
    return typeof argument === 'boolean' ? Number(argument) : argument
  })

/** As many empty arguments, for a job that is settled and not completed. */
export const NO_ARGUMENTS: readonly string[] = OF_ONE_JOB.map(() => '')

/** Whether BullMQ wants the next job along with the answer. */
export const fetchesNext = (completion: Completion): boolean => completion[FETCH_NEXT] === 1

/**
 * The contract between producers and workers, version 1: the data of a job.
 *
 * Both sides validate it, because anybody may write to the queue. Producers in other languages find the same contract
 * in `clear-friends-job.schema.json`.
 *
 * What belongs in `jobs/job/`: the parts of a job (data, id, due date, outcome, errors) and the queue that holds it.
 * What does not: actions on jobs; each has a folder beside this one.
 */

import { z } from 'zod'
import { InvalidJobError } from './errors.ts'

/** The vendor's limit for a user id, in bytes of UTF-8 (vendor page 34381, read 2026-11). */
const ACCOUNT_MAX_BYTES = 32
const REQUEST_MAX_LENGTH = 64

// Control characters, unpaired surrogates, unassigned code points and line separators are "not printable".
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]*$/u
// Decoders put U+FFFD in the place of bytes that they cannot read. What was there is lost.
const NOT_SPOILT = /^[^\uFFFD]*$/u
const spoilt = (what: string): string =>
  `${what} holds U+FFFD, which stands for a letter that was lost when a program read it in a wrong encoding`

/** A user id of the app, exactly as the app holds it: never trimmed, never changed. */
export const accountSchema = z
  .string({ error: 'the account is not a string' })
  .min(1, 'the account is empty')
  .refine(text => Buffer.byteLength(text) <= ACCOUNT_MAX_BYTES, `the account is longer than ${ACCOUNT_MAX_BYTES} bytes`)
  .regex(PRINTABLE, 'the account holds a character that is not printable')
  .regex(NOT_SPOILT, spoilt('the account'))
  .meta({
    description: `User id, at most ${ACCOUNT_MAX_BYTES} bytes as UTF-8, printable, never trimmed`,
    maxLength: ACCOUNT_MAX_BYTES,
  })

/** The id that groups the accounts of one erasure request. It shows up in figures, so it must not be a user id. */
export const requestSchema = z
  .string({ error: 'the request id is not a string' })
  .min(1, 'the request id is empty')
  .max(REQUEST_MAX_LENGTH, `the request id is longer than ${REQUEST_MAX_LENGTH} characters`)
  .regex(PRINTABLE, 'the request id holds a character that is not printable')
  .regex(NOT_SPOILT, spoilt('the request id'))
  .meta({ description: 'Groups the accounts of one erasure request; not a user id' })

/** The app that the account belongs to. */
const appSchema = z
  .int({ error: 'the app is not a whole number' })
  .min(1, 'the app is no SDKAppID')
  .max(4_294_967_295, 'the app is no SDKAppID')
  .meta({ description: 'SDKAppID of the app; a worker of another app makes a dead letter of the job' })

/** Epoch seconds by which the account must be cleared. */
export const dueSchema = z
  .int({ error: 'the due date is not a whole number of epoch seconds' })
  .min(0, 'the due date is before 1970')
  .max(253_402_300_799, 'the due date is after the year 9999')
  .meta({ description: 'Epoch seconds by which the account must be cleared' })

/** Data of a job, version 1. */
const jobDataSchema = z
  .strictObject(
    {
      v: z.literal(1, { error: 'the version is not 1' }),
      account: accountSchema,
      type: z
        .literal('single', { error: "the type is not 'single'; leave it out to delete both ways" })
        .optional()
        .meta({
          description: 'Only the account’s own list; without it, the account also goes from the lists of its friends',
        }),
      request: requestSchema.optional(),
      app: appSchema.optional(),
      due: dueSchema,
    },
    {
      error: issue =>
        issue.code === 'unrecognized_keys'
          ? 'there are fields that version 1 does not know'
          : 'the data is not an object',
    },
  )
  // Request ids stand in plain text in figures and receipts.
  .refine(({ account, request }) => request !== account, 'the request id is the account, which would show its user id')
  .meta({ title: 'clear-friends job, version 1' })

/** The data of a job, parsed. */
export type JobData = z.infer<typeof jobDataSchema>

/** How the vendor deletes: from both sides, or from the account's own list only. */
export type DeleteType = 'both' | 'single'

const DELETE_TYPES: readonly DeleteType[] = ['both', 'single']

/** The result of {@link parseJobData}: the data, or the reason why it is invalid, which repeats no value of it. */
export type ParsedJobData =
  | { readonly ok: true; readonly data: JobData }
  | { readonly ok: false; readonly reason: string }

/**
 * Parses the data of a job in the queue. A reason for a fault never repeats the data, which may hold a user id.
 *
 * @param data data of a job, unchecked
 */
export function parseJobData(data: unknown): ParsedJobData {
  const parsed = jobDataSchema.safeParse(data)
  if (parsed.success) return { ok: true, data: parsed.data }
  return { ok: false, reason: reasonsOf(parsed.error) }
}

const newerSchema = z.object({ v: z.int().min(2), account: accountSchema })

/**
 * Whether the data of a job seem to be of a version that only a newer program knows. Every version names the account.
 *
 * @param data data of a job, unchecked
 */
export const isOfNewerVersion = (data: unknown): boolean => newerSchema.safeParse(data).success

/** Lists the requests that a job's data names: one or none. */
export const requestsIn = ({ request }: JobData): readonly string[] => (request === undefined ? [] : [request])

const namedSchema = z.object({ account: accountSchema })

/** Gives the account that the data of a job name, of whatever version; `null` where they name none. */
export function accountIn(data: unknown): string | null {
  const named = namedSchema.safeParse(data)
  return named.success ? named.data.account : null
}

/** Gives the reason why a value is no account; `null` where it is one. */
export function accountFault(account: unknown): string | null {
  const parsed = accountSchema.safeParse(account)
  return parsed.success ? null : reasonsOf(parsed.error)
}

/**
 * Builds the data of a job.
 *
 * @throws {InvalidJobError} when a field does not fit; the message does not hold the account
 */
export function makeJobData(fields: {
  account: string
  deleteType: DeleteType
  request?: string | undefined
  app?: number | undefined
  due: number
}): JobData {
  // A misspelt type must not turn a one-way delete into a two-way one.
  if (!DELETE_TYPES.includes(fields.deleteType))
    throw new InvalidJobError("the delete type is neither 'both' nor 'single'")
  const parsed = parseJobData({
    v: 1,
    account: fields.account,
    ...(fields.deleteType === 'single' ? { type: 'single' } : {}),
    ...(fields.request === undefined ? {} : { request: fields.request }),
    ...(fields.app === undefined ? {} : { app: fields.app }),
    due: fields.due,
  })
  if (!parsed.ok) throw new InvalidJobError(parsed.reason)
  return parsed.data
}

/** Makes the JSON Schema that is published for producers in other languages. */
export function jobJsonSchema(): unknown {
  return z.toJSONSchema(jobDataSchema, { target: 'draft-2020-12' })
}

const reasonsOf = (error: z.ZodError): string => [...new Set(error.issues.map(issue => issue.message))].join('; ')

import { z } from 'zod'

/**
 * Schemas of the vendor's answers, with the fields that are used. Other fields are ignored, whatever they hold: the
 * vendor's texts (`ErrorInfo`, `ErrorDisplay`, `ResultInfo`) may be absent, empty or null.
 */

/** Code of an answer. The contract says integer; a string of the same digits is accepted too. */
const codeSchema = z.union([
  z.int(),
  z
    .string()
    .regex(/^(0|[1-9]\d{0,9})$/)
    .transform(Number),
])

/** Fields of every answer. */
export const envelopeSchema = z.object({
  ActionStatus: z.string(),
  ErrorCode: codeSchema,
})

/** Fields of every answer, parsed. */
export type Envelope = z.infer<typeof envelopeSchema>

const itemCodeSchema = z.object({ ResultCode: codeSchema })

/** Answer of `account_check` (vendor page 1047/34956). */
export const accountCheckSchema = z.object({
  ResultItem: z.array(itemCodeSchema.extend({ AccountStatus: z.enum(['Imported', 'NotImported']).optional() })).min(1),
})

/** Answer of `friend_get` (vendor page 1047/34908). The vendor may leave out an empty list, or send it as null. */
export const friendGetSchema = z.object({
  UserDataItem: z
    .array(z.object({ To_Account: z.string() }))
    .nullish()
    .transform(items => (items ?? []).map(item => item.To_Account)),
  FriendNum: z.int().min(0),
  CompleteFlag: z.int(),
  NextStartIndex: z.int().optional(),
})

/** Answer of `friend_delete` (vendor page 1047/34905): a result for each friend, in an envelope that says OK. */
export const friendDeleteSchema = z.object({
  ResultItem: z.array(itemCodeSchema.extend({ To_Account: z.string() })),
})

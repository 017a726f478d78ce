import { z } from 'zod'
import { FINAL_OUTCOMES } from '../../job/outcome.ts'

const count = z.int().min(0)
/** The last millisecond of the year 9999, in epoch ms. */
export const LAST_MS = 253_402_300_799_999
const isoDate = z.iso.datetime()
const hash = z.string().regex(/^[A-Za-z0-9+/]{43}=$/)
const lostHead = z.strictObject({ size: count, root: hash }).readonly().nullable()
/** Ranges of numbers, both ends inclusive. */
const ranges = z.array(z.tuple([count, count]).readonly()).readonly()

/** What an entry says, by kind. Names and their order are fixed: they are what is signed. */
const bodySchemas = {
  /** A worker has started. */
  start: z.strictObject({
    app: count,
    /** Host name of the vendor. */
    host: z.string(),
    /** Raw public key, base64. */
    publicKey: hash,
    /** Share of the accounts whose list this worker reads after the delete. */
    verify: z.number(),
  }),
  /** The end of a job. */
  receipt: z
    .strictObject({
      /** Pseudonym of the account; `null` where the job held none. */
      account: z.string().nullable(),
      /** Ids of all erasure requests that wanted the account cleared. */
      requests: z.array(z.string()).readonly(),
      outcome: z.enum(FINAL_OUTCOMES),
      /** Whether a worker saw the friend list empty; `skipped` where it did not look. */
      verified: z.enum(['yes', 'no', 'skipped']),
      /** Why, where the account was not cleared: the vendor's code, or a word of ours. */
      code: z.string().nullable(),
      /** Requests sent by all attempts. */
      calls: count,
      attempts: count,
      /** By the producer's clock. */
      enqueuedAt: isoDate,
    })
    .refine(({ outcome, calls }) => outcome !== 'cleared' || calls > 0, 'cleared without a call'),
  /** A producer has put accounts into the queue. */
  accepted: z.strictObject({
    request: z.string().nullable(),
    /** Accounts that a job serves under this request from now on. */
    count,
    /** How many of them have a new job; another job served the rest already. Over a whole log, one job is one account. */
    jobs: count,
    /** The earliest due date of these accounts. */
    due: isoDate,
  }),
  /** The key changes. The entry is signed by the old key, and `proof` is the new one's signature. */
  key: z.strictObject({
    from: hash,
    to: hash,
    proof: z.string(),
    /** Key of the pseudonyms so far, encrypted for the holder of the new `RECEIPT_KEY`. */
    pseudonyms: z.string(),
  }),
  /** Redis has lost entries of this sealer, or a head, in a crash. */
  lost: z.strictObject({ numbers: ranges, head: lostHead }),
  /** Entries up to a number were taken away because they are older than `RECEIPT_DAYS`. */
  trim: z.strictObject({ through: count, root: hash }),
  /** A person has taken note that entries up to a number do not fit together. */
  acknowledged: z.strictObject({ through: count, reason: z.string(), head: lostHead }),
} as const

/** Kind of an entry. */
export type Kind = keyof typeof bodySchemas

/** What an entry of a kind says. */
export type BodyOf<K extends Kind> = Readonly<z.infer<(typeof bodySchemas)[K]>>

/** Kind and words of an entry. */
export type Body = { readonly [K in Kind]: { readonly kind: K; readonly says: BodyOf<K> } }[Kind]

/** One letter a kind, for the form in which Redis keeps entries. In upper case: no app was bound yet. */
const LETTERS = {
  start: 's',
  receipt: 'r',
  accepted: 'a',
  key: 'k',
  lost: 'l',
  trim: 't',
  acknowledged: 'n',
} as const satisfies Record<Kind, string>

const KINDS = Object.fromEntries(Object.entries(LETTERS).map(([kind, letter]) => [letter, kind])) as Record<
  string,
  Kind
>

/** Gives the letter of a kind. */
export const letterOf = (kind: Kind): string => LETTERS[kind]

/** Gives the kind of a letter. */
export const kindOf = (letter: string): Kind | undefined => KINDS[letter]

/** Checks what an entry says, and puts its parts in order; nothing where it has another form. */
export function checkBody(kind: string, says: unknown): Body | undefined {
  if (!Object.hasOwn(bodySchemas, kind)) return undefined
  const parsed = bodySchemas[kind as Kind].safeParse(says)
  return parsed.success ? ({ kind, says: parsed.data } as Body) : undefined
}

/** Gives the values of a body in order, as Redis keeps them: shorter where it is easy. */
export const packBody = ({ kind, says }: Body): readonly unknown[] =>
  kind === 'receipt' ? Object.values({ ...says, enqueuedAt: Date.parse(says.enqueuedAt) }) : Object.values(says)

/** The other way round; nothing where it has another form. */
export function unpackBody(kind: Kind, values: readonly unknown[]): Body | undefined {
  const names = NAMES[kind]
  if (values.length !== names.length) return undefined
  const says = Object.fromEntries(names.map((name, index) => [name, values[index]]))
  if (kind === 'receipt') says['enqueuedAt'] = isoOf(says['enqueuedAt'])
  return checkBody(kind, says)
}

const NAMES = Object.fromEntries(
  Object.entries(bodySchemas).map(([kind, schema]) => [kind, Object.keys(schema.shape)]),
) as Record<Kind, string[]>

const isoOf = (ms: unknown): string | undefined =>
  typeof ms === 'number' && ms >= 0 && ms <= LAST_MS ? new Date(ms).toISOString() : undefined

import { z } from 'zod'
import { COMMAND_NAMES } from '../calls/commands.ts'

/** Ways to break the body of an answer whose call went through. */
export type MalformedKind = (typeof MALFORMED_KINDS)[number]

/** Lists the ways to break a body, see `malformed.ts` for what each looks like. */
export const MALFORMED_KINDS = [
  'empty',
  'null',
  'array',
  'text',
  'html',
  'truncated',
  'code-string',
  'no-code',
  'ok-nonzero',
  'fail-zero',
  'bom',
  'utf-16',
  'huge',
  'duplicate-keys',
] as const

/** Lists the answers that take no value. */
export const PLAIN_KINDS = [
  'reset-before',
  'reset-after-read',
  'reset-after-apply',
  'hang',
  'hang-after-apply',
  'half-body',
  'partial',
  'fin-after-answer',
  'stall-connection',
] as const

const fraction = z.number().min(0).max(1)

const answerSchema = z.union(
  [
    z.enum(PLAIN_KINDS),
    z.strictObject({ code: z.int() }).readonly(),
    z.strictObject({ itemCode: z.int() }).readonly(),
    z.strictObject({ http: z.int().min(300).max(599) }).readonly(),
    z.strictObject({ delayMs: z.number().min(0) }).readonly(),
    z.strictObject({ malformed: z.enum(MALFORMED_KINDS) }).readonly(),
  ],
  `expected { code }, { itemCode }, { http }, { delayMs }, { malformed } or one of ${PLAIN_KINDS.join(', ')}`,
)

/**
 * Takes the place of the proper answer.
 * `{ code }`: the envelope with that code. `{ itemCode }`: this code for the chosen items of a call with a list, the
 * envelope says OK. `{ http }`: that status with a body of HTML. `{ delayMs }`: the proper answer, so much later.
 * `{ malformed }`: the call goes through, its answer is broken.
 * `reset-before`: reset without reading the body (with a rule that has to know the account: after reading it).
 * `reset-after-read`, `reset-after-apply`: reset before or after the change was made. `hang`, `hang-after-apply`: no
 * answer ever. `half-body`: half of the proper answer, then the end. `partial`: half of the friends go, then 30007.
 * `fin-after-answer`: the proper answer, then the server ends the connection without having said so.
 * `stall-connection`: a new connection is accepted and never served (under TLS: a handshake that stalls).
 */
export type FaultAnswer = z.infer<typeof answerSchema>

const accountsSchema = z.union(
  [
    z.literal('all'),
    z.strictObject({ share: fraction }).readonly(),
    z
      .strictObject({
        slice: z
          .tuple([fraction, fraction])
          .readonly()
          .refine(([from, to]) => from < to, 'the slice ends before it begins'),
      })
      .readonly(),
    z.strictObject({ list: z.array(z.string().min(1)).min(1).readonly() }).readonly(),
  ],
  'expected all, { share }, { slice: [from, to] } or { list }, with shares from 0 to 1',
)

/** Which accounts a rule is for: a share picked by a hash of its own, a slice of one hash shared by all rules, a list. */
export type FaultAccounts = z.infer<typeof accountsSchema>

/** Checks a rule that comes from outside. */
export const faultRuleSchema = z
  .strictObject({
    answer: answerSchema,
    /** Calls it is for. Default: all. */
    command: z.enum(COMMAND_NAMES).optional(),
    /** Default `all`. */
    accounts: accountsSchema.optional(),
    /** How often for each account. Default `always`. */
    times: z.union([z.int().min(1), z.literal('always')], 'expected a whole number from 1, or always').optional(),
    /** Only the account's n-th call of one command, from 1. */
    nth: z.int().min(1).optional(),
    /** Only every n-th call that fits otherwise, over all accounts. */
    every: z.int().min(1).optional(),
    /** Chance of each call that fits otherwise, 0 to 1, drawn from the seed. */
    probability: fraction.optional(),
    /** How often over all accounts. Default: no end. */
    total: z.int().min(1).optional(),
    /** Only in this span, ms since the rules were set. */
    window: z
      .strictObject({ fromMs: z.number().min(0), toMs: z.number().min(0) })
      .readonly()
      .refine(({ fromMs, toMs }) => fromMs < toMs, 'the window ends before it begins')
      .optional(),
    /** Whether the change is made nevertheless. Default: not with codes and HTTP statuses; yes with broken bodies. */
    apply: z.boolean().optional(),
  })
  .readonly()
  .refine(
    ({ answer, command, accounts = 'all', times = 'always', nth, apply }) =>
      answer !== 'stall-connection' ||
      (command === undefined && accounts === 'all' && times === 'always' && nth === undefined && apply === undefined),
    'stall-connection knows neither calls nor accounts; use every, probability, total, from and to',
  )

/** One rule. The first rule that fits a call decides; conditions that are left out always fit. */
export type FaultRule = z.infer<typeof faultRuleSchema>

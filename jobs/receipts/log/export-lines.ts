import { z } from 'zod'
import { parseJson } from '../../../config/parse-json.ts'
import { isSignedBy, type SigningKey } from '../keys/ed25519.ts'

/** First line of an export that does not begin with the first entry: the tree up to there. */
export interface BeginLine {
  readonly origin: string
  /** Number of the last entry in front of the export. */
  readonly after: number
  /** Hashes of the compact range over all entries up to `after`, base64. */
  readonly range: readonly string[]
}

/** Last line of an export. */
export interface EndLine {
  readonly origin: string
  /** Verifier key of the log. */
  readonly publicKey: string
  /** The export is complete behind this number… */
  readonly after: number
  /** …up to this one. */
  readonly through: number
  /** Only entries of this request; `null`: all. */
  readonly request: string | null
  /** Root of the tree over all entries up to `through`; of an export of one request over its lines alone. */
  readonly root: string
  /** The last signed head of the log, `null` where none was signed yet. */
  readonly checkpoint: string | null
  /** Signature of the exporter; empty where it found that something does not fit. */
  readonly signature: string
}

const count = z.int().min(0)
const hash = z.string().regex(/^[A-Za-z0-9+/]{43}=$/)
const beginSchema = z.strictObject({
  ...{ v: z.literal(2), kind: z.literal('begin'), origin: z.string(), after: count },
  range: z.array(hash).readonly(),
})
const endSchema = z.strictObject({
  ...{
    v: z.literal(2),
    kind: z.literal('head'),
    origin: z.string(),
    publicKey: z.string(),
    after: count,
    through: count,
  },
  ...{ request: z.string().nullable(), root: hash, checkpoint: z.string().nullable(), signature: z.string() },
})

/** Writes the first line. */
export const toBeginLine = (begin: BeginLine): string =>
  JSON.stringify(beginSchema.parse({ v: 2, kind: 'begin', ...begin }))

const PURPOSE = 'clear-friends/export/v2'
const signedText = (line: string): string => `${PURPOSE}\n${line.replace(/,"signature":"[\w-]*"\}$/, '}')}`

/** Writes the last line, signed where a key is given. */
export function toEndLine(end: Omit<EndLine, 'signature'>, key: SigningKey | undefined): string {
  const unsigned = endSchema.parse({ v: 2, kind: 'head', ...end, signature: '' })
  const signature = key?.sign(signedText(JSON.stringify(unsigned))).toString('base64url') ?? ''
  return JSON.stringify({ ...unsigned, signature })
}

/** Reads the first line; nothing where it is another. */
export const parseBeginLine = (line: string): BeginLine | undefined => parseSame(line, beginSchema)

/** Reads the last line; nothing where it is another. */
export const parseEndLine = (line: string): EndLine | undefined => parseSame(line, endSchema)

/** Whether a key has signed the last line of an export. */
export const isEndSignedBy = (line: string, { signature }: EndLine, publicKey: Buffer): boolean =>
  signature !== '' && isSignedBy(publicKey, signedText(line), Buffer.from(signature, 'base64url'))

function parseSame<T>(line: string, schema: z.ZodType<T>): T | undefined {
  const parsed = schema.safeParse(parseJson(line))
  return parsed.success && JSON.stringify(parsed.data) === line ? parsed.data : undefined
}

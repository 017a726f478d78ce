import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import { doneSchema } from '../import/files/checkpoint.ts'

const count = z.int().min(0)

const summarySchema = z.object({
  type: z.literal('summary'),
  /** `done`: nothing is left. `remains`: something is left for a person. `stopped`: the same command goes on. */
  result: z.enum(['done', 'remains', 'stopped']),
  file: z.string(),
  lines: count,
  accepted: count,
  duplicate: count,
  rejected: count,
  cleared: count,
  /** Of the cleared, those whose friend list was seen empty, as the certificate counts them. */
  verified: count,
  /** Of the cleared, those whose friend list was to be looked at and could not be read. */
  unproved: count,
  notImported: count,
  /** Dead letters. */
  dead: count,
  cancelled: count,
  pending: count,
  /** Of all processes that worked on this run. */
  seconds: z.number().min(0),
  /** Paths of what was written; `null` where it was not. */
  receipts: z.string().nullable(),
  /** The page; the JSON stands beside it. */
  certificate: z.string().nullable(),
  rejectedFile: z.string().nullable(),
  state: z.string().nullable(),
  /** Why it stopped early, or what is left, in words. */
  reason: z.string().nullable(),
})

/** The end of a run, as `--json` prints it in its last line. */
export type RunSummary = Readonly<z.infer<typeof summarySchema>>

const stateSchema = z.object({
  v: z.literal(1),
  /** Identity of the input. */
  content: z.object({ bytes: count, sha256: z.string() }),
  /** Sums of the complete import; `null` until then. */
  imported: doneSchema.nullable(),
  /** Seconds of earlier processes. */
  seconds: z.number().min(0),
  /** Set when everything is proved, the receipts are on the disk, and the state is no longer needed. */
  done: summarySchema.nullable(),
})

/** How far a run is. */
export type RunState = Readonly<z.infer<typeof stateSchema>>

/** Reads a stored state; `undefined` where the text is none. */
export const parseRunState = (text: string): RunState | undefined => stateSchema.safeParse(parseJson(text)).data

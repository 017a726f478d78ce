import { z } from 'zod'
import { check } from './check.ts'

const durationMs = z.number().min(0)

const timeoutSchema = z.strictObject({
  /** Default 3000 ms, page 269/1519. */
  afterMs: durationMs.default(3000),
  /** 60008 (default) or 30007. */
  code: z.int().default(60008),
  /** Whether the change is made before that answer (default), later when the backend gets there, or not at all. */
  applies: z.enum(['before', 'after', 'never']).default('before'),
})

/** How the gateway gives up on a slow backend. */
export type BackendTimeout = Readonly<z.output<typeof timeoutSchema>>

const backendTimeoutSchema = z.union([z.literal(false), timeoutSchema])

/** Sets when the gateway gives up on a slow backend, and how it answers; what is left out is the default. */
export type BackendTimeoutChange = Readonly<z.input<typeof timeoutSchema>>

/** Checks a change that comes from outside. */
export const timingSchema = z.strictObject({
  /** How long a write holds its locks, ms. `null`, the default: the latency of the call. */
  lockMs: durationMs.nullable().optional(),
  /** After how long 30008 is answered, ms. `null`, the default: the latency of the call. */
  conflictMs: durationMs.nullable().optional(),
  /** Default: 60008 after 3 s, with the change made; `false` lets every call take as long as it takes. */
  backendTimeout: backendTimeoutSchema.optional(),
  /** How long after a write reads see the list as it was, ms. Default 0. */
  readLagMs: durationMs.optional(),
})

/** Changes how long writes take and how far reads lag behind; what is left out stays. */
export type TimingChange = Readonly<z.input<typeof timingSchema>>

/** Holds how long writes take, how long conflicts last, and when the gateway gives up on the backend. */
export class Timing {
  lockMs: number | null = null
  conflictMs: number | null = null
  backendTimeout: BackendTimeout | false = timeoutSchema.parse({})

  constructor(change: TimingChange) {
    this.change(change)
  }

  change({ lockMs, conflictMs, backendTimeout }: TimingChange): void {
    if (lockMs !== undefined) this.lockMs = lockMs
    if (conflictMs !== undefined) this.conflictMs = conflictMs
    if (backendTimeout !== undefined) {
      this.backendTimeout = check('backendTimeout', backendTimeoutSchema, backendTimeout)
    }
  }
}

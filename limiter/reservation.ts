import { z } from 'zod'

/** A lane's ask for permits. */
export interface ReserveRequest {
  readonly want: number
  readonly leadMs: number
  readonly horizonMs: number
  readonly holdsPermits: boolean
  readonly clockJumped: boolean
  /** May be granted although the fleet is paused or halted. */
  readonly probe: boolean
  /** Slots that the lane has missed. */
  readonly returned: readonly Slot[]
  /** Slots that were used late, and when their uses count: microseconds of Redis' clock. Safe to repeat. */
  readonly usedLate: readonly (readonly [slot: Slot, usedAt: number])[]
  /** Calls sent that Redis may not know of: 10 ms bin of Redis' time, count so far. Safe to repeat. */
  readonly sentBins: readonly (readonly [bin: number, count: number])[]
}

/** The time of a permit: microseconds since 1970 on Redis' clock, a whole number. */
export type Slot = number

/** Redis' answer to an ask for permits. */
export type Reservation =
  | {
      readonly kind: 'granted'
      /** Redis' clock, ms. */
      readonly redisNow: number
      /** Ask again after this long, where there are no slots. */
      readonly waitMs: number
      /** Ascending; may be fewer than wanted, or none. */
      readonly slots: readonly Slot[]
    }
  | { readonly kind: 'closed'; readonly redisNow: number; readonly by: 'paused' | 'halted' | 'foreign' }

const microseconds = z
  .string()
  .regex(/^\d{1,16}$/)
  .transform(Number)
const reservationSchema = z.union([
  z.tuple([z.literal('closed'), z.string(), microseconds, z.enum(['paused', 'halted', 'foreign'])]),
  z.tuple([z.literal('granted'), z.string(), microseconds, microseconds], microseconds),
])

/** Parses the answer of the permit script; `undefined` where it is no answer to this ask. */
export function parseReservation(answer: unknown, ask: number): Reservation | undefined {
  const parsed = reservationSchema.safeParse(answer)
  if (!parsed.success || parsed.data[1] !== String(ask)) return undefined
  if (parsed.data[0] === 'closed') return { kind: 'closed', redisNow: parsed.data[2] / 1000, by: parsed.data[3] }
  const [kind, _ask, now, wait, ...slots] = parsed.data
  return { kind, redisNow: now / 1000, waitMs: wait / 1000, slots }
}

/** Who asks for permits, and for what. */
export interface Asker {
  /** Number of the ask. */
  readonly ask: number
  readonly caller: string
  readonly command: string
  readonly ceilingPerSecond: number
  readonly margin: number
  /** Contract of the fleet that the caller belongs to; empty where it may be any. */
  readonly contract: string
}

/** Gives the arguments of the permit script, in the order of its header. */
export function reserveArguments(asker: Asker, request: ReserveRequest): (number | string)[] {
  const { ask, caller, command, ceilingPerSecond, margin, contract } = asker
  return [
    request.want,
    ceilingPerSecond,
    margin,
    Math.round(request.leadMs * 1000),
    Math.round(request.horizonMs * 1000),
    request.holdsPermits ? 1 : 0,
    request.clockJumped ? 1 : 0,
    request.probe ? 1 : 0,
    command,
    ask,
    caller,
    contract,
    request.returned.length,
    request.usedLate.length,
    ...request.returned,
    ...request.usedLate.flat(),
    ...request.sentBins.flat(),
  ]
}

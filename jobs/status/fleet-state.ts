/**
 * The state of the whole fleet: paused by an operator, or halted by a worker.
 *
 * What belongs in `jobs/status/`: the present state of fleet, queue and requests in Redis, and the change of pause and
 * halt. What does not: the reasons for a halt and the probes that end it (`worker/halt/`), and the rate (`limiter/`).
 */

import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'

/**
 * State of the whole fleet: the operator's pause, the halt on our own fault.
 *
 * One hash holds it. The permit script reads the hash before it grants permits, so that no process can miss a change.
 * BullMQ's own pause flag follows it and keeps the workers from fetching.
 */
export interface FleetState {
  /** Set by an operator; only an operator's `resume` ends it. */
  readonly paused: null | Pause
  /** Set by a worker on a fault of our own credentials or settings. */
  readonly halted: null | Halt
  /** The operator's last `resume`, for the record. */
  readonly resumed: null | Resume
}

/** An operator's pause. */
export interface Pause {
  readonly reason: string
  /** Epoch ms. */
  readonly sinceMs: number
}

/** A halt on our own fault. */
export interface Halt {
  readonly code: string
  readonly reason: string
  /** The host whose worker halted the fleet. */
  readonly host: string
  /** By Redis' clock, epoch ms. A halt that comes back at once keeps its beginning. */
  readonly sinceMs: number
}

/** An operator's `resume`. */
export interface Resume {
  readonly reason: string
  /** Epoch ms. */
  readonly atMs: number
}

/** The code of a halt because suspiciously many accounts do not exist. Only a person can end it. */
export const TOO_MANY_MISSING = 'too_many_missing'

const pauseSchema = z.object({ reason: z.string(), sinceMs: z.number() })
const haltSchema = z.object({ code: z.string(), reason: z.string(), host: z.string(), sinceMs: z.number() })
const resumeSchema = z.object({ reason: z.string(), atMs: z.number() })
const UNREADABLE_PAUSE: Pause = { reason: 'the stored reason cannot be read', sinceMs: 0 }
const UNREADABLE_HALT: Halt = {
  code: 'unreadable',
  reason: 'the stored halt cannot be read',
  host: 'unknown',
  sinceMs: 0,
}

/** Makes a reader of the fleet's state. A pause or halt that cannot be parsed holds, since going on would be worse. */
export function createFleetReader(redis: RedisConnection, prefix: string): () => Promise<FleetState> {
  return async () => {
    const [pause, halt, resume] = await redis.hmget(keysOf(prefix).fleet, 'pause', 'halt', 'resume')
    return {
      paused: parseField(pause, pauseSchema, UNREADABLE_PAUSE),
      halted: parseField(halt, haltSchema, UNREADABLE_HALT),
      resumed: parseField(resume, resumeSchema, null),
    }
  }
}

function parseField<T>(text: string | null | undefined, schema: z.ZodType<T>, unreadable: T | null): T | null {
  if (text === null || text === undefined) return null
  const parsed = schema.safeParse(parseJson(text))
  return parsed.success ? parsed.data : unreadable
}

/**
 * Reads the id of this fleet, which no other fleet has. The first call makes it, at random. A Redis that has lost its
 * data gets another one.
 */
export async function readFleetId(redis: RedisConnection, prefix: string): Promise<string> {
  const { fleetId } = keysOf(prefix)
  const known = await redis.get(fleetId)
  if (known !== null) return known
  await redis.setnx(fleetId, randomUUID())
  return z.string().parse(await redis.get(fleetId))
}

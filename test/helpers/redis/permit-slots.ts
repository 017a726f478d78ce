import type { Redis } from 'ioredis'
import { keysOf } from '../../../redis/keys.ts'

/** Gives the times between the permits that Redis granted for a command in the last second, in µs on its clock. */
export async function permitGaps(redis: Redis, prefix: string, command: string): Promise<number[]> {
  const slots = await permitSlots(redis, prefix, command)
  return slots.slice(1).map((slot, index) => slot - (slots[index] ?? 0))
}

/** Gives the most permits within `spanUs` µs. */
export async function mostPermitsWithin(
  spanUs: number,
  redis: Redis,
  prefix: string,
  command: string,
): Promise<number> {
  const slots = await permitSlots(redis, prefix, command)
  const within = slots.map(from => slots.filter(slot => slot >= from && slot < from + spanUs).length)
  return Math.max(0, ...within)
}

async function permitSlots(redis: Redis, prefix: string, command: string): Promise<number[]> {
  const members = await redis.zrange(keysOf(prefix).permits(command), '0', '-1')
  return members
    .map(Number)
    .filter(Number.isFinite)
    .toSorted((a, b) => a - b)
}

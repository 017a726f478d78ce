import { z } from 'zod'
import type { RedisConnection } from '../../../redis/connection.ts'
import { keysOf } from '../../../redis/keys.ts'
import { type Head, parseHead } from '../log/head.ts'

/** A signed head that is kept, for exports since a time and for trims. The caller checks its signature. */
export interface KeptHead {
  readonly head: Head
  readonly note: string
}

/** Reads the kept heads, oldest first. */
export async function readKeptHeads(redis: RedisConnection, prefix: string): Promise<readonly KeptHead[]> {
  const members = await redis.zrange(keysOf(prefix).receiptCheckpoints, '0', '-1')
  return z.array(z.string()).parse(members).flatMap(toKept)
}

/** Reads the newest kept head. */
export async function readNewestKept(redis: RedisConnection, prefix: string): Promise<KeptHead | undefined> {
  const [member = ''] = await redis.zrevrange(keysOf(prefix).receiptCheckpoints, '0', '0')
  return toKept(member)[0]
}

function toKept(member: string): KeptHead[] {
  const note = member.slice(member.indexOf(' ') + 1)
  const head = parseHead(note)
  return head === undefined ? [] : [{ head, note }]
}

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'

const script = readFileSync(new URL('./members.lua', import.meta.url), 'utf8')

/** A worker speaks this often. */
export const SPEAK_EVERY_MS = 5000
/** A worker that was killed counts as gone after this; less would take a worker that is stopped for a moment for gone. */
const LEASE_MS = 20_000

const memberSchema = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.number(),
  version: z.string(),
  /** Its `RATE_LIMIT_PER_SECOND`. */
  ceilingPerSecond: z.number(),
  startedAtMs: z.number(),
  /** Why it alone sends nothing, and since when (epoch ms); `null` while it works. */
  aside: z.object({ code: z.string(), reason: z.string(), sinceMs: z.number() }).nullable(),
})

/** What a live worker says of itself. */
export type Member = Readonly<z.infer<typeof memberSchema>>

/** The list of a fleet's live workers. Each call is one round trip, and safe to repeat. */
export interface FleetMembers {
  /** Reads the live workers. */
  read(): Promise<readonly Member[]>
  /** Says what a worker is, for the next 20 s. Returns all live workers, this one included. */
  speak(member: Member): Promise<readonly Member[]>
  /** Takes a worker off the list. */
  leave(id: string): Promise<void>
}

/**
 * Opens the list of a fleet's live workers.
 *
 * @param redis the caller closes it
 */
export function createFleetMembers(redis: RedisConnection, prefix: string): FleetMembers {
  const { workers, fleet } = keysOf(prefix)
  const run = createRedisScript(redis, 'clearFriendsMembers', script)
  const ask = async (id: string, member: string): Promise<readonly Member[]> => {
    const said = z.array(z.string()).parse(await run([workers, fleet], [LEASE_MS, id, member]))
    return said.flatMap(text => {
      const parsed = memberSchema.safeParse(parseJson(text))
      return parsed.success ? [parsed.data] : []
    })
  }
  return {
    read: () => ask('', ''),
    speak: member => ask(member.id, JSON.stringify(member)),
    leave: async id => void (await ask(id, '')),
  }
}

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { RedisConnection } from '../../../redis/connection.ts'
import { keysOf } from '../../../redis/keys.ts'
import { createRedisScript } from '../../../redis/redis-script.ts'
import { logLua } from '../../settle/log-lua.ts'
import type { Sealer } from '../keys/sealer.ts'
import { originOf } from '../log/origin.ts'
import { isNoteSignedBy } from '../log/signed-note.ts'
import { followLog } from '../read/follow-log.ts'
import { readKeptHeads } from '../read/kept-heads.ts'
import { writeState } from '../read/log-state.ts'
import { openLog } from '../read/open-log.ts'
import { sealAndWrite, writeOnce } from '../write-entry.ts'

const script = logLua + readFileSync(new URL('./trim.lua', import.meta.url), 'utf8')
const answerSchema = z.union([z.tuple([z.literal('written'), z.string()]), z.literal('foreign')])
/** Most entries that one trim takes away: a second of work. */
const TRIM_AT_MOST = 20_000

/**
 * Takes away the entries up to the newest kept head that was signed before a time. The head's own time counts, which
 * nobody else can have written; and the entries must give its root.
 *
 * @param until epoch ms
 * @returns the number of the last entry that was taken away; nothing where none was
 */
export async function trimLog(
  redis: RedisConnection,
  prefix: string,
  sealer: Sealer,
  until: number,
): Promise<number | undefined> {
  const heads = (await readKeptHeads(redis, prefix)).filter(({ head }) => head.time < until)
  const log = heads.length === 0 ? undefined : await openLog(redis, prefix, sealer.seals)
  if (log === undefined) return undefined
  const { base, follower, identity, keys } = log
  const beyond = heads.filter(({ head }) => head.size > base)
  const chosen = beyond.findLast(({ head }) => head.size <= base + TRIM_AT_MOST) ?? beyond[0]
  if (chosen === undefined) return undefined
  const { head, note } = chosen
  const fault = await followLog(redis, prefix, follower, { to: head.size, checkSignature: false })
  const isSigned = keys.some(publicKey => isNoteSignedBy(note, { name: originOf(identity), publicKey }))
  if (fault !== undefined || !isSigned || !follower.range.root().equals(head.root)) return undefined
  const baseText = writeState(identity.fleetId, sealer.seals, { note, state: follower.state(head.time) })
  return write(redis, prefix, sealer, { through: head.size, root: head.root.toString('base64'), baseText })
}

async function write(
  redis: RedisConnection,
  prefix: string,
  sealer: Sealer,
  { through, root, baseText }: { readonly through: number; readonly root: string; readonly baseText: string },
): Promise<number | undefined> {
  const run = createRedisScript(redis, 'clearFriendsTrim', script)
  const { receiptCheckpoints } = keysOf(prefix)
  const answer = await sealAndWrite(sealer, { kind: 'trim', says: { through, root } }, async sealed => {
    const { keys, args } = writeOnce(prefix, sealed)
    return answerSchema.parse(await run([...keys, receiptCheckpoints], [...args, through + 1, baseText]))
  })
  return answer === 'foreign' ? undefined : through
}

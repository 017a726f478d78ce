import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { askRedis, type RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { ReceiptKeyError } from '../job/errors.ts'
import { logLua } from '../settle/log-lua.ts'
import type { Sealed, Sealer } from './keys/sealer.ts'
import type { Body } from './log/entry-body.ts'

const script = logLua + readFileSync(new URL('./write-entry.lua', import.meta.url), 'utf8')
const answerSchema = z.union([z.tuple([z.literal('written'), z.string()]), z.literal('foreign')])

/** Gives an entry as arguments of a script, see `entryFrom` in log.lua; a proof may follow. */
export const entryArguments = ({
  text,
  signature,
  time,
  keyId,
  identity,
}: Sealed): readonly (string | number | Buffer)[] => [...[text, signature, time, keyId, identity.fleetId]]

/** The first keys and arguments of a script that writes an entry which ends no job, see `writeOnce` in log.lua. */
export interface WriteOnce {
  readonly keys: readonly string[]
  readonly args: readonly (string | number | Buffer)[]
}

/** Gives them for an entry. */
export function writeOnce(prefix: string, sealed: Sealed): WriteOnce {
  const { receipts, receiptLog, fleet, fleetId } = keysOf(prefix)
  return { keys: [receipts, receiptLog, fleetId], args: [...entryArguments(sealed), fleet] }
}

/**
 * Signs an entry, has it written, and lets the sealer know what became of its number.
 *
 * @param write runs the script; any answer but `written` means that it wrote nothing
 * @returns that answer
 * @throws what `write` throws; the entry may be written
 */
export async function sealAndWrite<T extends string>(
  sealer: Sealer,
  body: Body,
  write: (sealed: Sealed) => Promise<['written', string] | T>,
): Promise<['written', string] | T> {
  const sealed = await sealer.seal(body)
  try {
    const answer = await write(sealed)
    if (typeof answer === 'string') sealer.voided(sealed)
    else sealer.written(sealed, answer[1])
    return answer
  } catch (error) {
    sealer.voided(sealed)
    throw error
  }
}

/**
 * Signs an entry that ends no job, and writes it into the log.
 *
 * @returns its number
 * @throws {ReceiptKeyError} when the fleet has another key by now
 * @throws {RedisUnavailableError} when Redis is away or refuses; the entry may be written
 */
export async function writeEntry(
  redis: RedisConnection,
  prefix: string,
  sealer: Sealer,
  body: Body,
): Promise<{ readonly seq: number; readonly id: string }> {
  const run = createRedisScript(redis, 'clearFriendsWriteEntry', script)
  const write = async (sealed: Sealed) => {
    const { keys, args } = writeOnce(prefix, sealed)
    return answerSchema.parse(await askRedis(() => run(keys, args)))
  }
  for (let look = 0; look < 2; look++) {
    const answer = await sealAndWrite(sealer, body, write)
    if (answer !== 'foreign') return { id: answer[1], seq: Number(answer[1].split('-')[0]) }
    sealer.renew()
  }
  throw new ReceiptKeyError()
}

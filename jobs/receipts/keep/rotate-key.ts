import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { RedisConnection } from '../../../redis/connection.ts'
import { createRedisScript } from '../../../redis/redis-script.ts'
import { FleetInUseError, ReceiptKeyError } from '../../job/errors.ts'
import { logLua } from '../../settle/log-lua.ts'
import { readContract } from '../../status/fleet-contract.ts'
import { createFleetMembers } from '../../status/fleet-members.ts'
import type { ReceiptSeals } from '../keys/receipt-seals.ts'
import { Sealer } from '../keys/sealer.ts'
import { parseHead, signHead } from '../log/head.ts'
import { keyChangeText } from '../log/key-change.ts'
import { entryArguments, logKeys } from '../write-entry.ts'
import { readKeyChanges } from './key-chain.ts'
import { type LogFields, readBase, readLogFields, readState, writeState } from './log-state.ts'

const script = logLua + readFileSync(new URL('./rotate-key.lua', import.meta.url), 'utf8')
const answerSchema = z.enum(['changed', 'foreign', 'moved'])

/**
 * Changes the key of a fleet: one step in Redis writes the entry that both keys have signed, makes the new key the
 * fleet's, and signs head and state of the log anew. So it has happened or it has not, wherever it is interrupted; of two
 * at once one is refused.
 *
 * @returns `same` where the new key is the fleet's already
 * @throws {ReceiptKeyError} when the old key is not the fleet's
 * @throws {FleetInUseError} when a worker runs: it would go on with the old key
 */
export async function rotateKey(
  redis: RedisConnection,
  prefix: string,
  old: ReceiptSeals,
  next: ReceiptSeals,
): Promise<'changed' | 'same'> {
  const { key } = await readContract(redis, prefix)
  if (key === next.keyId) return 'same'
  if (key !== undefined && key !== old.keyId) throw new ReceiptKeyError()
  const workers = await createFleetMembers(redis, prefix).read()
  if (workers.length > 0)
    throw new FleetInUseError([`${workers.length} live workers (one that was killed counts for 20 s)`])
  const fields = await readLogFields(redis, prefix)
  const sealer = new Sealer({ redis, prefix, seals: old })
  const identity = await sealer.identity()
  const [from, to] = [old.signing.publicKey.toString('base64'), next.signing.publicKey.toString('base64')]
  const former = (await readKeyChanges(redis, prefix, identity, old.signing.publicKey)).at(-1)?.pseudonyms
  const proof = next.signing.sign(keyChangeText({ from, to }, identity)).toString('base64url')
  const sealed = await sealer.seal({ kind: 'key', says: { from, to, proof, pseudonyms: old.passOnTo(next, former) } })
  const anew = signAnew(identity.fleetId, fields, old, next)
  const run = createRedisScript(redis, 'clearFriendsRotateKey', script)
  const args = [...entryArguments(sealed), next.keyId, fields.stateText, anew.state, anew.head, anew.base]
  const answer = answerSchema.parse(await run(logKeys(prefix), args))
  if (answer === 'foreign') throw new ReceiptKeyError()
  if (answer === 'moved') throw new Error('a worker has signed a head meanwhile: stop all workers, and run this again')
  return 'changed'
}

/** Signs with the new key what the old one has signed of the log; empty where there is nothing. */
function signAnew(fleetId: string, fields: LogFields, old: ReceiptSeals, next: ReceiptSeals) {
  const state = readState(fleetId, old, fields.stateText)
  const base = readBase(fleetId, old, fields.baseText)
  const head = state === undefined ? undefined : parseHead(fields.headNote)
  const ownKey = old.signing.publicKey.toString('base64')
  const withKey = <T extends { readonly keys: readonly string[] }>(each: T): T => ({
    ...each,
    keys: each.keys.length === 0 ? [ownKey] : each.keys,
  })
  return {
    state: state === undefined ? '' : writeState(fleetId, next, withKey(state)),
    head: head === undefined ? '' : signHead(head, next.signing),
    base: base === undefined ? '' : writeState(fleetId, next, { note: base.note, state: withKey(base.state) }),
  }
}

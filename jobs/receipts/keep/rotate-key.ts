import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { RedisConnection } from '../../../redis/connection.ts'
import { createRedisScript } from '../../../redis/redis-script.ts'
import { logLua } from '../../settle/log-lua.ts'
import { readContract, requireKey } from '../../status/fleet-contract.ts'
import { createFleetMembers } from '../../status/fleet-members.ts'
import type { LogInRedis } from '../keys/log-identity.ts'
import type { ReceiptSeals } from '../keys/receipt-seals.ts'
import { Sealer } from '../keys/sealer.ts'
import type { BodyOf } from '../log/entry-body.ts'
import { type Head, parseHead, signHead } from '../log/head.ts'
import { keyChangeText } from '../log/key-change.ts'
import { originOf } from '../log/origin.ts'
import { isNoteSignedBy } from '../log/signed-note.ts'
import { readKeyChanges } from '../read/key-chain.ts'
import type { FollowerState } from '../read/log-follower.ts'
import { type LogFields, readBase, readLogFields, readState, writeState } from '../read/log-state.ts'
import { writeOnce } from '../write-entry.ts'
import { requireOwnLog } from './require-own-log.ts'

const script = logLua + readFileSync(new URL('./rotate-key.lua', import.meta.url), 'utf8')
const answerSchema = z.enum(['changed', 'moved'])

/**
 * Changes the key of a fleet: one step in Redis writes the entry that both keys have signed, makes the new key the
 * fleet's, and signs head and state of the log anew. So it has happened or it has not, wherever it is interrupted; of two
 * at once one is refused. Safe to repeat.
 *
 * @returns `same` where the new key is the fleet's already
 * @throws {ReceiptKeyError} when the old key is not the fleet's
 * @throws {RotationError} when a worker runs, when none has run yet, or when the head in Redis is not signed
 */
export async function rotateKey(
  redis: RedisConnection,
  prefix: string,
  old: ReceiptSeals,
  next: ReceiptSeals,
): Promise<'changed' | 'same'> {
  if (await isKeyOf(redis, prefix, next)) return 'same'
  await requireOwnLog(redis, prefix, old)
  await requireNoWorker(redis, prefix)
  const fields = await readLogFields(redis, prefix)
  const sealer = new Sealer({ redis, prefix, seals: old })
  const identity = await requireBound(sealer)
  const anew = signAnew(identity, fields, old, next)
  const sealed = await sealer.seal({ kind: 'key', says: await changeOf(redis, prefix, identity, old, next) })
  const run = createRedisScript(redis, 'clearFriendsRotateKey', script)
  const before = [fields.stateText, fields.headNote, fields.baseText]
  const { keys, args } = writeOnce(prefix, sealed)
  const answer = answerSchema.parse(await run(keys, [...args, next.keyId, ...before, ...anew]))
  if (answer === 'changed') return 'changed'
  // The driver sends a script again whose answer was lost; and another command may have changed the key to the same one.
  if (await isKeyOf(redis, prefix, next)) return 'same'
  await requireKey(redis, prefix, old)
  throw new RotationError('a worker has kept the log meanwhile. Stop all workers, and run this again.')
}

/** Why a key cannot be changed, in words. */
class RotationError extends Error {
  override readonly name = 'RotationError'
  readonly code = 'ROTATION'

  /** @param why with what to do */
  constructor(why: string) {
    super(`The key was not changed: ${why}`)
  }
}

const isKeyOf = async (redis: RedisConnection, prefix: string, { keyId }: ReceiptSeals): Promise<boolean> =>
  (await readContract(redis, prefix)).key === keyId

async function requireNoWorker(redis: RedisConnection, prefix: string): Promise<void> {
  const workers = await createFleetMembers(redis, prefix).read()
  if (workers.length === 0) return
  throw new RotationError(
    `workers run (${workers.length}), and would go on with the old one. Stop all, and run this again; one that was killed counts for 20 s.`,
  )
}

/** Both keys sign the name of the log, which names the app. */
async function requireBound(sealer: Sealer): Promise<LogInRedis> {
  const identity = await sealer.identity()
  if (identity.app !== 0) return identity
  throw new RotationError(
    'no worker has started here yet, so there is no key to change. Where nothing was enqueued with RECEIPT_KEY set, set it to the new key; else start a worker with the old key once, and stop it.',
  )
}

/** Makes the entry: the new key proves itself, and gets the keys of the pseudonyms so far. */
async function changeOf(
  redis: RedisConnection,
  prefix: string,
  identity: LogInRedis,
  old: ReceiptSeals,
  next: ReceiptSeals,
): Promise<BodyOf<'key'>> {
  const [from, to] = [old.signing.publicKey.toString('base64'), next.signing.publicKey.toString('base64')]
  const former = (await readKeyChanges(redis, prefix, identity, old.signing.publicKey)).at(-1)?.pseudonyms
  const proof = next.signing.sign(keyChangeText({ from, to }, identity)).toString('base64url')
  return { from, to, proof, pseudonyms: old.passOnTo(next, former) }
}

/** Signs with the new key what the old one has signed: state, head and base of the log. Empty where there is none. */
function signAnew(
  identity: LogInRedis,
  { stateText, headNote, baseText }: LogFields,
  old: ReceiptSeals,
  next: ReceiptSeals,
): readonly string[] {
  const { fleetId } = identity
  const state = readState(fleetId, old, stateText)
  const base = readBase(fleetId, old, baseText)
  const ownKey = old.signing.publicKey.toString('base64')
  const withKey = (each: FollowerState): FollowerState => ({
    ...each,
    keys: each.keys.length === 0 ? [ownKey] : each.keys,
  })
  return [
    state === undefined ? '' : writeState(fleetId, next, withKey(state)),
    headNote === '' ? '' : signHead(requireSigned(headNote, identity, old), next.signing),
    base === undefined ? '' : writeState(fleetId, next, { note: base.note, state: withKey(base.state) }),
  ]
}

/** Any client of Redis may have written the head. The new key must sign none that the old one has not. */
function requireSigned(note: string, identity: LogInRedis, { signing }: ReceiptSeals): Head {
  const head = parseHead(note)
  const key = { name: originOf(identity), publicKey: signing.publicKey }
  if (head !== undefined && isNoteSignedBy(note, key)) return head
  throw new RotationError(
    'the head of the log in Redis is not signed with the old key: start a worker with the old key, which signs it anew or says what is broken, stop it, and run this again.',
  )
}

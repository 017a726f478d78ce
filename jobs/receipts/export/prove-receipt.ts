import type { RedisConnection } from '../../../redis/connection.ts'
import { requireKey } from '../../status/fleet-contract.ts'
import type { ReceiptSeals } from '../keys/receipt-seals.ts'
import { type LogEntry, toLeaf, toMissingLeaf, toReceiptLeaf } from '../log/entry.ts'
import type { Head } from '../log/head.ts'
import { leafHash } from '../log/merkle.ts'
import { formatProof, isProved } from '../log/tlog-proof.ts'
import { TreePaths } from '../log/tree-paths.ts'
import { walkLog } from '../read/follow-log.ts'
import { type OpenedLog, openLog } from '../read/open-log.ts'
import { readEntries, type StoredEntry, toLogEntry } from '../read/read-entries.ts'
import { pseudonymIn, pseudonymsOf } from './find-receipts.ts'

/** Why a receipt cannot be proved, in words. */
class ProofError extends Error {
  override readonly name = 'ProofError'
  readonly code = 'PROOF'
}

/** A leaf of the tree, and the pseudonym of its account if it is a receipt. */
interface Leaf {
  readonly line: string
  readonly pseudonym: string
}

/**
 * Proves that the last receipt of an account is in the log, without anybody else's. Goes through the log once.
 *
 * @returns the text of the proof, see `formatProof`; nothing where the account has no receipt
 * @throws {ReceiptKeyError} when the log is kept with another key
 * @throws {ProofError} when no signed head covers the receipt yet, or the log does not fit together
 */
export async function proveAccount(
  redis: RedisConnection,
  prefix: string,
  seals: ReceiptSeals,
  account: string,
): Promise<string | undefined> {
  await requireKey(redis, prefix, seals)
  const log = await openLog(redis, prefix, seals)
  const head = log?.head
  if (log === undefined) return undefined
  const wanted = pseudonymsOf(seals, log, [account])
  if (head === undefined || (await isNewer(redis, prefix, log, head, wanted))) {
    throw new ProofError('no signed head covers the receipt yet: while a worker runs this takes some seconds')
  }
  const tree = new TreePaths(log.follower.range)
  let found: { readonly line: string; readonly index: number } | undefined
  let index = log.base
  for await (const leaves of leavesOf(redis, prefix, log, head)) {
    for (const { line, pseudonym } of leaves) {
      if (wanted.has(pseudonym)) found = { line, index }
      tree.append(leafHash(line))
      index += 1
    }
  }
  const proof = found && { ...found, path: tree.pathOf(found.index), note: log.note, head }
  const fits = proof === undefined ? tree.root().equals(head.root) : isProved(proof)
  if (!fits) {
    throw new ProofError('the log does not fit together: its entries are not those that the signed head covers')
  }
  return proof && formatProof(proof)
}

/** Whether the account has a receipt behind the head. */
async function isNewer(
  redis: RedisConnection,
  prefix: string,
  log: OpenedLog,
  head: Head,
  wanted: ReadonlyMap<string, number>,
): Promise<boolean> {
  for await (const chunk of readEntries(redis, prefix, { from: head.size + 1, to: log.newest })) {
    if (chunk.some(stored => wanted.has(pseudonymIn(stored)))) return true
  }
  return false
}

/** Gives the leaves up to a head, in groups: quickly, but where a person has taken note of entries that are missing. */
async function* leavesOf(
  redis: RedisConnection,
  prefix: string,
  log: OpenedLog,
  head: Head,
): AsyncGenerator<readonly Leaf[]> {
  if (log.hasMissing) return yield* checkedLeavesOf(redis, prefix, log, head)
  for await (const chunk of readEntries(redis, prefix, { from: log.base + 1, to: head.size })) {
    yield chunk.map(stored => ({ line: quickLeafOf(stored), pseudonym: pseudonymIn(stored) }))
  }
}

function quickLeafOf(stored: StoredEntry): string {
  const quick = toReceiptLeaf(stored.seq, stored.at, stored.text)
  if (quick !== undefined) return quick
  const entry = toLogEntry(stored)
  if (entry === undefined) throw new ProofError(`the log does not fit together: entry ${stored.seq} cannot be read`)
  return toLeaf(entry)
}

async function* checkedLeavesOf(
  redis: RedisConnection,
  prefix: string,
  log: OpenedLog,
  head: Head,
): AsyncGenerator<readonly Leaf[]> {
  const walk = walkLog(redis, prefix, log.follower, { to: head.size, checkSignature: false })
  for (let next = await walk.next(); ; next = await walk.next()) {
    if (!next.done) yield [leafOf(next.value)]
    else if (next.value !== undefined) throw new ProofError(`the log does not fit together: ${next.value.what}`)
    else return
  }
}

const leafOf = (entry: LogEntry | number): Leaf =>
  typeof entry === 'number'
    ? { line: toMissingLeaf(entry), pseudonym: '' }
    : { line: toLeaf(entry), pseudonym: (entry.kind === 'receipt' && entry.says.account) || '' }

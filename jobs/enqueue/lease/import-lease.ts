import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { askRedis, type RedisConnection } from '../../../redis/connection.ts'
import { keysOf } from '../../../redis/keys.ts'
import { createRedisScript, type RedisScript } from '../../../redis/redis-script.ts'
import { type ProcessName, thisProcess } from './this-process.ts'

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8')

/**
 * Length of a lease, in ms. It is renewed every {@link RENEW_EVERY_MS}, so that a lost answer or two lose no lease, and
 * a process that comes after a crash of the host waits no longer than this.
 */
export const LEASE_MS = 10_000

/** Time between two renewals, in ms. */
export const RENEW_EVERY_MS = 3000

/** An interrupted import can resume exactly within 30 days. */
const KEEP_SECONDS = 30 * 86_400

/** The process that owns an import. */
export interface ImportOwner extends ProcessName {
  readonly token: string
  /** End of the lease by Redis' clock, in ms. It grows with each renewal. */
  readonly untilMs: number
}

/** What Redis has of an import. */
export interface ImportRecord {
  /** Number of entries that are done: jobs in the queue, duplicates, refusals. */
  readonly entries: number
  /** How far the import is, as its owner wrote it; empty before the first batch. */
  readonly done: string
}

/**
 * `held`: the caller owns the import. `taken`: another process does, and nothing was changed. A history that differs from
 * the last one shows that Redis restarted or failed over, so that it may have gone back: to an owner of before, too.
 */
export type Hold =
  | { readonly kind: 'held'; readonly history: string; readonly record: ImportRecord }
  | { readonly kind: 'taken'; readonly history: string; readonly owner: ImportOwner }

/** See finish-batch.lua. */
export type Finish = 'done' | 'taken' | 'behind' | 'again'

/** A batch that was sent. */
export interface FinishedBatch {
  /** Of the {@link Hold} before the batch was sent. */
  readonly history: string
  /** Number of entries done before it. */
  readonly entriesBefore: number
  /** What Redis is to keep. */
  readonly record: ImportRecord
  readonly jobIds: readonly string[]
}

/**
 * The lease of an import, and the record of how far it is, in Redis.
 *
 * Its life: free → held by one process, which renews it → released, run out, or left by a process that is gone, and
 * then free again → forgotten at the end of the import. The record stays until then.
 *
 * The record is written in Redis behind the jobs. What Redis loses in a crash or a failover are its last commands, so a
 * record that is there proves that the jobs before it were there.
 */
export class ImportLease {
  readonly #token: string = randomUUID()
  readonly #key: string
  readonly #batches: string
  readonly #hold: RedisScript
  readonly #finish: RedisScript
  readonly #release: RedisScript

  /**
   * @param redis the caller closes it
   * @param importKey random key of the import
   */
  constructor(redis: RedisConnection, prefix: string, importKey: string) {
    const { imports, batches } = keysOf(prefix)
    this.#key = imports + importKey
    this.#batches = batches
    this.#hold = createRedisScript(redis, 'clearFriendsHoldImport', read('./hold-import.lua'))
    this.#finish = createRedisScript(redis, 'clearFriendsFinishBatch', read('./finish-batch.lua'))
    this.#release = createRedisScript(redis, 'clearFriendsReleaseImport', read('./release-import.lua'))
  }

  /**
   * Takes the lease, or renews it. Safe to repeat.
   *
   * @param gone token of an owner that is known to be gone
   * @throws {RedisUnavailableError} when Redis is away or refuses
   */
  async hold(gone = ''): Promise<Hold> {
    const { host, pid, place } = thisProcess()
    const args = [this.#token, host, pid, place, LEASE_MS, gone, KEEP_SECONDS]
    return holdSchema.parse(await askRedis(() => this.#hold([this.#key], args)))
  }

  /**
   * Records a batch as done, unless Redis has gone back meanwhile. Safe to repeat.
   *
   * @throws {RedisUnavailableError} when Redis is away or refuses
   */
  async finish({ history, entriesBefore, record, jobIds }: FinishedBatch): Promise<Finish> {
    const args = [this.#token, history, entriesBefore, record.entries, record.done, ...jobIds]
    return finishSchema.parse(await askRedis(() => this.#finish([this.#key, this.#batches], args)))
  }

  /** Gives the lease back, so that the next process need not wait for it. A failure costs that process 10 s. */
  async release(): Promise<void> {
    await this.#release([this.#key], [this.#token, 'release']).catch(() => {})
  }

  /** Forgets the import at its end. If that fails, Redis forgets it after 30 days. */
  async forget(): Promise<void> {
    await this.#release([this.#key], [this.#token, 'forget']).catch(() => {})
  }
}

const finishSchema = z.enum(['done', 'taken', 'behind', 'again'])

const holdSchema = z.union([
  z
    .tuple([z.literal('held'), z.string(), z.coerce.number(), z.string()])
    .transform(([kind, history, entries, done]) => ({ kind, history, record: { entries, done } })),
  z
    .tuple([z.literal('taken'), z.string(), z.string(), z.string(), z.coerce.number(), z.string(), z.coerce.number()])
    .transform(([kind, history, token, host, pid, place, untilMs]) => ({
      ...{ kind, history },
      owner: { token, host, pid, place, untilMs },
    })),
])

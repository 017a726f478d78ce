import { randomBytes } from 'node:crypto'
import type { RedisConnection } from '../../../redis/connection.ts'
import { type SealedEntry, toSignedText, toStoredText } from '../log/entry.ts'
import type { Body } from '../log/entry-body.ts'
import { type LogInRedis, readIdentity } from './log-identity.ts'
import type { ReceiptSeals } from './receipt-seals.ts'

/** An entry that is signed and not yet written. */
export interface Sealed {
  readonly sealer: string
  /** Number among the sealer's entries. */
  readonly n: number
  /** Epoch ms, by this host. */
  readonly time: number
  /** Whose log it was made for. */
  readonly identity: LogInRedis
  readonly keyId: string
  /** What Redis keeps: text, and the raw signature. */
  readonly text: string
  readonly signature: Buffer
  /** The numbers that the entry names as void. */
  readonly void: readonly number[]
}

/** An entry that Redis has confirmed. */
export interface WrittenEntry {
  readonly n: number
  /** Its id in the stream. */
  readonly id: string
  readonly void: readonly number[]
}

/** Longest silence of a sealer that goes on with its numbers. Keepers forget its numbers after a day. */
const SILENT_MS = 43_200_000
/** Entries that are remembered, to see whether Redis has lost them: 80 s of a fleet at 200 a second. */
const REMEMBERED = 16_384

/**
 * Signs what a process writes into the log of receipts, and numbers it.
 *
 * Each entry must be told to have been {@link written}, or else its number to be {@link voided}: later entries say so.
 * A number is signed once. So nobody can take an entry out of the log unseen once a later one of the same sealer is
 * there.
 */
export class Sealer {
  readonly #redis: RedisConnection
  readonly #prefix: string
  readonly #seals: ReceiptSeals
  #identity: Promise<LogInRedis> | undefined
  #id = newId()
  #n = 0
  #lastMs = 0
  readonly #open = new Set<number>()
  readonly #voids = new Set<number>()
  readonly #written: WrittenEntry[] = []
  /** App that the caller knows; else the fleet's, which may not be bound yet. */
  readonly #app: number | undefined

  constructor(options: { redis: RedisConnection; prefix: string; seals: ReceiptSeals; app?: number | undefined }) {
    this.#redis = options.redis
    this.#prefix = options.prefix
    this.#seals = options.seals
    this.#app = options.app
  }

  get seals(): ReceiptSeals {
    return this.#seals
  }

  get id(): string {
    return this.#id
  }

  /** The last entries that Redis has confirmed, oldest first. */
  get confirmed(): readonly WrittenEntry[] {
    return this.#written
  }

  /** Gives whose log it is. Asks Redis only the first time. */
  async identity(): Promise<LogInRedis> {
    this.#identity ??= readIdentity(this.#redis, this.#prefix, this.#app).catch((error: unknown) => {
      this.#identity = undefined
      throw error
    })
    return this.#identity
  }

  /** Signs an entry. Asks Redis only the first time. */
  async seal(body: Body): Promise<Sealed> {
    const identity = await this.identity()
    const time = Date.now()
    this.#renewAfterSilence()
    const n = ++this.#n
    this.#open.add(n)
    const voids = [...this.#voids]
    const [first = n] = this.#open
    const by = { sealer: this.#id, n, time, open: n - first, void: voids, unbound: identity.app === 0 }
    const entry: SealedEntry = { ...body, by }
    const signature = this.#seals.signing.sign(toSignedText(entry, identity))
    return {
      ...{ sealer: this.#id, n, time, identity, keyId: this.#seals.keyId, signature, void: voids },
      text: toStoredText(entry),
    }
  }

  /** Remembers that Redis has written an entry. */
  written({ sealer, n, void: voids }: Pick<Sealed, 'sealer' | 'n' | 'void'>, id: string): void {
    if (sealer !== this.#id) return
    this.#open.delete(n)
    for (const each of voids) this.#voids.delete(each)
    this.#written.push({ n, id, void: voids })
    if (this.#written.length > 2 * REMEMBERED) this.#written.splice(0, REMEMBERED)
  }

  /** Remembers that an entry was not written, or that nobody knows: the next one names its number. */
  voided({ sealer, n }: Pick<Sealed, 'sealer' | 'n'>): void {
    if (sealer !== this.#id || !this.#open.delete(n)) return
    this.#voids.add(n)
  }

  /** Names again what entries named as void that Redis has lost. */
  recall(lost: readonly WrittenEntry[]): void {
    for (const { void: voids } of lost) for (const each of voids) this.#voids.add(each)
  }

  /** Forgets entries that Redis has lost, once the log says so. */
  forget(lost: readonly WrittenEntry[]): void {
    const gone = new Set(lost.map(({ n }) => n))
    const kept = this.#written.filter(({ n }) => !gone.has(n))
    this.#written.splice(0, this.#written.length, ...kept)
  }

  /** Forgets whose log it is, since the fleet in Redis is another one now, and goes on as another sealer. */
  renew(): void {
    this.#identity = undefined
    this.#id = newId()
    this.#n = 0
    this.#open.clear()
    this.#voids.clear()
    this.#written.length = 0
  }

  #renewAfterSilence(): void {
    const now = performance.now()
    const wasSilent = this.#lastMs > 0 && now - this.#lastMs > SILENT_MS
    this.#lastMs = now
    if (wasSilent && this.#open.size === 0) this.renew()
  }
}

const newId = (): string => randomBytes(8).toString('base64url')

import { isSignedBy } from '../keys/ed25519.ts'
import type { ReceiptSeals } from '../keys/receipt-seals.ts'
import { CLOCKS_APART_MS, type LogEntry, toLeaf, toMissingLeaf, toSignedText } from '../log/entry.ts'
import type { BodyOf } from '../log/entry-body.ts'
import { isProvedByNewKey } from '../log/key-change.ts'
import { CompactRange, leafHash } from '../log/merkle.ts'
import type { LogIdentity } from '../log/origin.ts'
import { type NumbersState, SealerNumbers } from '../log/sealer-numbers.ts'
import { type StoredEntry, toLogEntry } from './read-entries.ts'

/** A fault of the log: where it shows first, and what is wrong, in words. */
export interface LogFault {
  readonly seq: number
  readonly what: string
}

/** A head that the log does not contain any more, as an entry of the log says. */
export interface LostHead {
  readonly size: number
  readonly root: string
}

/** How far a log was followed, and what must be known to go on. */
export interface FollowerState {
  readonly size: number
  /** Hashes of the compact range, base64. */
  readonly range: readonly string[]
  /** Public keys of the log in the order of their use, base64. */
  readonly keys: readonly string[]
  readonly numbers: NumbersState
  readonly lostHeads: readonly LostHead[]
  /** Number of the last entry by which a person took note of a fault; 0 where there is none. */
  readonly acknowledgedSeq: number
  /** Entries that are gone, and of which a person has taken note. */
  readonly missing: number
}

/** Lost heads that are remembered: each stands for a crash. */
const LOST_HEADS = 20

/** Follows a log entry by entry: checks each, and adds it to the tree. */
export class LogFollower {
  readonly #identity: LogIdentity
  readonly #seals: ReceiptSeals
  readonly range: CompactRange
  readonly #keys: Buffer[]
  readonly numbers: SealerNumbers
  readonly #lostHeads: LostHead[]
  /** Up to this number a person has taken note that entries do not fit. */
  #acknowledged = 0
  #acknowledgedSeq: number
  #missing: number

  /** @param state from which to go on; default: the beginning of a log that has had one key only */
  constructor(identity: LogIdentity, seals: ReceiptSeals, state?: Partial<FollowerState>) {
    this.#identity = identity
    this.#seals = seals
    this.range = new CompactRange(
      state?.size,
      state?.range?.map(each => Buffer.from(each, 'base64')),
    )
    this.#keys = state?.keys?.map(each => Buffer.from(each, 'base64')) ?? []
    this.numbers = new SealerNumbers(state?.numbers)
    this.#lostHeads = [...(state?.lostHeads ?? [])]
    this.#acknowledgedSeq = state?.acknowledgedSeq ?? 0
    this.#missing = state?.missing ?? 0
  }

  /**
   * Stands in front of the first entry that is kept.
   *
   * @param base how to go on after a trim
   * @param changes of the key, oldest first; needed where nothing was trimmed
   */
  static from(
    identity: LogIdentity,
    seals: ReceiptSeals,
    base: FollowerState | undefined,
    changes: readonly BodyOf<'key'>[],
  ): LogFollower {
    return new LogFollower(identity, seals, base ?? { keys: changes.slice(0, 1).map(({ from }) => from) })
  }

  get size(): number {
    return this.range.size
  }

  get acknowledgedSeq(): number {
    return this.#acknowledgedSeq
  }

  /** Entries that are not in Redis any more, and of which a person has taken note. */
  get missing(): number {
    return this.#missing
  }

  get lostHeads(): readonly LostHead[] {
    return this.#lostHeads
  }

  /** Public keys so far; the last one counts. */
  get keys(): readonly Buffer[] {
    return this.#keys
  }

  state(now: number): FollowerState {
    return {
      size: this.size,
      range: this.range.hashes.map(each => each.toString('base64')),
      keys: this.#keys.map(each => each.toString('base64')),
      numbers: this.numbers.state(now),
      lostHeads: this.#lostHeads.slice(-LOST_HEADS),
      acknowledgedSeq: this.#acknowledgedSeq,
      missing: this.#missing,
    }
  }

  copy(): LogFollower {
    return new LogFollower(this.#identity, this.#seals, this.state(0))
  }

  /** From now on entries up to this number that do not fit are taken for missing. */
  acknowledge(through: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, through)
  }

  /**
   * Checks the next entry, and adds it where it fits.
   *
   * @returns `missing` for one that does not fit and of which a person has taken note
   */
  follow(
    stored: StoredEntry,
    { checkSignature }: { readonly checkSignature: boolean },
  ): LogEntry | LogFault | 'missing' {
    while (stored.seq > this.size + 1 && this.size < this.#acknowledged) {
      this.#missing += 1
      this.#addMissing()
    }
    const entry = this.#check(stored, checkSignature || stored.seq <= this.#acknowledged)
    if (!('what' in entry)) return entry
    if (stored.seq !== this.size + 1 || stored.seq > this.#acknowledged) return entry
    this.#addMissing()
    return 'missing'
  }

  /** Gives an entry that a holder of the key has signed, wherever it stands. */
  genuine(stored: StoredEntry): LogEntry | undefined {
    const entry = toLogEntry(stored)
    const isGenuine = (by: Buffer): boolean =>
      entry !== undefined && isSignedBy(by, toSignedText(entry, this.#identity), stored.signature)
    return [this.#seals.signing.publicKey, ...this.#keys].some(isGenuine) ? entry : undefined
  }

  #addMissing(): void {
    this.range.append(leafHash(toMissingLeaf(this.size + 1)))
    if (this.size === this.#acknowledged) this.numbers.forget()
  }

  #check(stored: StoredEntry, checkSignature: boolean): LogEntry | LogFault {
    const fault = (what: string): LogFault => ({ seq: stored.seq, what })
    const expected = this.size + 1
    if (stored.seq < expected) return fault(`entry ${stored.seq} is there twice`)
    if (stored.seq > expected) return { seq: expected, what: gapText(expected, stored.seq - 1) }
    const entry = toLogEntry(stored)
    if (entry === undefined) return fault(`entry ${stored.seq} cannot be read`)
    if (checkSignature && !this.#isGenuine(entry, stored.signature))
      return fault(`entry ${stored.seq} is not signed with the key of the log`)
    if (Math.abs(entry.at - entry.by.time) > CLOCKS_APART_MS)
      return fault(`entry ${stored.seq} has another time than its sealer gave it`)
    if (entry.kind === 'key' && !isProvedByNewKey(entry.says, this.#identity))
      return fault(`entry ${stored.seq} is no change of the key`)
    if (this.numbers.add(entry.by, entry.at) === 'twice') {
      return fault(`entry ${stored.seq} is there twice, or out of order`)
    }
    this.#take(entry)
    return entry
  }

  #take(entry: LogEntry): void {
    this.range.append(leafHash(toLeaf(entry)))
    if (entry.kind === 'key') this.#keys.push(Buffer.from(entry.says.to, 'base64'))
    if (entry.kind === 'acknowledged') {
      this.numbers.forget()
      const { through, head } = entry.says
      this.#lostHeads.push({ size: Math.max(through, head?.size ?? 0), root: head?.root ?? '' })
      this.#acknowledgedSeq = entry.seq
    }
    if (entry.kind === 'lost') this.numbers.lose(entry.by.sealer, entry.says.numbers)
    if (entry.kind === 'lost' && entry.says.head !== null) this.#lostHeads.push(entry.says.head)
    if (this.size === this.#acknowledged) this.numbers.forget()
  }

  /** Signing again takes a third of the time of a check, and Ed25519 always gives the same signature. */
  #isGenuine(entry: LogEntry, signature: Buffer): boolean {
    const text = toSignedText(entry, this.#identity)
    const own = this.#seals.signing
    const key = this.#keys.at(-1) ?? own.publicKey
    if (key.equals(own.publicKey)) return own.sign(text).equals(signature)
    return isSignedBy(key, text, signature)
  }
}

/** Says which entries are missing. */
export const gapText = (from: number, to: number): string =>
  from === to ? `entry ${from} is missing` : `entries ${from} to ${to} are missing`

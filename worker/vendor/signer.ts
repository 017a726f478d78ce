import { Api } from 'tls-sig-api-v2'
import { type Clock, systemClock } from '../../limiter/clock.ts'

/** The vendor recommends at least a day (page 1047/34385, read 2026-11). */
const LIFETIME_SECONDS = 86_400

/** Identity and key of a signer. The signer calls `key` for each new signature, so that it uses a rotated key. */
export interface SignerOptions {
  readonly sdkAppId: number
  readonly admin: string
  readonly key: () => string
  /** Reads the key's file again, if there is one; says whether the key has changed. */
  readonly reloadKey: () => boolean
  readonly clock?: Clock
}

/**
 * Holds the one signature (UserSig) that all calls of this process carry, and renews it at half its life.
 *
 * It signs with the host's clock. The vendor may refuse a signature from a host whose clock runs far ahead.
 */
export class Signer {
  readonly #options: SignerOptions
  readonly #clock: Clock
  #signature = ''
  #generation = 0
  /** Whether the signature in use replaces a refused one, and the vendor has not accepted it yet. */
  #onTrial = false
  #signedAt = Number.NEGATIVE_INFINITY

  constructor(options: SignerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Gives the signature to send; signs anew when half its life of a day is over. */
  signature(): string {
    if (this.#clock.epochMs() - this.#signedAt > (LIFETIME_SECONDS * 1000) / 2) this.renew()
    return this.#signature
  }

  /** Signs anew at once, for instance because the vendor called the signature expired. */
  renew(): void {
    const { sdkAppId, admin, key } = this.#options
    this.#signature = new Api(sdkAppId, key()).genUserSig(admin, LIFETIME_SECONDS)
    this.#signedAt = this.#clock.epochMs()
    this.#generation += 1
  }

  /** Number of signatures made so far. The answer to an older signature says nothing about the one in use. */
  get generation(): number {
    return this.#generation
  }

  /** Notes that the vendor accepted the signature of this number. */
  accepted(generation: number): void {
    if (generation === this.#generation) this.#onTrial = false
  }

  /**
   * Notes that the vendor refused a signature, and signs anew if that may help. A rotated key always may. The same key
   * may if the refused signature can have been too old and did not itself replace a refused one; else each of a
   * thousand calls would sign anew in vain.
   *
   * @param generation number of the refused signature
   * @param mayBeTooOld whether the vendor's code can mean a signature that is too old
   * @returns whether the vendor may accept the signature in use now
   */
  refused(generation: number, mayBeTooOld: boolean): boolean {
    if (generation !== this.#generation) return true
    if (this.#reload()) return true
    if (!mayBeTooOld || this.#onTrial) return false
    this.renew()
    this.#onTrial = true
    return true
  }

  /** Signs anew, with the rotated key if there is one. */
  renewFromFile(): void {
    if (!this.#reload()) this.renew()
  }

  #reload(): boolean {
    const { reloadKey } = this.#options
    if (!reloadKey()) return false
    this.renew()
    return true
  }

  /** Gives the end of the current signature in epoch seconds; 0 before the first one. */
  expiresAt(): number {
    return this.#signature === '' ? 0 : Math.floor(this.#signedAt / 1000) + LIFETIME_SECONDS
  }
}

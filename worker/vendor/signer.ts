import { Api } from 'tls-sig-api-v2'
import { type Clock, systemClock } from '../../limiter/clock.ts'

/** The vendor recommends at least a day (page 1047/34385, read 2026-11). */
const LIFETIME_SECONDS = 86_400

/** What a signer is made from. `key` is asked for each new signature, so that a rotated key is used. */
export interface SignerOptions {
  readonly sdkAppId: number
  readonly admin: string
  readonly key: () => string
  /** Reads a rotated key, where the key comes from a file; tells whether it is another one. */
  readonly reloadKey: () => boolean
  readonly clock?: Clock
}

/**
 * Holds the one signature (UserSig) that all calls of this process carry, and renews it at half its life.
 *
 * The clock is the host's: a signature from a host whose clock runs far ahead may be refused by the vendor.
 */
export class Signer {
  readonly #options: SignerOptions
  readonly #clock: Clock
  #signature = ''
  #generation = 0
  /** Made because the one before was refused, and not accepted since. */
  #onTrial = false
  #signedAt = Number.NEGATIVE_INFINITY

  constructor(options: SignerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** The signature to send, made anew when half its life is over. */
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

  /** Counts the signatures made. A request that carried an older one says nothing about the one in use. */
  get generation(): number {
    return this.#generation
  }

  /** The vendor took a request with this signature. */
  accepted(generation: number): void {
    if (generation === this.#generation) this.#onTrial = false
  }

  /**
   * The vendor refused a signature. Signs anew where that may help: with a rotated key always, with the same key only
   * where the refused signature may have been too old and was not made for that reason itself. Otherwise a thousand calls
   * would each find out anew that signing does not help.
   *
   * @param generation the number of the signature that was refused
   * @param mayBeTooOld whether the vendor's code can mean that
   * @returns whether a request with the signature in use from now on may pass
   */
  refused(generation: number, mayBeTooOld: boolean): boolean {
    if (generation !== this.#generation) return true
    if (this.#reload()) return true
    if (!mayBeTooOld || this.#onTrial) return false
    this.renew()
    this.#onTrial = true
    return true
  }

  /** Signs anew, with the rotated key where there is one. */
  renewFromFile(): void {
    if (!this.#reload()) this.renew()
  }

  #reload(): boolean {
    const { reloadKey } = this.#options
    if (!reloadKey()) return false
    this.renew()
    return true
  }

  /** Epoch seconds at which the current signature ends; 0 before the first one. */
  expiresAt(): number {
    return this.#signature === '' ? 0 : Math.floor(this.#signedAt / 1000) + LIFETIME_SECONDS
  }
}

/**
 * Why no call was made: the fleet is paused or halted or another one's, the caller gave up or is not ready, or this
 * process drains.
 */
export type Closed = 'paused' | 'halted' | 'foreign' | 'aborted' | 'unready' | 'draining'

/** `sent`: the call was made and gave `value`. `closed`: no call was made, because of `by`. */
export type Paced<T> =
  | {
      readonly kind: 'sent'
      readonly value: T
      /** The caller calls it when the call has left, if that was later than when `send` returned. */
      readonly left: () => void
      /** The caller calls it when the answer is here: a call whose answer is late may have arrived late itself. */
      readonly answered: () => void
    }
  | { readonly kind: 'closed'; readonly by: Closed }

/** How a caller waits for its slot. */
export interface PaceOptions {
  /** Gives up the wait; it does not stop a call that was made. */
  readonly signal?: AbortSignal
  /** Its place in line: the lowest goes first; of the same rank, who came first. Default 0. */
  readonly rank?: number
  /** Asked at the slot. A caller that is not ready is closed as `unready`, and the next in line takes the slot. */
  readonly isReady?: () => boolean
}

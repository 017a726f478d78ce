import type { Command } from './client.ts'

/** A request that was sent: its command, and when it left, on this process' steady clock in ms. */
export interface SentCall {
  readonly command: Command
  readonly sentAt: number
}

/** A request may overtake one on its way to the vendor that left up to this long before it. */
const OVERTAKES_MS = 20

/**
 * The requests of this process: which are under way, which succeeded lately, and whether further ones may leave.
 *
 * *Held* traffic waits and keeps its place: for the moment in which this worker finds out whose fault an answer is.
 * *Closed* traffic is turned away, and its jobs go back to the queue.
 */
export class Traffic {
  readonly #underWay = new Set<SentCall>()
  readonly #lastSuccess = new Map<Command, number>()
  readonly #waiting = new Set<() => void>()
  #holds = 0
  #isClosed = false

  /** Whether a request may leave right now. */
  get isFree(): boolean {
    return this.#holds === 0 && !this.#isClosed
  }

  /** Waits while the traffic is held. Resolves to whether a request may leave; not when it is closed, or at the signal. */
  async mayLeave(signal: AbortSignal): Promise<boolean> {
    while (this.#holds > 0 && !this.#isClosed && !signal.aborted) await this.#nextChange(signal)
    return !this.#isClosed && !signal.aborted
  }

  /** Keeps further requests waiting until {@link release} was called as often. */
  hold(): void {
    this.#holds += 1
  }

  /** Ends one {@link hold}. */
  release(): void {
    this.#holds -= 1
    this.#tellAll()
  }

  closeGate(): void {
    this.#isClosed = true
    this.#tellAll()
  }

  openGate(): void {
    this.#isClosed = false
    this.#tellAll()
  }

  /** Notes a request that left. The caller must call the result once, with whether the vendor did as asked. */
  left(call: SentCall): (succeeded: boolean) => void {
    this.#underWay.add(call)
    return succeeded => {
      this.#underWay.delete(call)
      const last = this.#lastSuccess.get(call.command) ?? Number.NEGATIVE_INFINITY
      if (succeeded) this.#lastSuccess.set(call.command, Math.max(last, call.sentAt))
      this.#tellAll()
    }
  }

  /** Whether a request of this command that left after a moment of the steady clock has succeeded. */
  hasSucceededSince(command: Command, sinceMs: number): boolean {
    return (this.#lastSuccess.get(command) ?? Number.NEGATIVE_INFINITY) > sinceMs
  }

  /**
   * Whether a request of the same command that arrived after this one succeeds. Waits for the answers of those under way,
   * not for further ones.
   */
  async othersSucceed({ command, sentAt }: SentCall, signal: AbortSignal): Promise<boolean> {
    const behind = sentAt + OVERTAKES_MS
    const isLater = (call: SentCall): boolean => call.command === command && call.sentAt > behind
    while (!this.hasSucceededSince(command, behind)) {
      if (signal.aborted || ![...this.#underWay].some(isLater)) return false
      await this.#nextChange(signal)
    }
    return true
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const done = (): void => {
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  #tellAll(): void {
    for (const tell of this.#waiting) tell()
  }
}

import type { Worker } from 'bullmq'
import { LOCK_MS } from './lock-times.ts'

/** Redis may be away for most of a lock's time before a lock runs out. */
const RENEW_EVERY_MS = LOCK_MS / 4

interface Held {
  readonly token: string
  readonly lost: AbortController
}

/** Renews BullMQ's locks on the jobs in hand. */
export class Locks {
  readonly #worker: Pick<Worker, 'extendJobLocks'>
  readonly #onError: (error: unknown) => void
  readonly #held = new Map<string, Held>()
  #timer: NodeJS.Timeout | undefined

  /** @param onError called when locks could not be renewed */
  constructor(worker: Pick<Worker, 'extendJobLocks'>, onError: (error: unknown) => void) {
    this.#worker = worker
    this.#onError = onError
  }

  start(): void {
    this.#timer = setInterval(() => void this.#renew(), RENEW_EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Keeps the lock of a job until {@link drop}. The signal aborts when the lock is lost, or at {@link abortAll}. */
  keep(jobId: string, token: string): AbortSignal {
    const held = { token, lost: new AbortController() }
    this.#held.set(jobId, held)
    return held.lost.signal
  }

  drop(jobId: string): void {
    this.#held.delete(jobId)
  }

  abortAll(): void {
    for (const { lost } of this.#held.values()) lost.abort()
  }

  async #renew(): Promise<void> {
    const held = [...this.#held]
    if (held.length === 0) return
    const ids = held.map(([id]) => id)
    const tokens = held.map(([, { token }]) => token)
    try {
      const failed = new Set(await this.#worker.extendJobLocks(ids, tokens, LOCK_MS))
      // A job that ended meanwhile has no lock, and is not held any more.
      for (const [id, each] of held) if (failed.has(id) && this.#held.get(id) === each) each.lost.abort()
    } catch (error) {
      this.#onError(error)
    }
  }
}

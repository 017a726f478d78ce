import type { RedisServer } from './redis-server.ts'

/** Looks that are remembered: a minute of turns. */
const REMEMBERED = 12

/**
 * Looks at the newest number of a log, so that a keeper knows which entries have been there for some time, and are on the
 * replicas.
 */
export class Looks {
  readonly #looks: { readonly seq: number; readonly at: number; readonly written: number }[] = []
  #runId = ''

  /**
   * Remembers a look.
   *
   * @param server as it was after the newest number was read
   */
  look(seq: number, { runId, written }: RedisServer): void {
    if (runId !== this.#runId) this.forget()
    this.#runId = runId
    this.#looks.push({ seq, at: performance.now(), written })
    if (this.#looks.length > REMEMBERED) this.#looks.shift()
  }

  /** Gives the newest number that neither a crash of the server nor a failover takes back; 0 where none is known. */
  newestSafe({ mayLoseMs, replicated }: RedisServer): number {
    const before = performance.now() - mayLoseMs
    return this.#looks.findLast(({ at, written }) => at <= before && written <= replicated)?.seq ?? 0
  }

  forget(): void {
    this.#looks.length = 0
  }
}

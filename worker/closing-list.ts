/** Remembers how to close each part that was opened, and closes the last one first. */
export class ClosingList {
  readonly #closers: (() => unknown)[] = []
  #hasBegun = false

  /** Whether {@link closeAll} was called. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** Remembers how to close a part, and returns the part. */
  add<T>(part: T, close: (part: T) => unknown): T {
    this.#closers.push(() => close(part))
    return part
  }

  /** Closes all parts, one after the other. Safe to repeat. */
  async closeAll(): Promise<void> {
    this.#hasBegun = true
    for (const close of this.#closers.splice(0).reverse()) await close()
  }
}

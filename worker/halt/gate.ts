/** A part of a process that can be kept from working, and be let again. Both calls are safe to repeat. */
export interface Gated {
  closeGate(): void
  openGate(): void
}

/** The gate of a process: while it is closed, no part behind it fetches jobs or calls the vendor. */
export class Gate {
  readonly #parts: Gated[] = []

  /** Puts a part behind the gate. */
  add(part: Gated): void {
    this.#parts.push(part)
  }

  /** Closes the gate for all parts. */
  close(): void {
    for (const part of this.#parts) part.closeGate()
  }

  /** Opens it for all parts. */
  open(): void {
    for (const part of this.#parts) part.openGate()
  }
}

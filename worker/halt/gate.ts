/** A part of a process that can be stopped from working and started again. Both calls are safe to repeat. */
export interface Gated {
  closeGate(): void
  openGate(): void
}

/** Closes and opens all parts of a process at once: behind a closed gate no part fetches jobs or calls the vendor. */
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

  /** Opens the gate for all parts. */
  open(): void {
    for (const part of this.#parts) part.openGate()
  }
}

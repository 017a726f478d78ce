/** A part of a process that can be stopped from working and started again. Both calls are safe to repeat. */
export interface Gated {
  closeGate(): void
  openGate(): void
}

/** Why a gate is closed: the fleet stands still, or this worker alone stands aside. */
export type GateReason = 'fleet' | 'aside'

/**
 * Closes and opens all parts of a process at once: behind a closed gate no part fetches jobs or calls the vendor. It is
 * open when no reason is left to keep it closed.
 */
export class Gate {
  readonly #parts: Gated[] = []
  readonly #reasons = new Set<GateReason>()

  /** Whether the process may work. */
  get isOpen(): boolean {
    return this.#reasons.size === 0
  }

  /** Puts a part behind the gate. */
  add(part: Gated): void {
    this.#parts.push(part)
  }

  /** Closes the gate for all parts. Safe to repeat. */
  close(reason: GateReason): void {
    this.#reasons.add(reason)
    for (const part of this.#parts) part.closeGate()
  }

  /** Takes a reason away, and opens the gate for all parts if it was the last one. Safe to repeat. */
  open(reason: GateReason): void {
    if (this.#reasons.delete(reason) && this.#reasons.size === 0) for (const part of this.#parts) part.openGate()
  }
}

/** Time that passes as fast as the test runs, so that minutes of a fleet take seconds and repeat exactly. */
export interface VirtualTime {
  /** Ms since the beginning. */
  readonly nowMs: number
  /** Runs `act` at a moment; gives a function that cancels it. */
  at(ms: number, act: () => unknown): () => void
  /** Lets time pass up to a moment. Time stands still for the real work of each action. */
  passUntil(ms: number): Promise<void>
}

interface Planned {
  readonly ms: number
  readonly act: () => unknown
  isOff: boolean
}

/** Starts a time at 0. */
export function startVirtualTime(): VirtualTime {
  /** Planned actions; the next one to run is the last in the list. */
  const planned: Planned[] = []
  let nowMs = 0
  return {
    get nowMs() {
      return nowMs
    },
    at: (ms, act) => {
      const event = { ms: Math.max(ms, nowMs), act, isOff: false }
      // Of two actions for the same moment, the one planned first runs first.
      let index = planned.length
      while (index > 0 && (planned[index - 1]?.ms ?? 0) <= event.ms) index -= 1
      planned.splice(index, 0, event)
      return () => {
        event.isOff = true
      }
    },
    passUntil: async untilMs => {
      for (let next = planned.at(-1); next !== undefined && next.ms <= untilMs; next = planned.at(-1)) {
        planned.pop()
        if (next.isOff) continue
        nowMs = next.ms
        await next.act()
        await settled()
      }
      nowMs = untilMs
    },
  }
}

/** Resolves when all pending promise callbacks have run. */
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

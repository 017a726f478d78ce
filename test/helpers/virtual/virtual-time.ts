/** Time that passes as quickly as the test can follow, so that minutes of a fleet take seconds and repeat exactly. */
export interface VirtualTime {
  /** Ms since the beginning. */
  readonly nowMs: number
  /** Does something at a moment; gives what takes it back. */
  at(ms: number, act: () => unknown): () => void
  /** Lets time pass up to a moment. What happens may do real work, and time stands still for it. */
  passUntil(ms: number): Promise<void>
}

interface Planned {
  readonly ms: number
  readonly act: () => unknown
  isOff: boolean
}

/** Starts a time at 0. */
export function startVirtualTime(): VirtualTime {
  /** The next is the last. */
  const planned: Planned[] = []
  let nowMs = 0
  return {
    get nowMs() {
      return nowMs
    },
    at: (ms, act) => {
      const event = { ms: Math.max(ms, nowMs), act, isOff: false }
      // What was planned first for the same moment happens first.
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

/** Resolves when everything that follows from promises alone has happened. */
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

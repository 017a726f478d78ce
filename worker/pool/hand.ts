import type { Clock } from '../../limiter/clock.ts'

/** A job that was taken, as the {@link Hand} sees it. */
export interface Place {
  /** The job waits for the permit of its first call. */
  inLine(): void
  /** A request of the job was sent. From now on it counts as in hand alone, whatever it waits for. */
  left(): void
  /**
   * Reserves room in the line for the job that the end of this one brings along, until {@link end}; false where there is
   * none.
   */
  reserveNext(): boolean
  /** The job has ended or gone back. */
  end(): void
}

/**
 * A process asks for jobs while fewer seconds of calls than this wait for their permits. Half would leave a process that
 * stalls for 0.2 s without jobs.
 */
const LINE_SECONDS = 0.25
/**
 * The end of a job brings the next one along up to here, which costs no command of its own. Jobs end together after
 * 100 ms: with less than that above {@link LINE_SECONDS}, more of them must be asked for. More would only be more in hand.
 */
const BROUGHT_SECONDS = 0.38
/** Enough to go on while the next job is fetched; of 16 processes at 200 calls/s each gets 12 a second. */
const LINE_AT_LEAST = 4
/**
 * Jobs that may be on their way to the line (handshake, hook, look-ups) by the calls of the last second, and at least:
 * 64 over handshakes of 150 ms give a lone process all 200 calls of a second.
 */
const ON_THE_WAY_SECONDS = 1.5
const ON_THE_WAY_AT_LEAST = 64
const LATELY_MS = 1000

/**
 * Decides when a process takes another job: when few wait for the permit of their first call, by what the process got
 * lately. Jobs that wait for something else do not count, so a process has a job for every permit. Few jobs in hand
 * mean that an urgent one waits for few, and that few wait for their locks after kill -9.
 */
export class Hand {
  readonly #max: number
  readonly #clock: Clock
  readonly #leftAt: number[] = []
  #inHand = 0
  #onTheWay = 0
  #inLine = 0
  #reserved = 0
  #isOpen = true
  #tellRoom: (() => void) | undefined

  /** @param max most jobs in hand */
  constructor(max: number, clock: Clock) {
    this.#max = max
    this.#clock = clock
  }

  /** Number of jobs that were taken and have not ended. */
  get size(): number {
    return this.#inHand
  }

  /** Whether no job can be taken before one ends. */
  get isFull(): boolean {
    return this.#inHand >= this.#max
  }

  /** Resolves when another job must be asked for. One caller at a time. */
  async room(): Promise<void> {
    while (!this.needsJobs) {
      await new Promise<void>(resolve => {
        this.#tellRoom = resolve
      })
    }
  }

  /** Takes no job until {@link open}. */
  close(): void {
    this.#isOpen = false
  }

  open(): void {
    this.#isOpen = true
    this.#look()
  }

  /** Takes a job. */
  take(): Place {
    let state: 'on_the_way' | 'in_line' | 'left' | 'ended' = 'on_the_way'
    let hasReserved = false
    this.#inHand += 1
    this.#onTheWay += 1
    const leave = (): void => {
      if (state === 'on_the_way') this.#onTheWay -= 1
      if (state === 'in_line') this.#inLine -= 1
    }
    return {
      inLine: () => {
        if (state !== 'on_the_way') return
        leave()
        state = 'in_line'
        this.#inLine += 1
        this.#look()
      },
      left: () => {
        if (state === 'left' || state === 'ended') return
        leave()
        state = 'left'
        this.#leftAt.push(this.#clock.monotonicMs())
        this.#look()
      },
      reserveNext: () => {
        if (hasReserved || state === 'ended' || !this.#isBelow(BROUGHT_SECONDS)) return false
        hasReserved = true
        this.#reserved += 1
        return true
      },
      end: () => {
        if (state === 'ended') return
        leave()
        state = 'ended'
        if (hasReserved) this.#reserved -= 1
        this.#inHand -= 1
        this.#look()
      },
    }
  }

  /** Whether the process must ask for another job. */
  get needsJobs(): boolean {
    return this.#isBelow(LINE_SECONDS)
  }

  #isBelow(lineSeconds: number): boolean {
    if (!this.#isOpen || this.isFull) return false
    const lately = this.#leftLately()
    return (
      this.#inLine + this.#reserved < Math.max(LINE_AT_LEAST, lately * lineSeconds) &&
      this.#onTheWay < Math.max(ON_THE_WAY_AT_LEAST, lately * ON_THE_WAY_SECONDS)
    )
  }

  #leftLately(): number {
    const since = this.#clock.monotonicMs() - LATELY_MS
    while ((this.#leftAt[0] ?? Number.POSITIVE_INFINITY) < since) this.#leftAt.shift()
    return this.#leftAt.length
  }

  #look(): void {
    if (this.#tellRoom === undefined || !this.needsJobs) return
    this.#tellRoom()
    this.#tellRoom = undefined
  }
}

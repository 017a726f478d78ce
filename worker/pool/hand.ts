import type { Clock } from '../../limiter/clock.ts'

/** A job that was taken, as the {@link Hand} sees it. */
export interface Place {
  /** The job waits for the permit of its first call. */
  inLine(): void
  /** A request of the job was sent. From now on it counts as in hand alone, whatever it waits for. */
  left(): void
  /** The job has ended or gone back. */
  end(): void
}

/** Seconds of calls that may wait for their permits. Half would leave a process that stalls for 0.2 s without jobs. */
const LINE_SECONDS = 0.3
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

  /** Resolves when another job may be taken. One caller at a time. */
  async room(): Promise<void> {
    while (!this.hasRoom) {
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
      end: () => {
        if (state === 'ended') return
        leave()
        state = 'ended'
        this.#inHand -= 1
        this.#look()
      },
    }
  }

  /** Whether another job may be taken now. */
  get hasRoom(): boolean {
    if (!this.#isOpen || this.#inHand >= this.#max) return false
    const lately = this.#leftLately()
    return (
      this.#inLine < Math.max(LINE_AT_LEAST, lately * LINE_SECONDS) &&
      this.#onTheWay < Math.max(ON_THE_WAY_AT_LEAST, lately * ON_THE_WAY_SECONDS)
    )
  }

  #leftLately(): number {
    const since = this.#clock.monotonicMs() - LATELY_MS
    while ((this.#leftAt[0] ?? Number.POSITIVE_INFINITY) < since) this.#leftAt.shift()
    return this.#leftAt.length
  }

  #look(): void {
    if (this.#tellRoom === undefined || !this.hasRoom) return
    this.#tellRoom()
    this.#tellRoom = undefined
  }
}

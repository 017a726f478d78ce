const FIRST_CAPACITY = 1024

/** The fullest span of a given length seen so far. */
export interface WorstSpan {
  /** Arrivals in it; the span is half open: two arrivals exactly its length apart are not both in it. */
  readonly calls: number
  /** Stamp of its first arrival, monotonic ms; 0 when there was none. */
  readonly startedAt: number
}

/** One span length, slid over the arrivals as they come. */
class SlidingSpan {
  readonly spanMs: number
  oldest = 0
  worst: WorstSpan = { calls: 0, startedAt: 0 }

  constructor(spanMs: number) {
    this.spanMs = spanMs
  }
}

/**
 * Keeps the stamps of arrivals and, as each comes in, the worst rolling second and the worst rolling 100 ms.
 * Stamps lie in one array that doubles up to `capacity` and then forgets the oldest; the worst spans stay exact,
 * since no second holds that many.
 */
export class ArrivalLog {
  /** Arrivals ever recorded. */
  count = 0
  /** Arrivals at whose moment the rolling second held more than the limit in force. */
  overLimit = 0
  readonly #capacity: number
  readonly #second = new SlidingSpan(1000)
  readonly #tenth = new SlidingSpan(100)
  #stamps: Float64Array<ArrayBuffer>

  /** `capacity` is rounded up to a power of two; 2^21 stamps take 16 MB. */
  constructor(capacity = 2_097_152) {
    this.#capacity = 2 ** Math.ceil(Math.log2(Math.max(capacity, FIRST_CAPACITY)))
    this.#stamps = new Float64Array(FIRST_CAPACITY)
  }

  /** Adds an arrival; `at` must not be smaller than the one before. */
  record(at: number, limitPerSecond: number): void {
    this.#grow()
    this.#stamps[this.count & (this.#stamps.length - 1)] = at
    this.count += 1
    if (this.#slide(this.#second, at) > limitPerSecond) this.overLimit += 1
    this.#slide(this.#tenth, at)
  }

  get worstSecond(): WorstSpan {
    return this.#second.worst
  }

  get worstTenth(): WorstSpan {
    return this.#tenth.worst
  }

  /** Stamps that were forgotten because `capacity` was reached. */
  get dropped(): number {
    return Math.max(0, this.count - this.#stamps.length)
  }

  /** Copies the stamps still held, oldest first, monotonic ms. */
  stamps(): number[] {
    return Array.from({ length: this.count - this.dropped }, (_, index) => this.#at(this.dropped + index))
  }

  #at(position: number): number {
    return this.#stamps[position & (this.#stamps.length - 1)] ?? 0
  }

  /** Answers how many arrivals the span holds now. */
  #slide(span: SlidingSpan, at: number): number {
    while (at - this.#at(span.oldest) >= span.spanMs) span.oldest += 1
    const calls = this.count - span.oldest
    if (calls > span.worst.calls) span.worst = { calls, startedAt: this.#at(span.oldest) }
    return calls
  }

  #grow(): void {
    const length = this.#stamps.length
    if (this.count < length || length >= this.#capacity) return
    const larger = new Float64Array(length * 2)
    larger.set(this.#stamps)
    this.#stamps = larger
  }
}

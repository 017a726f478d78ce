import { once } from 'node:events'
import { Writable } from 'node:stream'

/** A stream that keeps the text that is written to it, and lets a test wait for what it is to hold. */
export class CollectedText extends Writable {
  readonly #lines: string[] = []
  #begun = ''
  #isOver = false

  /** What was written so far. */
  get text(): string {
    return [...this.#lines, this.#begun].join('\n')
  }

  /** The lines that were written whole so far; it grows. */
  get lines(): readonly string[] {
    return this.#lines
  }

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    const [first = '', ...more] = String(chunk).split('\n')
    const whole = [this.#begun + first, ...more]
    this.#begun = whole.pop() ?? ''
    this.#lines.push(...whole)
    this.emit('change')
    done()
  }

  override _final(done: () => void): void {
    this.#isOver = true
    this.emit('change')
    done()
  }

  /**
   * Waits until it holds something.
   *
   * @param find gives what is wanted as soon as it is there
   * @throws Error with all of the text, when the stream ends before
   */
  async until<T>(find: (lines: readonly string[]) => T | undefined): Promise<T> {
    for (;;) {
      const found = find(this.lines)
      if (found !== undefined) return found
      if (this.#isOver) throw new Error(`it ended before it wrote what was waited for: ${this.text}`)
      await once(this, 'change')
    }
  }
}

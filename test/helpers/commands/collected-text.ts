import { once } from 'node:events'
import { Writable } from 'node:stream'

/** A stream that keeps the text written to it, and lets a test wait for a text. */
export class CollectedText extends Writable {
  readonly #lines: string[] = []
  #begun = ''
  #isOver = false

  /** The text written so far. */
  get text(): string {
    return [...this.#lines, this.#begun].join('\n')
  }

  /** The complete lines written so far; the list grows. */
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
   * Waits until the stream holds a wanted text.
   *
   * @param find gives a value from the lines as soon as they hold the text
   * @throws Error with all of the text, when the stream ends before
   */
  async until<T>(find: (lines: readonly string[]) => T | undefined): Promise<T> {
    return this.#until(() => find(this.lines))
  }

  /** Waits until the stream holds this text, which need not be a whole line. Throws as {@link until} does. */
  async untilText(wanted: string): Promise<void> {
    await this.#until(() => (this.text.includes(wanted) ? true : undefined))
  }

  async #until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find()
      if (found !== undefined) return found
      if (this.#isOver) throw new Error(`it ended before it wrote what was waited for: ${this.text}`)
      await once(this, 'change')
    }
  }
}

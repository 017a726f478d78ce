import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'

const REDACTED = '[redacted]'

/**
 * Holds a key or token. It prints as `[redacted]` in logs, errors and JSON; `reveal()` is the only way to its text.
 */
export class Secret {
  #text: string
  readonly #file: string | undefined

  private constructor(text: string, file: string | undefined) {
    this.#text = text
    this.#file = file
  }

  /** Wraps a secret from a text, for instance from the environment. */
  static fromText(text: string): Secret {
    return new Secret(text, undefined)
  }

  /**
   * Reads a secret from a file, as container platforms mount them. A line end at the end of the file is cut off.
   *
   * @throws the error of the file system when the file cannot be read
   */
  static fromFile(file: string): Secret {
    return new Secret(readSecretFile(file), file)
  }

  /** Gives the text, for signing and nothing else. */
  reveal(): string {
    return this.#text
  }

  /**
   * Reads the file again, so that a worker uses a rotated key without a restart. A secret from a text stays as it is.
   *
   * @returns whether the text has changed
   * @throws the error of the file system when the file cannot be read; the old text stays
   */
  reload(): boolean {
    if (this.#file === undefined) return false
    const before = this.#text
    this.#text = readSecretFile(this.#file)
    return this.#text !== before
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [inspect.custom](): string {
    return REDACTED
  }
}

const readSecretFile = (file: string): string => readFileSync(file, 'utf8').replace(/\r?\n$/, '')

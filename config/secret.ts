import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'

const REDACTED = '[redacted]'

/**
 * Holds a key or token so that no log line, error or JSON can show it: however it is printed, it prints as `[redacted]`.
 * `reveal()` is the only way to the text.
 */
export class Secret {
  #text: string
  readonly #file: string | undefined

  private constructor(text: string, file: string | undefined) {
    this.#text = text
    this.#file = file
  }

  /** Wraps a secret that was given as text, for instance in the environment. */
  static fromText(text: string): Secret {
    return new Secret(text, undefined)
  }

  /**
   * Reads a secret from a file, as container platforms mount them. One line end at the end of the file is not part of it.
   *
   * @throws the error of the file system when the file cannot be read
   */
  static fromFile(file: string): Secret {
    return new Secret(readSecretFile(file), file)
  }

  /** Gives the text itself, for signing and for nothing else. */
  reveal(): string {
    return this.#text
  }

  /**
   * Reads the file again, so that a rotated key is taken up without a restart. A secret given as text stays as it is.
   *
   * @returns whether the text is another one now
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

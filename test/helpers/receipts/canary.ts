/** User ids that must not leak to any place, and the search for them. */
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { snapshot } from '../redis/snapshot.ts'

/** Part of every canary. The `@` lets the search also find a form in which a URL has made `%40` of it. */
const MARK = 'Canary@zq7x'

/** Makes up a user id to search for. */
export const canary = (name: string): string => `${MARK}.${name}`

/** Finds canaries in texts and bytes, in every encoding and digest that it knows. */
export class CanarySearch {
  readonly #forms: readonly (readonly [string, string])[]

  /** @param names of all canaries, see {@link canary}; for their digests */
  constructor(names: readonly string[]) {
    const mark = Buffer.from(MARK)
    this.#forms = [
      ['plain', MARK],
      ['URL', encodeURIComponent(MARK)],
      ['hex', mark.toString('hex')],
      ['JSON', MARK.replace('@', '\\u0040')],
      ...[0, 1, 2].map(shift => ['base64', base64Core(mark, shift)] as const),
      ['UTF-16', [...MARK].join('\0')],
      // Anyone with a list of ids finds the id of a digest that was made without a key.
      ...names.flatMap(name =>
        ['md5', 'sha1', 'sha256'].flatMap(algorithm => {
          const digest = createHash(algorithm).update(canary(name)).digest()
          return [digest.toString('hex'), digest.toString('base64url')].map(text => [algorithm, text] as const)
        }),
      ),
    ]
  }

  /** Gives a message with the place for each form that the content holds; none where it holds no canary. */
  find(place: string, content: string | Buffer): string[] {
    const text = typeof content === 'string' ? content : content.toString('latin1')
    const folded = text.toLowerCase()
    return this.#forms
      .filter(([form, needle]) => (form === 'hex' ? folded.includes(needle) : text.includes(needle)))
      .map(([form]) => `${place}: ${form}`)
  }

  /** Searches every key below a prefix: its name, its value, and the form in which Redis stores it. */
  async findInRedis(redis: Redis, prefix: string): Promise<string[]> {
    return (await snapshot(redis, prefix)).flatMap(({ name, type, values }) => {
      // No message names the whole key, which may be the leak.
      const place = `a ${type}, ${name.slice(prefix.length).split(':').slice(0, 2).join(':')}`
      return [...this.find('the name of a key', name), ...values.flatMap(value => this.find(place, value))]
    })
  }
}

/** Gives the base64 of bytes at an offset, without the characters that depend on their neighbours. */
function base64Core(bytes: Buffer, shift: number): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
  return encoded.slice(shift === 0 ? 0 : shift + 1, Math.floor(((bytes.length + shift) * 8) / 6) - 1)
}

/** User ids that must turn up nowhere, and the search for them. */
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { snapshot } from '../redis/snapshot.ts'

/** Part of every canary. The `@` is there to be found where a URL has made `%40` of it. */
const MARK = 'Canary@zq7x'

/** A made-up user id that is searched for. */
export const canary = (name: string): string => `${MARK}.${name}`

/** Finds canaries in texts and bytes, whatever they were written as. */
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
      // A digest without a key is as good as the id for whoever has a list of ids.
      ...names.flatMap(name =>
        ['md5', 'sha1', 'sha256'].flatMap(algorithm => {
          const digest = createHash(algorithm).update(canary(name)).digest()
          return [digest.toString('hex'), digest.toString('base64url')].map(text => [algorithm, text] as const)
        }),
      ),
    ]
  }

  /** Names each form that is in it, with a place for the message; none where all is well. */
  find(place: string, content: string | Buffer): string[] {
    const text = typeof content === 'string' ? content : content.toString('latin1')
    const folded = text.toLowerCase()
    return this.#forms
      .filter(([form, needle]) => (form === 'hex' ? folded.includes(needle) : text.includes(needle)))
      .map(([form]) => `${place}: ${form}`)
  }

  /** Searches every key below a prefix: its name, what it holds, and how Redis stores it. */
  async findInRedis(redis: Redis, prefix: string): Promise<string[]> {
    return (await snapshot(redis, prefix)).flatMap(({ name, type, values }) => {
      // Never the key itself in a message: it may be the leak.
      const place = `a ${type}, ${name.slice(prefix.length).split(':').slice(0, 2).join(':')}`
      return [...this.find('the name of a key', name), ...values.flatMap(value => this.find(place, value))]
    })
  }
}

/** What base64 makes of bytes wherever they stand: without the characters that their neighbours decide. */
function base64Core(bytes: Buffer, shift: number): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
  return encoded.slice(shift === 0 ? 0 : shift + 1, Math.floor(((bytes.length + shift) * 8) / 6) - 1)
}

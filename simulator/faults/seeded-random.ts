const FNV_PRIME = 16_777_619
const FNV_BASIS = 2_166_136_261

function fold(state: number, text: string): number {
  let hash = state
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME)
  }
  return hash
}

/** Spreads the bits, because the plain sum puts neighbours such as `user_1` and `user_2` next to each other. */
function finish(state: number): number {
  let hash = state ^ (state >>> 16)
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/**
 * Makes a function from text to a number in [0, 1) that depends on nothing but the seed, the salt and the text.
 * The same seed therefore always picks the same accounts; different salts pick independently of each other.
 */
export function hasher(seed: number, salt: string): (text: string) => number {
  const start = finish(fold(FNV_BASIS ^ seed, `${salt}\n`))
  return text => finish(fold(start, text)) / 4_294_967_296
}

/** Makes a sequence of numbers in [0, 1) that repeats with its seed and salt (mulberry32). */
export function sequence(seed: number, salt: string): () => number {
  let state = Math.floor(hasher(seed, salt)('sequence') * 4_294_967_296) | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/**
 * Makes a test for JSON texts that name one of these keys twice. `JSON.parse` takes the last one, and nobody knows which
 * one was meant. A key of the same name within a nested value counts too.
 *
 * @param keys of ASCII letters
 */
export function doubledKeys(keys: readonly string[]): (text: string) => boolean {
  const tests = keys.map(key => ({ quoted: `"${key}"`, doubled: new RegExp(`"${key}"\\s*:.*"${key}"\\s*:`, 's') }))
  return text => {
    const plain = unescapeLetters(text)
    // The first comparison is quick and spares most texts the second.
    return tests.some(
      ({ quoted, doubled }) => plain.indexOf(quoted) !== plain.lastIndexOf(quoted) && doubled.test(plain),
    )
  }
}

/** Replaces escapes of letters, because JSON may spell a letter of a key as an escape. */
const unescapeLetters = (text: string): string =>
  !text.includes('\\u')
    ? text
    : text.replace(/\\u00([4-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

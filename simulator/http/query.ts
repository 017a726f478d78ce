const NAMES = ['sdkappid', 'identifier', 'usersig', 'random', 'contenttype'] as const

/** The query parameters a vendor call carries; `undefined` when missing, repeated or spelled in another case. */
export type Query = Readonly<Partial<Record<(typeof NAMES)[number], string | undefined>>>

/**
 * Reads the query string of a vendor call. A key that stands there twice counts as missing, because nobody can tell
 * which one was meant. Answers `undefined` when the percent-encoding is broken.
 */
export function parseQuery(text: string): Query | undefined {
  const values = new Map<string, string | undefined>()
  try {
    for (const pair of text.split('&')) {
      const equals = pair.indexOf('=')
      const key = decodeURIComponent(equals < 0 ? pair : pair.slice(0, equals))
      const value = equals < 0 ? '' : decodeURIComponent(pair.slice(equals + 1))
      values.set(key, values.has(key) ? undefined : value)
    }
  } catch {
    return undefined
  }
  return Object.fromEntries(NAMES.map(name => [name, values.get(name)]))
}

/** Takes the signature out of a URL, so that it can stand in a log. */
export const redactUrl = (url: string): string => url.replace(/(usersig=)[^&]*/gi, '$1[redacted]')

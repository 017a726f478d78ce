/** Cuts everything that may be a password out of a text that is meant to be a URL, even a broken one. */
export const withoutPassword = (text: string): string =>
  text
    .replace(/^([a-z]+:\/\/)?.*@/is, '$1[redacted]@')
    .replace(/\?.*/s, '?[redacted]')
    // A user and a password without a host. Digits after a colon are a port.
    .replace(/^([a-z]+:\/\/[^:/]*:|[^:/]*:(?!\/\/))(?!\d+(?:\/|$)).+/is, '$1[redacted]')

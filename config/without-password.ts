/** Cuts whatever may be a password out of a text that was meant to be a URL, however broken it is. */
export const withoutPassword = (text: string): string =>
  text
    .replace(/^([a-z]+:\/\/)?.*@/is, '$1[redacted]@')
    .replace(/\?.*/s, '?[redacted]')
    // A user and a password without the host; what follows a host and a colon is a port.
    .replace(/^([a-z]+:\/\/[^:/]*:|[^:/]*:(?!\/\/))(?!\d+(?:\/|$)).+/is, '$1[redacted]')

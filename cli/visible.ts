/**
 * Characters that make a terminal do something: control characters, which begin escape sequences, and those that change
 * the direction of a line or break it.
 */
const STEERING = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

/**
 * Makes characters that steer a terminal visible, as in `\u001b`. Reasons, job ids and file names come from outside, and
 * one of them could clear the screen or forge a line. In JSON the written form means the same character, so JSON stays
 * the same value.
 */
export const visible = (line: string): string =>
  line.replace(STEERING, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

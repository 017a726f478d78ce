import type { Encoding } from './encoding.ts'
import { InputFormatError } from './input-format-error.ts'

/** `TextDecoder` puts it in the place of bytes that do not fit. */
const LOST = '\uFFFD'

/** Gives the text of the first bytes of an input. A letter that the end cuts off is left out. */
export const decodeStart = (start: Buffer, { label, bomBytes }: Encoding): string =>
  new TextDecoder(label, { ignoreBOM: true }).decode(start.subarray(bomBytes), { stream: true })

/**
 * Gives a text in UTF-8, without its byte-order mark. UTF-8 passes as it is, so that a line that is none can be rejected
 * alone. Elsewhere U+FFFD stands for half a letter of UTF-16 and for one that the end cuts off; no account may hold it.
 *
 * @throws {InputFormatError} when bytes do not fit another encoding than UTF-8 and UTF-16: there, it is not certain which
 *   of the bytes after them belong to the letter that is lost
 */
export function toUtf8(chunks: AsyncIterable<Buffer>, encoding: Encoding): AsyncGenerator<Buffer> {
  const bytes = withoutStart(chunks, encoding.bomBytes)
  return encoding.label === 'utf-8' ? bytes : decode(bytes, encoding.label)
}

async function* withoutStart(chunks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes
  for await (const chunk of chunks) {
    const kept = left === 0 ? chunk : chunk.subarray(left)
    left -= chunk.length - kept.length
    if (kept.length > 0) yield kept
  }
}

async function* decode(chunks: AsyncIterable<Buffer>, label: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(label, { ignoreBOM: true })
  const mustFit = !label.startsWith('utf-16')
  let line = 1
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true })
    if (mustFit && text.includes(LOST)) {
      throw new InputFormatError(
        `line ${line + breaksIn(text.slice(0, text.indexOf(LOST)))} holds bytes that are no ${label}. ` +
          'Name another encoding with --encoding, or mend the file and import it again; ' +
          'accounts that are in the queue are not enqueued twice.',
      )
    }
    line += breaksIn(text)
    if (text !== '') yield Buffer.from(text)
  }
  const rest = decoder.decode()
  if (rest !== '') yield Buffer.from(rest)
}

function breaksIn(text: string): number {
  let breaks = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) breaks += 1
  return breaks
}

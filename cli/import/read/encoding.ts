import { isUtf8 } from 'node:buffer'
import { InputFormatError } from './input-format-error.ts'

/** The encoding of an input. */
export interface Encoding {
  /** Name as `TextDecoder` gives it. */
  readonly label: string
  /** Bytes of the byte-order mark at the start. */
  readonly bomBytes: number
}

const BOMS = [
  { label: 'utf-8', bytes: Buffer.from([0xef, 0xbb, 0xbf]) },
  { label: 'utf-16le', bytes: Buffer.from([0xff, 0xfe]) },
  { label: 'utf-16be', bytes: Buffer.from([0xfe, 0xff]) },
] as const

/** First bytes of xlsx, ods and other zip files, and of the old xls. */
const SPREADSHEETS = [
  Buffer.from('PK\u0003\u0004'),
  Buffer.from('PK\u0005\u0006'),
  Buffer.from([0xd0, 0xcf, 0x11, 0xe0]),
]

/**
 * Recognises the encoding of a text by its start.
 *
 * @param start the first bytes of the input
 * @param wanted label that the operator gave; it must not contradict the bytes
 * @throws {InputFormatError} when the bytes are no text, contradict the label, or do not show their encoding
 */
export function recogniseEncoding(start: Buffer, wanted: string | undefined): Encoding {
  refuseSpreadsheet(start)
  const bom = BOMS.find(({ bytes }) => start.subarray(0, bytes.length).equals(bytes))
  const label = wanted === undefined ? undefined : canonical(wanted)
  if (bom !== undefined) {
    if (label === undefined || label === bom.label) return { label: bom.label, bomBytes: bom.bytes.length }
    throw new InputFormatError(
      `the input begins with the byte-order mark of ${bom.label}, and --encoding says ${label}. Leave --encoding out.`,
    )
  }
  refuseNuls(start, label)
  if (label === undefined || label === 'utf-8') requireUtf8(start)
  else refuseUtf8(start, label)
  return { label: label ?? 'utf-8', bomBytes: 0 }
}

function refuseSpreadsheet(start: Buffer): void {
  if (!SPREADSHEETS.some(magic => start.subarray(0, magic.length).equals(magic))) return
  throw new InputFormatError('this is a spreadsheet (xlsx, ods, xls) or a zip file. Save it as CSV UTF-8.')
}

function canonical(wanted: string): string {
  try {
    return new TextDecoder(wanted).encoding
  } catch {
    throw new InputFormatError(
      `--encoding ${wanted} is not known. For instance utf-8, utf-16le, windows-1252, gbk, shift_jis are.`,
    )
  }
}

/**
 * Refuses bytes with NULs, unless the label explains them. Letters of UTF-16 that are in ASCII too have a NUL each: all at
 * odd places in little endian, all at even places in big endian. The wrong one of the two makes other letters of them.
 */
function refuseNuls(start: Buffer, label: string | undefined): void {
  const places = [0, 0]
  for (let at = start.indexOf(0); at >= 0; at = start.indexOf(0, at + 1)) places[at % 2] = (places[at % 2] ?? 0) + 1
  const [even = 0, odd = 0] = places
  if (even + odd === 0) return
  const isUtf16 = Math.min(even, odd) === 0 && Math.max(even, odd) * NUL_SHARE >= start.length
  const seen = odd > even ? 'utf-16le' : 'utf-16be'
  if (isUtf16 && label === seen) return
  if (isUtf16) {
    const contradiction = label === undefined ? '' : `, and --encoding says ${label}`
    throw new InputFormatError(
      `the input looks like UTF-16 without a byte-order mark${contradiction}. Read it with --encoding ${seen}, ` +
        'or save it as UTF-8.',
    )
  }
  // A text in UTF-16 that is mostly Chinese has few NULs, so that they are no evidence against the label.
  if (label === 'utf-16le' || label === 'utf-16be') return
  throw new InputFormatError(
    'the input is a binary file; expected text. If it is text in UTF-16, say --encoding utf-16le or utf-16be.',
  )
}

/** A text in UTF-16 with at least one letter of ASCII in four has this share of NULs, one in so many bytes. */
const NUL_SHARE = 8

function requireUtf8(start: Buffer): void {
  const line = lineThatIsNoUtf8(start)
  if (line === undefined) return
  throw new InputFormatError(
    `line ${line} is no UTF-8. Name the encoding with --encoding, for instance windows-1252, which Excel writes in ` +
      'Western Europe, or gbk in China; or save the file as UTF-8.',
  )
}

/** So many letters beyond ASCII are UTF-8 by chance in none of the other encodings. */
const NO_CHANCE_LETTERS = 8

/** Refuses a label that would make other letters of a text in UTF-8, as `windows-1252` makes two of each `é`. */
function refuseUtf8(start: Buffer, label: string): void {
  if (label.startsWith('utf-16') || lineThatIsNoUtf8(start) !== undefined) return
  const letters = start.reduce((sum, byte) => sum + (byte >= 0xc0 ? 1 : 0), 0)
  if (letters < NO_CHANCE_LETTERS) return
  throw new InputFormatError(`the input is UTF-8, and --encoding says ${label}. Leave --encoding out.`)
}

/** Finds the first line, from 1, that is no UTF-8. A letter that the end cuts off is none. */
function lineThatIsNoUtf8(start: Buffer): number | undefined {
  if (isUtf8(start)) return undefined
  let number = 1
  let from = 0
  for (let at = start.indexOf(0x0a); at >= 0; at = start.indexOf(0x0a, from)) {
    if (!isUtf8(start.subarray(from, at))) return number
    from = at + 1
    number += 1
  }
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(start.subarray(from), { stream: true })
    return undefined
  } catch {
    return number
  }
}

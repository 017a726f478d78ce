import { parse } from 'csv-parse/sync'
import { isHeaderWord } from './header-words.ts'
import { InputFormatError } from './input-format-error.ts'
import { inWords, type ReadOptions } from './recognised.ts'

/** A column that is used. */
interface Column {
  /** Name as the header spells it, without spaces around it. */
  readonly name: string
  /** Place in a row, from 0. */
  readonly at: number
}

/** What the rows of a csv hold where. */
export interface CsvLayout {
  /** One, unless the header has one column only and so shows none: then no row may hold any of them. */
  readonly delimiters: readonly string[]
  /** Fields of a row. Empty ones behind them are padding, if there is one delimiter. */
  readonly width: number
  readonly account: Column
  readonly request?: Column
  readonly due?: Column
  /** Whether a line `sep=;` goes before the header, as Excel writes it. */
  readonly hasSepLine: boolean
}

/** The first record of a csv under one delimiter; `undefined` where the record breaks, or does not end. */
interface Header {
  readonly delimiter: string
  readonly names: readonly string[] | undefined
}

const DELIMITERS = [',', ';', '\t', '|']
const SEP_LINE = /^(?:sep=(.)|"sep=(.)")\r?\n/i

/**
 * Finds the header of a csv.
 *
 * @param text start of the input
 * @param isAll whether the text is the whole input
 * @returns `undefined` where no delimiter gives a column of the wanted name
 * @throws {InputFormatError} when there is such a column, but which one is meant, or where it is, is not certain
 */
export function findHeader(text: string, isAll: boolean, wanted: ReadOptions): CsvLayout | undefined {
  const sep = SEP_LINE.exec(text)
  const headers = readHeaders(text, isAll, wanted)
  const column = wanted.column ?? 'account'
  const fitting = headers.filter(({ names = [] }) => names.some(name => isNamed(name, column)))
  const severalColumns = fitting.filter(({ names = [] }) => names.length > 1)
  const [header] = severalColumns.length > 0 ? severalColumns : fitting
  if (header?.names === undefined) return undefined
  if (severalColumns.length > 1) {
    throw new InputFormatError(
      `the csv has the column "${column}" whether its delimiter is ` +
        `${severalColumns.map(({ delimiter }) => inWords(delimiter)).join(' or ')}. Say which with --delimiter.`,
    )
  }
  const { names } = header
  return {
    delimiters: severalColumns.length > 0 ? [header.delimiter] : fitting.map(({ delimiter }) => delimiter),
    width: names.findLastIndex(name => name.trim() !== '') + 1,
    account: columnOf(names, column),
    ...(wanted.requestColumn === undefined ? {} : { request: columnOf(names, wanted.requestColumn) }),
    ...(wanted.dueColumn === undefined ? {} : { due: columnOf(names, wanted.dueColumn) }),
    hasSepLine: sep !== null,
  }
}

/** Makes the error for a csv without a column of the wanted name. */
export function missingColumn(text: string, isAll: boolean, wanted: ReadOptions): InputFormatError {
  const column = wanted.column ?? 'account'
  const best = readHeaders(text, isAll, wanted).reduce((a, b) =>
    (b.names?.length ?? 0) > (a.names?.length ?? 0) ? b : a,
  )
  const { names, delimiter } = best
  if (names === undefined) {
    return new InputFormatError(
      'the header of the csv cannot be read: it is too long, or a quote in it is not closed or stands in a field that ' +
        'is not quoted.',
    )
  }
  const places = names.length === 1 ? '1 column' : `${names.length} columns by ${inWords(delimiter)}`
  const isOnlyHeader = names.every(name => isHeaderWord(name) || name.trim() === '')
  return new InputFormatError(
    `the csv has no column "${column}": its first line has ${places}, none of that name. ` +
      // The first line of a file without a header holds an account.
      (isOnlyHeader ? `They are called: ${names.map(name => name.trim()).join(', ')}. ` : '') +
      'Name the column of the user ids with --column; or say --format txt if each line is one user id and nothing else.',
  )
}

function readHeaders(text: string, isAll: boolean, { delimiter }: ReadOptions): readonly Header[] {
  const sep = SEP_LINE.exec(text)
  const told = sep?.[1] ?? sep?.[2]
  if (told !== undefined && delimiter !== undefined && told !== delimiter) {
    throw new InputFormatError(
      `the first line of the csv says that its delimiter is ${inWords(told)}, and --delimiter says ${inWords(delimiter)}.`,
    )
  }
  const body = text.slice(sep?.[0].length ?? 0)
  const one = delimiter ?? told
  const candidates = one === undefined ? DELIMITERS : [one]
  // Of a line that goes on behind the start, nobody knows all columns.
  const isWhole = isAll || body.includes('\n')
  return candidates.map(each => ({ delimiter: each, names: isWhole ? firstRecord(body, each) : undefined }))
}

function firstRecord(text: string, delimiter: string): readonly string[] | undefined {
  try {
    return parse(text, { delimiter, recordDelimiter: ['\r\n', '\n'], relaxColumnCount: true, to: 1 })[0]
  } catch {
    return undefined
  }
}

const plain = (name: string): string => name.normalize('NFC').trim().toLowerCase()

const isNamed = (name: string, wanted: string): boolean => plain(name) === plain(wanted)

function columnOf(names: readonly string[], wanted: string): Column {
  const places = names.flatMap((name, at) => (isNamed(name, wanted) ? [{ name: name.trim(), at }] : []))
  const [column] = places
  if (column === undefined) throw new InputFormatError(`the csv has no column "${wanted}". Check the options.`)
  if (places.length === 1) return column
  throw new InputFormatError(`the csv has the column "${wanted}" ${places.length} times. Give each a name of its own.`)
}

import { extname } from 'node:path'
import { parseJson } from '../../../config/parse-json.ts'
import { type CsvLayout, findHeader, missingColumn } from './csv-header.ts'
import { isHeaderWord } from './header-words.ts'
import { InputFormatError } from './input-format-error.ts'
import { type Format, inWords, type ReadOptions } from './recognised.ts'

/** The format of an input, with what its lines hold where. */
export type Layout =
  | { readonly format: 'ndjson' | 'json' }
  /** `isAsked`: the operator says that each line is an account, whatever it looks like. */
  | { readonly format: 'txt'; readonly isAsked: boolean }
  | { readonly format: 'csv'; readonly csv: CsvLayout }

/** Characters of formats that have more than an account in a line. */
const STRUCTURE = /[,;\t|"]/

const EXTENSIONS: Readonly<Record<string, Format>> = {
  '.txt': 'txt',
  '.csv': 'csv',
  '.tsv': 'csv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.json': 'json',
}

/**
 * Recognises the format of an input by its start. The content decides; an option or the extension may only agree with it.
 *
 * @param text start of the input, not empty
 * @param isAll whether the text is the whole input
 * @throws {InputFormatError} when the content does not show one format, or another one than option or name. The message
 *   holds no text of the input but usual names of columns.
 */
export function recogniseFormat(text: string, isAll: boolean, wanted: ReadOptions): Layout {
  const asked = askedFormat(wanted)
  if (asked !== undefined) return layoutAs(asked, text, isAll, wanted)
  const named = formatOfName(wanted.name)
  const found = plausible(text, isAll, wanted)
  if (found === undefined) {
    if (named !== undefined && named !== 'txt') return layoutAs(named, text, isAll, wanted)
    throw new InputFormatError(whyNone(text, isAll, wanted))
  }
  if (named === undefined || named === found.format) return found
  if (named === 'csv' && found.format === 'txt') throw missingColumn(text, isAll, wanted)
  throw new InputFormatError(
    `the name says ${named}, but the content looks like ${found.format}. Say which it is with --format.`,
  )
}

/** Gives the format of an empty input, which nothing shows but option and name. */
export const formatOfNothing = (wanted: ReadOptions): Format =>
  askedFormat(wanted) ?? formatOfName(wanted.name) ?? 'txt'

function formatOfName(name: string): Format | undefined {
  return EXTENSIONS[extname(name.replace(/\.gz$/i, '')).toLowerCase()]
}

function askedFormat(wanted: ReadOptions): Format | undefined {
  const option = csvOption(wanted)
  if (option === undefined || wanted.format === 'csv') return wanted.format
  if (wanted.format === undefined) return 'csv'
  throw new InputFormatError(`${option} is for csv, and --format says ${wanted.format}. Leave one of them out.`)
}

const csvOption = ({ column, delimiter, requestColumn, dueColumn }: ReadOptions): string | undefined =>
  column !== undefined
    ? '--column'
    : delimiter !== undefined
      ? '--delimiter'
      : requestColumn !== undefined
        ? '--request-column'
        : dueColumn !== undefined
          ? '--due-column'
          : undefined

/** Reads the content as the operator says, unless it is clear that it is something else. */
function layoutAs(format: Format, text: string, isAll: boolean, wanted: ReadOptions): Layout {
  const json = jsonIn(text)
  switch (format) {
    case 'txt':
      if (json === 'array' || json === 'object' || json === 'broken') throw isJson('txt', json)
      return { format, isAsked: true }
    case 'csv': {
      if (json === 'array' || json === 'object') throw isJson(csvOptionWords(wanted), json)
      const csv = findHeader(text, isAll, wanted)
      if (csv === undefined) throw missingColumn(text, isAll, wanted)
      return { format, csv }
    }
    case 'ndjson':
      if (json === 'object' || json === 'string') return { format }
      if (json === 'array') throw isJson('ndjson', json)
      throw new InputFormatError(
        'the first line is neither a JSON string nor a JSON object. An ndjson has one of them in each line, and none ' +
          'goes over several lines.',
      )
    case 'json':
      if (/^\s*\[/.test(text)) return { format }
      throw new InputFormatError(
        json === 'object' || json === 'string'
          ? 'the input is no JSON array. If each line is a JSON string or object, say --format ndjson.'
          : 'the input is no JSON array of strings or objects.',
      )
    default:
      return format satisfies never
  }
}

const csvOptionWords = (wanted: ReadOptions): string => (wanted.format === 'csv' ? 'csv' : (csvOption(wanted) ?? 'csv'))

function isJson(asked: string, json: 'array' | 'object' | 'broken'): InputFormatError {
  const what = { array: 'a JSON array', object: 'JSON, an object a line', broken: 'a JSON object over several lines' }[
    json
  ]
  const how = { array: '--format json', object: '--format ndjson', broken: 'one object a line and --format ndjson' }[
    json
  ]
  const told = asked.startsWith('--') ? `${asked} is for csv` : `it is to be read as ${asked}`
  return new InputFormatError(`the input looks like ${what}, and ${told}. Read it with ${how}.`)
}

/** What the first line that is not empty shows: JSON over several lines, or within one. */
function jsonIn(text: string): 'array' | 'object' | 'string' | 'broken' | undefined {
  if (/^\s*\[\s*(["{\]]|$)/.test(text)) return 'array'
  const first = text.trimStart()
  const value = parseJson(first.split('\n', 1)[0] ?? '')
  if (typeof value === 'string') return 'string'
  if (value !== undefined) return first.startsWith('{') ? 'object' : undefined
  return /^\{\s*("|$)/.test(first) ? 'broken' : undefined
}

function plausible(text: string, isAll: boolean, wanted: ReadOptions): Layout | undefined {
  const json = jsonIn(text)
  if (json === 'array') return { format: 'json' }
  if (json === 'object' || json === 'string') {
    if (isNdjson(text, formatOfName(wanted.name) === 'ndjson')) return { format: 'ndjson' }
  }
  const csv = json === 'object' ? undefined : findHeader(text, isAll, wanted)
  if (csv !== undefined) return { format: 'csv', csv }
  return json === undefined && notTxt(text, wanted) === undefined ? { format: 'txt', isAsked: false } : undefined
}

/** Tells whether lines are JSON strings and objects. Single ones that are not are rejected later where the name agrees. */
function isNdjson(text: string, nameAgrees: boolean): boolean {
  const first: unknown = parseJson(text.trimStart().split('\n', 1)[0] ?? '')
  // A csv of one quoted column looks the same.
  if (typeof first === 'string' && isHeaderWord(first)) return false
  return nameAgrees || text.split('\n').every(line => /^\s*(["{]|$)/.test(line))
}

/** Says why lines are perhaps no accounts. */
function notTxt(text: string, { column }: ReadOptions): string | undefined {
  const first = text.trimStart().split('\n', 1)[0] ?? ''
  if (isHeaderWord(first) || first.trim() === column) return 'the first line looks like a header'
  const at = text.search(STRUCTURE)
  if (at < 0) return undefined
  return `line ${text.slice(0, at).split('\n').length} holds a ${inWords(text[at] ?? '')}`
}

function whyNone(text: string, isAll: boolean, wanted: ReadOptions): string {
  if (jsonIn(text) === 'broken') {
    return (
      'the input begins like a JSON object that does not end in its first line. Expected one JSON string or object a ' +
      'line (ndjson), or a JSON array of them.'
    )
  }
  return (
    `it is not certain how to read the input: ${notTxt(text, wanted) ?? 'its lines are of several kinds'}, and ` +
    missingColumn(text, isAll, wanted).message
  )
}

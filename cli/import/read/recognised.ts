/** Formats that `import` reads. */
export const FORMATS = ['txt', 'csv', 'ndjson', 'json'] as const

/** One of {@link FORMATS}. */
export type Format = (typeof FORMATS)[number]

/** How the operator wants an input to be read. What is not given, the content must show. */
export interface ReadOptions {
  /** Name of the file, or `standard input`. Its extension must not contradict the content. */
  readonly name: string
  /** Epoch seconds from which spans such as `7d` count. */
  readonly now: number
  readonly format?: Format | undefined
  /** Name of the csv column that holds the account; default `account`. */
  readonly column?: string | undefined
  /** One character. */
  readonly delimiter?: string | undefined
  /** A label that `TextDecoder` knows. */
  readonly encoding?: string | undefined
  /** Name of the csv column that holds the request id; an empty cell is none. */
  readonly requestColumn?: string | undefined
  /** Name of the csv column that holds the due date; an empty cell is none. */
  readonly dueColumn?: string | undefined
}

/** How an input is read. Two readings of the same bytes with the same value give the same lines. */
export interface Recognised {
  readonly format: Format
  /** Name of the encoding as `TextDecoder` gives it, such as `utf-8`. */
  readonly encoding: string
  readonly gzipped: boolean
  /** Delimiter of a csv of several columns. */
  readonly delimiter?: string
  /** Columns of a csv that are used, as its header spells them. */
  readonly columns?: { readonly account: string; readonly request?: string; readonly due?: string }
}

/** Says how an input is read, for people: `csv, ";", UTF-16, column user_id`. */
export function describe({ format, encoding, gzipped, delimiter, columns }: Recognised): string {
  return [
    format,
    ...(delimiter === undefined ? [] : [inWords(delimiter)]),
    encodingInWords(encoding),
    ...(gzipped ? ['gzip'] : []),
    ...(columns === undefined ? [] : [`column ${columns.account}`]),
    ...(columns?.request === undefined ? [] : [`request column ${columns.request}`]),
    ...(columns?.due === undefined ? [] : [`due column ${columns.due}`]),
  ].join(', ')
}

const NAMES: Readonly<Record<string, string>> = { '\t': 'tab', '"': 'quote' }

/** Names a delimiter, or another character, in a message. */
export const inWords = (character: string): string => NAMES[character] ?? `"${character}"`

/** Names an encoding in a message. */
const encodingInWords = (label: string): string =>
  label.startsWith('utf-16') ? 'UTF-16' : label === 'utf-8' ? 'UTF-8' : label

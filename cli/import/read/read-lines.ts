import { parseJsonFields } from './fields.ts'
import { isHeaderWord } from './header-words.ts'
import { checkAccount, damageIn, type ImportLine, type Parsed, toImportLine } from './import-line.ts'
import { type Line, MAYBE_CUT_OFF, splitChunks } from './lines.ts'

/** Characters that begin or part fields in other formats than txt. */
const STRUCTURE = /[,;\t|"]/

/**
 * Reads an account a line.
 *
 * @param chunks UTF-8 in pieces of any size
 * @param isAsked whether the operator says that each line is an account, whatever it looks like
 */
export async function* readTxt(chunks: AsyncIterable<Buffer>, isAsked: boolean): AsyncGenerator<ImportLine> {
  const parse = isAsked ? checkAccount : parsePlain
  for await (const lines of splitChunks(chunks)) {
    for (const line of lines) yield toImportLine(line.number, parseWhole(line, parse))
  }
}

function parsePlain(text: string): Parsed {
  const oddity = oddityOf(text)
  return oddity === undefined ? checkAccount(text) : { fault: `${oddity}; --format txt takes it all the same` }
}

/** Says what in a line looks like something else than an account. */
function oddityOf(text: string): string | undefined {
  if (STRUCTURE.test(text)) return 'the line holds a quote or a delimiter'
  // Lists that were joined have a header in their middle.
  if (isHeaderWord(text)) return 'the line looks like a header'
  return damageIn(text)
}

/**
 * Reads a JSON string or object a line.
 *
 * @param chunks UTF-8 in pieces of any size
 * @param now epoch seconds from which spans count
 */
export async function* readNdjson(chunks: AsyncIterable<Buffer>, now: number): AsyncGenerator<ImportLine> {
  for await (const lines of splitChunks(chunks)) {
    for (const { number, text, fault } of lines) {
      // A string or object that ends cannot be cut off, so the last line needs no line break.
      yield toImportLine(number, text === null ? { fault } : parseJsonLine(text, now))
    }
  }
}

function parseJsonLine(text: string, now: number): Parsed {
  if (text.trim() === '') return { fault: 'the line is empty' }
  return parseJsonFields(text, 'line', now) ?? { fault: 'the line is no JSON' }
}

/** Parses a line of text that cannot be cut off. */
export function parseWhole({ text, fault, isEnded }: Line, parseLine: (text: string) => Parsed): Parsed {
  if (text === null) return { fault }
  return isEnded ? parseLine(text) : { fault: MAYBE_CUT_OFF }
}

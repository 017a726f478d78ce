import { parseJsonFields } from './fields.ts'
import { checkAccount, type ImportLine, type Parsed, toImportLine } from './import-line.ts'
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
  if (!STRUCTURE.test(text)) return checkAccount(text)
  return { fault: 'the line holds a quote or a delimiter; if that is a part of the account, say --format txt' }
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

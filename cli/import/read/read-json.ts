import { isUtf8 } from 'node:buffer'
import { parseJsonFields } from './fields.ts'
import { type ImportLine, toImportLine } from './import-line.ts'
import { ElementScanner } from './json-elements.ts'

/**
 * Reads the elements of a JSON array: strings or objects, as the lines of an ndjson.
 *
 * @param chunks UTF-8 in pieces of any size
 * @param now epoch seconds from which spans count
 * @throws {InputFormatError} when the array breaks, or is cut off
 */
export async function* readJson(chunks: AsyncIterable<Buffer>, now: number): AsyncGenerator<ImportLine> {
  const scanner = new ElementScanner()
  for await (const chunk of chunks) {
    for (const element of scanner.scan(chunk)) {
      const { line, number, bytes } = element
      const parsed = parseJsonFields(bytes.toString('utf8'), 'element', now)
      if (parsed === undefined) throw scanner.brokenAt(element)
      // Many elements may stand in one line.
      if (!isUtf8(bytes)) yield { line, fault: `element ${number}: it is not valid UTF-8` }
      else if ('fault' in parsed) yield { line, fault: `element ${number}: ${parsed.fault}` }
      else yield toImportLine(line, parsed)
    }
  }
  scanner.end()
}

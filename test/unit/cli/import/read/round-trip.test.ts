import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isHeaderWord } from '../../../../../cli/import/read/header-words.ts'
import type { ImportLine } from '../../../../../cli/import/read/import-line.ts'
import { readInput } from '../../../../../cli/import/read/read-input.ts'
import type { Format } from '../../../../../cli/import/read/recognised.ts'
import { accountFault } from '../../../../../jobs/job/clear-friends-job.ts'
import { cut, inPieces, places } from './bytes.ts'
import { NOW } from './read.ts'

/** A file as some program may write it, and how it is to be read. */
interface File {
  readonly bytes: Buffer
  readonly accounts: readonly string[]
  readonly encoding: string | undefined
  readonly format: Format
}

const account = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
    fc.string({
      unit: fc.constantFrom('a', '"', ',', ';', '|', ' ', '\\', '[', '{', 'é', '用', '🦊'),
      minLength: 1,
      maxLength: 6,
    }),
  )
  .filter(text => accountFault(text) === null)

/** Encodings, with the letters that they do not have. */
const ENCODINGS = {
  'utf-8': { write: (text: string) => Buffer.from(text), lacks: /$^/ },
  'utf-8 with a mark': { write: (text: string) => Buffer.from(`\uFEFF${text}`), lacks: /$^/ },
  'utf-16': { write: (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le'), lacks: /$^/ },
  'utf-16 big endian': { write: (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16(), lacks: /$^/ },
  // The letters of Latin-1 that no windows-1252 has another meaning for.
  'windows-1252': { write: (text: string) => Buffer.from(text, 'latin1'), lacks: /[^\0-~\xa0-\xff]/ },
} as const

const file: fc.Arbitrary<File> = fc
  .record({
    accounts: fc.array(account, { minLength: 1, maxLength: 8 }),
    format: fc.constantFrom<Format[]>('txt', 'csv', 'ndjson', 'json'),
    encoding: fc.constantFrom(...(Object.keys(ENCODINGS) as (keyof typeof ENCODINGS)[])),
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    quoted: fc.boolean(),
    others: fc.array(
      fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\n', '\t', '|', ' ', 'é'), maxLength: 4 }),
      { minLength: 1 },
    ),
    end: fc.constantFrom('\n', '\r\n'),
    packed: fc.boolean(),
  })
  .map(({ accounts, format, encoding, delimiter, quoted, others, end, packed }) => {
    const { write, lacks } = ENCODINGS[encoding]
    // Lines of accounts in quotes look like ndjson, and lines that begin like other JSON are refused even as txt. A line
    // that is the usual name of a column, such as `name`, is rejected (`read-lines.test.ts`).
    const isNoLine = (text: string) => format === 'txt' && (/^\s*[[{"]/.test(text) || isHeaderWord(text))
    const kept = accounts.filter(text => !lacks.test(text) && !isNoLine(text))
    const field = (text: string) => (quoted || /["\n,;\t|]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
    const row = (text: string, at: number) => [others[at % others.length] ?? '', text, 'x'].map(field).join(delimiter)
    const text = {
      txt: () => kept.map(each => each + end).join(''),
      csv: () => [`n${delimiter} Account ${delimiter}m`, ...kept.map(row)].map(each => each + end).join(''),
      ndjson: () => kept.map(each => JSON.stringify(each) + end).join(''),
      json: () => `[${end}${kept.map(each => JSON.stringify({ account: each })).join(`,${end}`)}${end}]`,
    }[format]()
    const bytes = write(text)
    return {
      bytes: packed ? gzipSync(bytes) : bytes,
      accounts: kept,
      encoding: encoding === 'windows-1252' ? encoding : undefined,
      format,
    }
  })

async function readFile({ encoding, format }: File, pieces: readonly Buffer[], isTold: boolean): Promise<ReadFile> {
  const found: ImportLine[] = []
  try {
    const wanted = { name: 'wave', now: NOW, encoding, ...(isTold ? { format } : {}) }
    const { lines } = await readInput(inPieces(...pieces), wanted)
    for await (const line of lines) found.push(line)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'INPUT_FORMAT')) throw error
    return { accounts: accountsOf(found), rejected: rejectedOf(found), isRefused: true }
  }
  return { accounts: accountsOf(found), rejected: rejectedOf(found), isRefused: false }
}

interface ReadFile {
  readonly accounts: readonly string[]
  readonly rejected: number
  readonly isRefused: boolean
}

const accountsOf = (lines: readonly ImportLine[]): string[] =>
  lines.flatMap(line => ('entry' in line ? [typeof line.entry === 'string' ? line.entry : line.entry.account] : []))

const rejectedOf = (lines: readonly ImportLine[]): number => lines.filter(line => 'fault' in line).length

it('a file gives exactly the accounts that were written, in each format, encoding and packing', async () => {
  await fc.assert(
    fc.asyncProperty(file, places, async (written, at) => {
      const { accounts } = written
      expect(await readFile(written, cut(written.bytes, at), true)).toEqual({ accounts, rejected: 0, isRefused: false })
    }),
    { numRuns: 300 },
  )
})

it('a file of which nobody says the format gives the accounts that were written, or is refused', async () => {
  await fc.assert(
    fc.asyncProperty(file, places, async (written, at) => {
      const found = await readFile(written, cut(written.bytes, at), false)
      if (found.isRefused) expect(found.accounts).toEqual([])
      else expect(found).toEqual({ accounts: written.accounts, rejected: 0, isRefused: false })
    }),
    { numRuns: 300 },
  )
})

it('a file that is cut off anywhere gives the first accounts that were written, and never half of one', async () => {
  await fc.assert(
    fc.asyncProperty(file, fc.nat(), places, fc.boolean(), async (written, length, at, isTold) => {
      const { accounts, rejected } = await readFile(
        written,
        cut(written.bytes.subarray(0, length % written.bytes.length), at),
        isTold,
      )
      expect(written.accounts.slice(0, accounts.length)).toEqual(accounts)
      expect(rejected).toBeLessThanOrEqual(1)
    }),
    { numRuns: 600 },
  )
})

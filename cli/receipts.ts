import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { Command } from 'commander'
import { loadSettings } from '../config/load-settings.ts'
import { type ExportOptions, type ExportSummary, exportReceipts } from '../jobs/receipts/export-receipts.ts'
import type { ExportPart } from '../jobs/receipts/findings.ts'
import { createReceiptSeals } from '../jobs/receipts/receipt-seals.ts'
import { type Verification, verifyReceipts } from '../jobs/receipts/verify-receipts.ts'
import { EXIT } from './exit-codes.ts'
import { fileFault } from './file-fault.ts'
import { withFleet } from './fleet-connection.ts'
import { splitLines } from './import/read/lines.ts'
import { requestOption, sinceOption, wholeNumber } from './job-options.ts'
import type { Shell } from './shell.ts'
import { count } from './words.ts'

/** `clear-friends receipts export|verify`: writes the receipts to stdout, and verifies such an export. */
export function receiptsCommand(shell: Shell): Command {
  return new Command('receipts')
    .description('Exports receipts, and verifies an export with nothing but RECEIPT_KEY.')
    .addCommand(exportCommand(shell))
    .addCommand(verifyCommand(shell))
}

function exportCommand(shell: Shell): Command {
  return new Command('export')
    .description('Writes receipts to standard output, one JSON object a line, oldest first.')
    .addOption(sinceOption('only receipts from then on'))
    .addOption(requestOption('only receipts of this request'))
    .option(
      '--after <seq>',
      'only receipts behind this number, to go on after an interruption',
      wholeNumber(0, 15, 'Expected the number of a receipt, 0 or more.'),
    )
    .action(shell.action((filter: ReceiptFilter) => writeReceipts(filter, shell)))
}

type ReceiptFilter = Pick<ExportOptions, 'after' | 'sinceMs' | 'request'>

async function writeReceipts(filter: ReceiptFilter, shell: Shell): Promise<number> {
  const { RECEIPT_KEY } = loadSettings(shell.environment, ['RECEIPT_KEY'])
  const seals = createReceiptSeals(RECEIPT_KEY.reveal())
  return withFleet(shell.environment, async ({ redis, prefix }) => {
    const lines = exportReceipts({ redis, prefix, seals, ...filter })
    for (;;) {
      const { value, done } = await lines.next()
      if (done) return tell(value, shell)
      await shell.write(`${value}\n`)
    }
  })
}

function tell({ lines, after, through, troubles }: ExportSummary, { say }: Shell): number {
  const range = through > after ? `, complete from number ${after + 1} to ${through}` : ''
  say(lines === 0 ? `no receipts fit${range}` : `${count(lines)} receipts${range}`)
  for (const trouble of troubles) say(trouble)
  if (troubles.length === 0) return EXIT.done
  say('what is not sealed cannot be proved: docs/receipts.md says what that means')
  return EXIT.failed
}

function verifyCommand(shell: Shell): Command {
  return new Command('verify')
    .description(
      'Verifies an export offline. Tells which line was changed, removed, inserted or moved; exit code 1 then.',
    )
    .argument('<file>', 'an export, or - for standard input')
    .option('--json', 'print what was found as one JSON object')
    .action(
      shell.action(async (file: string, options: { json?: true }) => {
        const { RECEIPT_KEY } = loadSettings(shell.environment, ['RECEIPT_KEY'])
        const texts = textsOf(file, shell.stdin)
        const verification = await verifyReceipts(texts, createReceiptSeals(RECEIPT_KEY.reveal()))
        if (options.json) shell.print(JSON.stringify(verification))
        else describe(verification, shell)
        return verification.findings.length > 0 || verification.lines === 0 ? EXIT.failed : EXIT.done
      }),
    )
}

/** @throws Error when the file cannot be read or is no text; its message names the file and the reason */
async function* textsOf(file: string, stdin: Readable): AsyncGenerator<string | null> {
  const chunks: AsyncIterable<Buffer> = file === '-' ? stdin : createReadStream(file)
  try {
    for await (const line of splitLines(chunks)) yield line.text
  } catch (error) {
    const isOfTheFile = error instanceof Error && 'syscall' in error
    throw isOfTheFile ? new Error(`${file}: it cannot be read (${fileFault(error)})`) : error
  }
}

/** Prints the findings first, then what the file proves and what it does not cover. */
function describe({ lines, genuine, exports, findings }: Verification, { print, say }: Shell): void {
  if (lines === 0) return say('the file is empty: it proves nothing, not even that there are no receipts')
  if (genuine === 0) {
    say('no line was sealed with this RECEIPT_KEY: it is another key, or this is no export of receipts')
    return
  }
  for (const { text } of findings) print(text)
  print(`${count(genuine)} of ${count(lines)} lines are genuine, ${count(findings.length)} findings`)
  for (const part of exports) print(describePart(part))
}

function describePart({ after, since, request, through }: ExportPart): string {
  const filter = [
    ...(request === null ? [] : [`of request "${request}"`]),
    ...(since === null ? [] : [`since ${since}`]),
  ].join(' ')
  const end = through === null ? 'its end is not in the file' : `complete up to number ${through}`
  return `export of all receipts ${filter === '' ? '' : `${filter} `}from number ${after + 1} on, ${end}; it says nothing of others`
}

import { Command } from 'commander'
import { type ExportOptions, type ExportSummary, exportReceipts } from '../../jobs/receipts/export/export-receipts.ts'
import { EXIT } from '../exit-codes.ts'
import { withFleet } from '../fleet-connection.ts'
import { requestOption, sinceOption, wholeNumber } from '../job-options.ts'
import type { Shell } from '../shell.ts'
import { counted } from '../words.ts'
import { loadSeals } from './load-seals.ts'

/** `clear-friends receipts export`: writes the log of receipts to stdout. */
export function exportCommand(shell: Shell): Command {
  return new Command('export')
    .description(
      'Writes the log of receipts to standard output, one JSON object a line, oldest first, a signed end last.',
    )
    .addOption(sinceOption('only entries from then on, and some before'))
    .addOption(requestOption('only what concerns this request'))
    .option(
      '--after <seq>',
      'only entries behind this number, to go on after an earlier export',
      wholeNumber(0, 15, 'Expected the number of an entry, 0 or more.'),
    )
    .action(
      shell.action((filter: Pick<ExportOptions, 'after' | 'sinceMs' | 'request'>) => writeReceipts(filter, shell)),
    )
}

async function writeReceipts(
  filter: Pick<ExportOptions, 'after' | 'sinceMs' | 'request'>,
  shell: Shell,
): Promise<number> {
  const seals = loadSeals(shell.environment)
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
  say(lines === 0 ? `no entries fit${range}` : `${counted(lines, 'line')}${range}`)
  for (const trouble of troubles) say(trouble)
  if (troubles.length === 0) return EXIT.done
  say('the export is not signed, since this cannot be proved: docs/receipts.md says what that means')
  return EXIT.failed
}

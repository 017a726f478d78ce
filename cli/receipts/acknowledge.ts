import { Command } from 'commander'
import { acknowledge } from '../../jobs/receipts/keep/acknowledge.ts'
import { EXIT } from '../exit-codes.ts'
import { withFleet } from '../fleet-connection.ts'
import type { Shell } from '../shell.ts'
import { loadSeals } from './load-seals.ts'

/** `clear-friends receipts acknowledge --reason`: takes note of a broken log, so that its heads are signed again. */
export function acknowledgeCommand({ environment, print, action }: Shell): Command {
  return new Command('acknowledge')
    .description(
      'Takes note that the log of receipts is broken, and says so in the log. Workers then sign heads again.',
    )
    .requiredOption('--reason <text>', 'what was found; it stands in the log, so it must name no person')
    .action(
      action(async ({ reason }: { reason: string }) => {
        const seals = loadSeals(environment)
        return withFleet(environment, async ({ redis, prefix }) => {
          const what = await acknowledge(redis, prefix, seals, reason)
          print(what === undefined ? 'the log of receipts is not broken; nothing was done' : `taken note of: ${what}`)
          return what === undefined ? EXIT.failed : EXIT.done
        })
      }),
    )
}

import { Command } from 'commander'
import { setFleetRate } from '../../jobs/status/fleet-control.ts'
import { createFleetStatusReader } from '../../jobs/status/fleet-status.ts'
import { EXIT } from '../exit-codes.ts'
import { withFleet } from '../fleet-connection.ts'
import { wholeNumber } from '../job-options.ts'
import type { Shell } from '../shell.ts'

const RATE_FAULT = 'Expected a whole number of calls per second, at least 1.'

/** `clear-friends rate [n]`: shows the fleet's rate, or sets it for the next call of every worker. */
export function rateCommand({ environment, print, action }: Shell): Command {
  return new Command('rate')
    .description('Shows the rate, or sets it for the whole fleet at once. Never above RATE_LIMIT_PER_SECOND.')
    .argument('[n]', 'calls per second, a whole number', wholeNumber(1, 9, RATE_FAULT))
    .option('--json', 'print the rate as JSON')
    .action(
      action((wanted: number | undefined, options: { json?: true }) =>
        withFleet(environment, async ({ redis, prefix, limit }) => {
          const read = createFleetStatusReader(redis, prefix, limit)
          if (wanted !== undefined) await setFleetRate(redis, prefix, wanted, (await read()).rate.limit)
          const { rate } = await read()
          const words = `${rate.allowed} calls per second allowed, ${rate.limit} is the ceiling`
          print(options.json ? JSON.stringify(rate) : words)
          return EXIT.done
        }),
      ),
    )
}

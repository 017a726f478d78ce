import { Command, InvalidArgumentError } from 'commander'
import { setFleetRate } from '../jobs/status/fleet-control.ts'
import { createFleetStatusReader } from '../jobs/status/fleet-status.ts'
import { EXIT } from './exit-codes.ts'
import { withFleet } from './fleet-connection.ts'
import type { Shell } from './shell.ts'

/** `clear-friends rate [n]`: shows the fleet's rate, or sets it for the next call of every worker. */
export function rateCommand({ environment, print, action }: Shell): Command {
  return new Command('rate')
    .description('Shows the rate, or sets it for the whole fleet at once. Never above RATE_LIMIT_PER_SECOND.')
    .argument('[n]', 'calls per second, a whole number', parseRate)
    .option('--json', 'print the rate as JSON')
    .action(
      action((wanted: number | undefined, options: { json?: true }) =>
        withFleet(environment, async fleet => {
          const { RATE_LIMIT_PER_SECOND: ceilingPerSecond, RATE_LIMIT_MARGIN: margin } = fleet.settings
          if (wanted !== undefined) await setFleetRate(fleet.redis, fleet.prefix, wanted, ceilingPerSecond)
          const { rate } = await createFleetStatusReader(fleet.redis, fleet.prefix, { ceilingPerSecond, margin })()
          if (options.json) print(JSON.stringify(rate))
          else print(`${rate.allowed} calls per second allowed, ${rate.limit} is the ceiling`)
          return EXIT.done
        }),
      ),
    )
}

function parseRate(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) >= 1) return Number(text)
  throw new InvalidArgumentError('Expected a whole number of calls per second, at least 1.')
}

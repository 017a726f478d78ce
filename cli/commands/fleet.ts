import { Command } from 'commander'
import { loadSettings } from '../../config/load-settings.ts'
import { createReceiptSeals } from '../../jobs/receipts/keys/receipt-seals.ts'
import { contractOf } from '../../jobs/status/fleet-contract.ts'
import { type FleetView, readFleetView } from '../../jobs/status/fleet-view.ts'
import { moveFleet } from '../../jobs/status/move-fleet.ts'
import { EXIT } from '../exit-codes.ts'
import { withFleet } from '../fleet-connection.ts'
import type { Shell } from '../shell.ts'
import { count } from '../words.ts'

/** `clear-friends fleet`: shows what the fleet is bound to and its live workers; `fleet rebind` moves it. */
export function fleetCommand(shell: Shell): Command {
  return new Command('fleet')
    .description('Shows app, host, key, ceiling, data version and live workers of the fleet.')
    .option('--json', 'print one JSON object')
    .action(
      shell.action((options: { json?: true }) =>
        withFleet(
          shell.environment,
          async ({ redis, prefix }) => {
            const view = await readFleetView(redis, prefix)
            shell.print(options.json ? JSON.stringify(view) : describe(view))
            return EXIT.done
          },
          'any',
        ),
      ),
    )
    .addCommand(rebindCommand(shell))
}

function rebindCommand({ environment, print, say, action }: Shell): Command {
  return new Command('rebind')
    .description('Binds a fleet without workers and jobs to the app, host and key of the settings.')
    .action(
      action(async () => {
        const settings = loadSettings(environment, ['IM_SDK_APP_ID', 'IM_BASE_URL', 'RECEIPT_KEY'])
        const contract = contractOf(settings, createReceiptSeals(settings.RECEIPT_KEY.reveal()))
        return withFleet(
          environment,
          async ({ redis, prefix }) => {
            const aside = await moveFleet(redis, prefix, contract)
            if (aside !== undefined)
              say(`the receipts of the former app are kept: REDIS_PREFIX='${aside}' clear-friends receipts export`)
            print(`bound to app ${contract.app} at ${contract.host}`)
            return EXIT.done
          },
          'any',
        )
      }),
    )
}

const UNBOUND = 'not bound yet; the first worker does it'

function describe({ app, host, key, ceilingPerSecond, version, workers }: FleetView): readonly string[] {
  return [
    `app       ${app ?? UNBOUND}`,
    `host      ${host ?? UNBOUND}`,
    `key       ${key ?? UNBOUND}`,
    `ceiling   ${ceilingPerSecond === null ? 'no worker lives' : `${count(ceilingPerSecond)} calls per second, the lowest of the live workers`}`,
    `version   ${version ?? UNBOUND}`,
    `workers   ${count(workers.length)}`,
    ...workers.map(
      each =>
        `  ${each.host} (${each.pid}) since ${each.startedAt}, version ${each.version}, ceiling ${count(each.ceilingPerSecond)}${each.aside === null ? '' : `, stands aside: ${each.aside.code}`}`,
    ),
  ]
}

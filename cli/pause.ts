import { Command } from 'commander'
import { createFleetControl } from '../jobs/status/fleet-control.ts'
import { EXIT } from './exit-codes.ts'
import { withFleet } from './fleet-connection.ts'
import type { Shell } from './shell.ts'

/** `clear-friends pause`: keeps all workers from calling the vendor until `resume`. */
export function pauseCommand({ environment, print, action }: Shell): Command {
  return new Command('pause')
    .description('Pauses the whole fleet. Jobs stay in the queue; calls under way end.')
    .option('--reason <text>', 'why, for whoever looks at the status', 'no reason given')
    .action(
      action(({ reason }: { reason: string }) =>
        withFleet(environment, async fleet => {
          await createFleetControl(fleet.redis, await fleet.openQueue(), fleet.prefix).pause({
            reason,
            sinceMs: Date.now(),
          })
          print('paused')
          return EXIT.done
        }),
      ),
    )
}

/** `clear-friends resume`: ends a pause and a halt. */
export function resumeCommand({ environment, print, action }: Shell): Command {
  return new Command('resume')
    .description('Resumes the whole fleet after a pause or a halt.')
    .option('--reason <text>', 'why, for the record and for whoever looks at the status', 'no reason given')
    .action(
      action(({ reason }: { reason: string }) =>
        withFleet(environment, async fleet => {
          await createFleetControl(fleet.redis, await fleet.openQueue(), fleet.prefix).resume({
            reason,
            atMs: Date.now(),
          })
          print('resumed')
          return EXIT.done
        }),
      ),
    )
}

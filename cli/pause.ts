import { Command } from 'commander'
import { createFleetControl } from '../jobs/status/fleet-control.ts'
import { withFleet } from './fleet-connection.ts'
import { print } from './output.ts'

/** `clear-friends pause`: no further call by anybody, until `resume`. */
export function pauseCommand(): Command {
  return new Command('pause')
    .description('Pauses the whole fleet. Jobs stay in the queue; calls under way end.')
    .option('--reason <text>', 'why, for whoever looks at the status', 'no reason given')
    .action(async ({ reason }: { reason: string }) => {
      await withFleet(async fleet => {
        await createFleetControl(fleet.redis, await fleet.openQueue(), fleet.prefix).pause({
          reason,
          sinceMs: Date.now(),
        })
        print('paused')
      })
    })
}

/** `clear-friends resume`: ends a pause, and a halt. */
export function resumeCommand(): Command {
  return new Command('resume')
    .description('Resumes the whole fleet after a pause or a halt.')
    .option('--reason <text>', 'why, for the record and for whoever looks at the status', 'no reason given')
    .action(async ({ reason }: { reason: string }) => {
      await withFleet(async fleet => {
        await createFleetControl(fleet.redis, await fleet.openQueue(), fleet.prefix).resume({
          reason,
          atMs: Date.now(),
        })
        print('resumed')
      })
    })
}

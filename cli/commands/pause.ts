import { Command } from 'commander'
import { openQueue } from '../../jobs/job/queue.ts'
import { createFleetControl, type FleetControl } from '../../jobs/status/fleet-control.ts'
import { EXIT } from '../exit-codes.ts'
import { withFleet } from '../fleet-connection.ts'
import type { Shell } from '../shell.ts'

/** `clear-friends pause`: keeps all workers from calling the vendor until `resume`. */
export function pauseCommand(shell: Shell): Command {
  return new Command('pause')
    .description('Pauses the whole fleet. Jobs stay in the queue; calls under way end.')
    .option('--reason <text>', 'why, for whoever looks at the status', 'no reason given')
    .action(
      shell.action(({ reason }: { reason: string }) =>
        steerFleet(shell, 'paused', control => control.pause({ reason, sinceMs: Date.now() })),
      ),
    )
}

/** `clear-friends resume`: ends a pause and a halt. */
export function resumeCommand(shell: Shell): Command {
  return new Command('resume')
    .description('Resumes the whole fleet after a pause or a halt.')
    .option('--reason <text>', 'why, for the record and for whoever looks at the status', 'no reason given')
    .action(
      shell.action(({ reason }: { reason: string }) =>
        steerFleet(shell, 'resumed', control => control.resume({ reason, atMs: Date.now() })),
      ),
    )
}

function steerFleet(
  { environment, print }: Shell,
  done: string,
  steer: (control: FleetControl) => Promise<void>,
): Promise<number> {
  return withFleet(environment, async ({ redis, prefix }) => {
    const queue = await openQueue(redis, prefix)
    await steer(createFleetControl(redis, queue, prefix)).finally(() => queue.close())
    print(done)
    return EXIT.done
  })
}

import { Command } from 'commander'
import { runWorker } from '../../worker/main.ts'
import type { Shell } from '../shell.ts'

/** `clear-friends worker`: runs a worker process until SIGTERM or SIGINT, or until the queue is empty. */
export function workerCommand({ environment }: Shell): Command {
  return new Command('worker')
    .description('Runs a worker until SIGTERM or SIGINT. Settings come from the environment.')
    .option(
      '--until-empty',
      'end when no job is left, waiting for those that are to be retried. Exit code 0; 3 if dead letters or unproved ' +
        'clears are left; 75 if it was stopped before, or the fleet stands still',
    )
    .action(async ({ untilEmpty = false }: { untilEmpty?: boolean }) => {
      const exitCode = await runWorker({ environment, untilEmpty })
      // Jobs are still in hand after a deadline or a second signal. They must not keep the process alive.
      process.exit(exitCode)
    })
}

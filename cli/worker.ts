import { Command } from 'commander'
import { runWorker } from '../worker/main.ts'

/** `clear-friends worker`: runs a worker process until SIGTERM or SIGINT. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('Runs a worker until SIGTERM or SIGINT. Settings come from the environment.')
    .action(async () => {
      const exitCode = await runWorker({ environment: process.env })
      // After a deadline or a second signal jobs are still in hand; they must not keep the process alive.
      process.exit(exitCode)
    })
}

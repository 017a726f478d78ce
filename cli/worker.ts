import { Command } from 'commander'
import { runWorker } from '../worker/main.ts'
import type { Shell } from './shell.ts'

/** `clear-friends worker`: runs a worker process until SIGTERM or SIGINT. */
export function workerCommand({ environment }: Shell): Command {
  return new Command('worker')
    .description('Runs a worker until SIGTERM or SIGINT. Settings come from the environment.')
    .action(async () => {
      const exitCode = await runWorker({ environment })
      // Jobs are still in hand after a deadline or a second signal. They must not keep the process alive.
      process.exit(exitCode)
    })
}

import { expect } from 'vitest'
import { keysOf } from '../../../redis/keys.ts'
import { type BegunCommand, beginCommand } from '../../helpers/commands/run-command.ts'
import { eventually } from '../../helpers/eventually.ts'
import { startCommand } from '../../helpers/processes/start-command.ts'
import type { CommandKeySpace } from './key-space.ts'

/** Makes the lines of a list of so many accounts. */
export const users = (count: number): string => Array.from({ length: count }, (_, n) => `user_${n}\n`).join('')

/** Counts the jobs that wait in line. */
export const queued = ({ redis, prefix }: CommandKeySpace): Promise<number> =>
  redis.zcard(`${keysOf(prefix).queue}prioritized`)

/** Waits until so many jobs are in line. */
const untilQueued = (keySpace: CommandKeySpace, jobs: number): Promise<void> =>
  eventually(`${jobs} jobs`, async () => (await queued(keySpace)) >= jobs)

/** Begins an import that cannot come to its end, and waits until it has enqueued this many accounts. */
export async function beginAndWait(
  keySpace: CommandKeySpace,
  jobs: number,
  ...args: readonly string[]
): Promise<BegunCommand> {
  const command = beginCommand(['import', '--json', ...args], keySpace.settings)
  await untilQueued(keySpace, jobs)
  return command
}

/** Kills an import when so many jobs are in line. */
export async function killWhen(keySpace: CommandKeySpace, jobs: number, ...args: readonly string[]): Promise<void> {
  const command = startCommand(['import', '--json', ...args], keySpace.settings)
  await untilQueued(keySpace, jobs)
  command.signal('SIGKILL')
  await command.ended
}

/** Stops an import when it has enqueued 1,000 accounts and waits for room. */
export async function interrupt(keySpace: CommandKeySpace, file: string, ...args: readonly string[]): Promise<void> {
  const command = await beginAndWait(keySpace, 1000, file, '--max-backlog', '1000', ...args)
  command.interrupt()
  expect(await command.ended).toMatchObject({ code: 75, stdout: expect.stringContaining('"accepted":1000') })
}

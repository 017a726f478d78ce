import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { TestContext } from 'vitest'
import { openQueue } from '../../../jobs/job/queue.ts'
import { type CommandResult, runCommand } from '../../helpers/commands/run-command.ts'
import { testRedis } from '../../helpers/redis/redis.ts'

/** A key space and a folder that belong to one test, so that tests of commands may run side by side. */
export interface CommandKeySpace {
  /** Settings that lead a command to the key space. */
  readonly settings: Readonly<Record<string, string>>
  readonly url: string
  readonly prefix: string
  readonly folder: string
  readonly redis: Redis
  run(...args: readonly string[]): Promise<CommandResult>
  /** Writes a file into the folder and gives its path. */
  file(name: string, content: string | Buffer): Promise<string>
  /** Reads the data of all jobs that wait in line, first ones first. */
  jobs(): Promise<Record<string, unknown>[]>
  /** Reads the accounts of all jobs that wait in line, sorted. */
  accounts(): Promise<string[]>
}

/** Opens a key space and closes it when the test is over. */
export async function openKeySpace({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Promise<CommandKeySpace> {
  const { url, prefix, cleanUp } = testRedis()
  const folder = await mkdtemp(join(tmpdir(), 'clear-friends-command-'))
  const redis = new Redis(url, { maxRetriesPerRequest: null })
  onTestFinished(async () => {
    redis.disconnect()
    await cleanUp()
    await rm(folder, { recursive: true })
  })
  const settings = { REDIS_URL: url, REDIS_PREFIX: prefix }
  const jobs = async (): Promise<Record<string, unknown>[]> => {
    const queue = await openQueue(redis, prefix)
    const waiting = await queue.getPrioritized()
    await queue.close()
    return waiting.map((job): Record<string, unknown> => ({ ...job.data }))
  }
  return {
    settings,
    url,
    prefix,
    folder,
    redis,
    run: (...args) => runCommand(args, settings),
    file: async (name, content) => {
      const path = join(folder, name)
      await writeFile(path, content)
      return path
    },
    jobs,
    accounts: async () => (await jobs()).map(({ account }) => String(account)).toSorted(),
  }
}

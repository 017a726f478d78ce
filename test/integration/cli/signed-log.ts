import { runCommand } from '../../helpers/commands/run-command.ts'
import { TEST_RECEIPT_KEY } from '../../helpers/receipts/settling.ts'
import { logForTest } from '../receipts/log-for-test.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

const key = { RECEIPT_KEY: TEST_RECEIPT_KEY }

/** Runs a command of receipts with the fleet’s key. */
export const run = ({ settings }: CommandKeySpace, ...args: string[]) =>
  runCommand(['receipts', ...args], { ...settings, ...key })

/** Verifies a file as an auditor does, with a public key alone. */
export const verify = (file: string, publicKey: string, ...args: string[]) =>
  runCommand(['receipts', 'verify', file, '--public-key', publicKey, ...args], {})

/** A fleet whose log a keeper has signed. */
export async function openSigned(context: Parameters<typeof openKeySpace>[0], count: number) {
  const keySpace = await openKeySpace(context)
  const log = logForTest(keySpace.redis, keySpace.prefix)
  await log.bind()
  await log.write(count)
  const keeper = log.keeper()
  await keeper.keep(true)
  const publicKey = (await run(keySpace, 'key')).stdout.trim()
  return { keySpace, log, keeper, publicKey }
}

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { Redis } from 'ioredis'
import { z } from 'zod'
import { createFleetStatusReader } from '../../jobs/status/fleet-status.ts'
import { DEFAULT_PREFIX } from '../../redis/keys.ts'
import { EXIT } from '../exit-codes.ts'
import { InterruptedError } from '../interrupted-error.ts'
import type { Shell } from '../shell.ts'
import type { Environment } from '../surroundings.ts'
import { count } from '../words.ts'
import { DemoParts } from './parts.ts'
import { checkReceipts } from './receipts.ts'
import { readArrivals, readFigures, readLedger } from './vendor.ts'
import { judge, toTable } from './verdict.ts'
import { watchUntilEmpty } from './watch.ts'

const ACCOUNTS = 2000
const WORKERS = 2
/**
 * The demo keeps a margin of 3 % instead of 1 %, because vendor, Redis, workers and this view share the cores of one
 * machine. A vendor that is held up for 20 ms sees evenly sent calls in a bunch.
 */
const CEILING = { ceilingPerSecond: 200, margin: 0.03 }
/** Accounts of the demo's vendor, and its faults for some of them. It answers the others with OK. */
const VENDOR = [
  `--users ${ACCOUNTS} --groups-of 1 --private-friends 3 --missing 0.004 --latency 40ms --json`,
  '--fault 30006:share=0.05,times=1 --fault 30007:share=0.05,times=1 --fault 30008:share=0.03,times=1',
].flatMap(options => options.split(' '))

/**
 * `clear-friends demo`: runs the whole way on this machine with a simulated vendor. It takes no settings, and leaves no
 * process, key or file behind, however it ends.
 */
export function demoCommand(shell: Shell): Command {
  return new Command('demo')
    .description(
      'Shows the whole way on this machine: private Redis, simulated vendor, two workers, an import of 2,000.',
    )
    .action(
      shell.action(async () => {
        const interrupted = interruptionOf(shell.listen())
        const parts = await DemoParts.open(shell.environment)
        try {
          return await Promise.race([runDemo(shell, parts), parts.broken, interrupted])
        } finally {
          await parts.close()
        }
      }),
    )
}

/** Rejects at the signal. */
async function interruptionOf(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort')
  throw new InterruptedError('interrupted')
}

async function runDemo(shell: Shell, parts: DemoParts): Promise<number> {
  const { print, say } = shell
  say('starting a private Redis, a simulated vendor and two workers')
  const server = await parts.startRedis(say)
  const vendor = parts.startService(['simulator', ...VENDOR], {})
  const { url: vendorUrl } = z.object({ url: z.string() }).parse(JSON.parse(await vendor.nextLine()))
  const receiptKey = randomBytes(32).toString('hex')
  const settings = { ...FIXED_SETTINGS, REDIS_URL: server.url, IM_BASE_URL: vendorUrl, RECEIPT_KEY: receiptKey }
  const workers = Array.from({ length: WORKERS }, () => parts.startService(['worker'], settings))

  say(`importing ${count(ACCOUNTS)} accounts`)
  const manifest = parts.startTask(['import', await writeAccounts(parts), '--request', 'demo', '--json'], settings)
  const { accepted } = z.object({ accepted: z.number() }).parse(JSON.parse(await manifest.nextLine()))
  const redis = new Redis(server.url, { maxRetriesPerRequest: 1, disconnectTimeout: 200 })
  redis.on('error', () => {})
  try {
    const readStatus = createFleetStatusReader(redis, DEFAULT_PREFIX, CEILING)
    const status = await watchUntilEmpty(ACCOUNTS, vendorUrl, readStatus, shell)
    for (const worker of workers) worker.stop()
    const workerExitCodes = await Promise.all(workers.map(worker => worker.ended))
    const ledger = await readLedger(vendorUrl)
    const receipts = await checkReceipts(redis, DEFAULT_PREFIX, receiptKey, ledger)
    const figures = await readFigures(vendorUrl)
    const arrivals = await readArrivals(vendorUrl, 'friend_delete_all')
    const rows = judge({ accounts: ACCOUNTS, accepted, status, workerExitCodes, figures, ledger, arrivals, receipts })
    print(toTable(rows))
    const good = rows.every(row => row.good)
    say(good ? 'everything adds up' : 'this does not add up')
    return good ? EXIT.done : EXIT.failed
  } finally {
    redis.disconnect()
  }
}

const FIXED_SETTINGS: Environment = {
  // The app and the public sample key of the simulator.
  IM_SDK_APP_ID: '1400000000',
  IM_ADMIN: 'administrator',
  IM_SECRET_KEY: '5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e',
  RATE_LIMIT_MARGIN: String(CEILING.margin),
  HTTP_PORT: '0',
  LOG_LEVEL: 'fatal',
}

async function writeAccounts({ folder }: DemoParts): Promise<string> {
  const file = join(folder, 'accounts.txt')
  await writeFile(file, Array.from({ length: ACCOUNTS }, (_, index) => `user_${index + 1}\n`).join(''))
  return file
}

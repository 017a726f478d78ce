import { Command } from 'commander'
import { loadSettings } from '../../config/load-settings.ts'
import { waitUntilReady } from '../../redis/connection.ts'
import { openRedis } from '../../redis/open-redis.ts'
import { workerSettings } from '../../worker/worker-settings.ts'
import { EXIT } from '../exit-codes.ts'
import { print } from '../output.ts'
import { checkReceiptKey } from './check-receipt-key.ts'
import { checkRedis } from './check-redis.ts'
import { checkVendor } from './check-vendor.ts'
import { checkWrites } from './check-writes.ts'
import { type Finding, failure, ok } from './finding.ts'

/** `clear-friends doctor`: checks settings, Redis and the vendor, and says what to do about each finding. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Checks settings, Redis and the vendor. Exit code 1 when something is in the way.')
    .option('--json', 'print the findings as a JSON array')
    .action(async (options: { json?: true }) => {
      const settings = loadSettings(process.env, workerSettings)
      const findings: Finding[] = [ok('settings', 'complete and well-formed')]
      const permits = openRedis(settings, 'permits')
      permits.on('error', () => {})
      try {
        await waitUntilReady(permits)
        findings.push(ok('redis reachable', 'yes'))
        findings.push(...(await checkRedis(permits, settings.REDIS_PREFIX)))
        if (!isTooOld(findings)) {
          findings.push(await checkReceiptKey(permits, settings.REDIS_PREFIX, settings.RECEIPT_KEY.reveal()))
          findings.push(await checkWrites(permits, settings.REDIS_PREFIX))
        }
        const noPermits = findings.some(({ check, result }) => NEEDED_FOR_PERMITS.has(check) && result === 'failure')
        if (!noPermits) findings.push(...(await checkVendor(settings, permits)))
      } catch (error) {
        findings.push(failure('redis reachable', error instanceof Error ? error.message : 'no', 'Mend this first.'))
      } finally {
        permits.disconnect()
      }
      print(options.json ? JSON.stringify(findings) : findings.map(describe).join('\n'))
      if (findings.some(each => each.result === 'failure')) process.exitCode = EXIT.failed
    })
}

/** Of a server that is too old nothing else is asked. */
const isTooOld = (findings: readonly Finding[]): boolean =>
  findings.some(({ check, result }) => check === 'redis version' && result === 'failure')

/** Without these no call to the vendor can be made, not even a harmless one. */
const NEEDED_FOR_PERMITS: ReadonlySet<string> = new Set(['redis version', 'redis writes', 'limiter'])

const MARK = { ok: 'ok  ', warning: 'warn', failure: 'FAIL' } as const

function describe({ result, check, found, advice }: Finding): string {
  const line = `${MARK[result]}  ${check}: ${found}`
  return advice === undefined ? line : `${line}\n      ${advice}`
}

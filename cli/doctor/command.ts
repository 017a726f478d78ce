import { Command } from 'commander'
import { loadSettings } from '../../config/load-settings.ts'
import { waitUntilReady } from '../../redis/connection.ts'
import { openRedis } from '../../redis/open-redis.ts'
import { type WorkerSettings, workerSettings } from '../../worker/worker-settings.ts'
import { EXIT } from '../exit-codes.ts'
import type { Shell } from '../shell.ts'
import { checkChannel } from './check-channel.ts'
import { checkFleet } from './check-fleet.ts'
import { checkReceipts } from './check-receipts.ts'
import { checkRedis } from './check-redis.ts'
import { type CheckResult, failure, ok } from './check-result.ts'
import { checkVendor } from './check-vendor.ts'
import { checkWrites } from './check-writes.ts'

/** `clear-friends doctor`: checks settings, Redis and the vendor, with advice for each fault. */
export function doctorCommand({ environment, print, action }: Shell): Command {
  return new Command('doctor')
    .description('Checks settings, Redis and the vendor. Exit code 1 when something is in the way.')
    .option('--json', 'print the findings as a JSON array')
    .action(
      action(async (options: { json?: true }) => {
        const findings: CheckResult[] = []
        for await (const finding of examine(loadSettings(environment, workerSettings))) findings.push(finding)
        print(options.json ? JSON.stringify(findings) : findings.flatMap(describe))
        return findings.some(each => each.result === 'failure') ? EXIT.failed : EXIT.done
      }),
    )
}

/** Checks one thing after the other, and leaves out checks that an earlier fault makes useless. */
async function* examine(settings: WorkerSettings): AsyncGenerator<CheckResult> {
  yield ok('settings', 'complete and well-formed')
  const permits = openRedis(settings, 'permits')
  permits.on('error', () => {})
  const listener = openRedis(settings, 'producer')
  listener.on('error', () => {})
  try {
    await waitUntilReady(permits)
    yield ok('redis reachable', 'yes')
    const findings = await checkRedis(permits, settings.REDIS_PREFIX)
    yield* findings
    if (hasFailed(findings, 'redis version')) return
    if (!hasFailed(findings, 'limiter')) yield await checkFleet(settings, permits)
    if (!hasFailed(findings, 'limiter')) yield await checkReceipts(settings, permits)
    yield await checkChannel(permits, listener, settings.REDIS_PREFIX)
    const writes = await checkWrites(permits, settings.REDIS_PREFIX)
    yield writes
    // No call to the vendor may be made without a permit, not even a harmless one.
    const grantsPermits = writes.result === 'ok' && !hasFailed(findings, 'limiter')
    if (grantsPermits) yield* await checkVendor(settings, permits)
  } catch (error) {
    yield failure('redis reachable', error instanceof Error ? error.message : 'no', 'Mend this first.')
  } finally {
    permits.disconnect()
    listener.disconnect()
  }
}

const hasFailed = (findings: readonly CheckResult[], what: string): boolean =>
  findings.some(({ check, result }) => check === what && result === 'failure')

const MARK = { ok: 'ok  ', warning: 'warn', failure: 'FAIL' } as const

function describe({ result, check, found, advice }: CheckResult): readonly string[] {
  const line = `${MARK[result]}  ${check}: ${found}`
  return advice === undefined ? [line] : [line, `      ${advice}`]
}

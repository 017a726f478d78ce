import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { createFleetStatusReader, type FleetStatus } from '../jobs/index.ts'
import { withFleet } from './fleet-connection.ts'
import { count, print, span } from './output.ts'

const WATCH_EVERY_MS = 1000

/** `clear-friends status`: what is in the queue, how fast it drains, and whether anything is wrong. */
export function statusCommand(): Command {
  return new Command('status')
    .description('Shows the queue, the rate, a halt with its reason, and the forecast.')
    .option('--json', 'print one JSON object (with --watch one a line)')
    .option('--watch', 'go on until Ctrl-C, once a second')
    .action(async (options: { json?: true; watch?: true }) => {
      await withFleet(async fleet => {
        const read = createFleetStatusReader(fleet.redis, fleet.prefix, {
          ceilingPerSecond: fleet.settings.RATE_LIMIT_PER_SECOND,
          margin: fleet.settings.RATE_LIMIT_MARGIN,
        })
        const show = (status: FleetStatus): void => {
          if (options.json) print(JSON.stringify(status))
          else print((options.watch && process.stdout.isTTY ? CLEAR_SCREEN : '') + describe(status))
        }
        if (!options.watch) return show(await read())
        const stopped = new AbortController()
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())
        while (!stopped.signal.aborted) {
          show(await read())
          await sleep(WATCH_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => {})
        }
      })
    })
}

const CLEAR_SCREEN = '\x1b[2J\x1b[H'

/** Puts a status into words. */
function describe(status: FleetStatus): string {
  const { queue, rate, outcomes } = status
  const isEmpty = queue.waiting + queue.active + queue.delayed === 0
  return [
    ...describeStandstill(status),
    `queue     ${count(queue.waiting)} waiting, ${count(queue.active)} active, ${count(queue.delayed)} delayed, ${count(queue.failed)} dead letters`,
    `rate      ${count(rate.lastSecond)} calls in the last second; ${count(rate.allowed)} allowed, ${count(rate.limit)} is the ceiling`,
    `oldest    ${isEmpty ? 'nothing is pending' : span(status.oldestPendingSeconds)}`,
    `empty in  ${status.etaSeconds === null ? 'unknown while nothing moves' : span(status.etaSeconds)}`,
    `due       ${status.dueAtRisk === 0 ? 'all in time' : `${count(status.dueAtRisk)} jobs will miss their due date`}`,
    `so far    ${count(outcomes.cleared)} cleared, ${count(outcomes.not_imported)} not imported, ${count(outcomes.dead_lettered)} dead-lettered, ${count(outcomes.cancelled)} cancelled`,
  ].join('\n')
}

function describeStandstill({ halted, paused }: FleetStatus): string[] {
  if (halted !== null) return [`HALTED    since ${halted.since}, code ${halted.code}: ${halted.reason}`]
  return paused ? ['PAUSED    by an operator; `clear-friends resume` goes on'] : []
}

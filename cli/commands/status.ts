import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { createFleetStatusReader, type FleetStatus } from '../../jobs/status/fleet-status.ts'
import { createRequestReader, type RequestStatus } from '../../jobs/status/request-status.ts'
import { EXIT } from '../exit-codes.ts'
import { type FleetConnection, withFleet } from '../fleet-connection.ts'
import { requestOption } from '../job-options.ts'
import type { Shell } from '../shell.ts'
import { count, counted, span } from '../words.ts'

const WATCH_EVERY_MS = 1000

/** `clear-friends status`: shows the queue, its speed, and whether the fleet stands still. */
export function statusCommand(shell: Shell): Command {
  return new Command('status')
    .description('Shows the queue, the rate, a halt with its reason, and the forecast.')
    .option('--json', 'print one JSON object (with --watch one a line)')
    .option('--watch', 'go on until Ctrl-C, once a second')
    .addOption(requestOption('only the accounts of this request, and what became of them'))
    .action(
      shell.action((options: StatusOptions) =>
        withFleet(shell.environment, async fleet => {
          const look = readerOf(fleet, options)
          if (options.watch) await watch(look, options.json ? '' : screenStart(shell), shell)
          else shell.print(await look())
          return EXIT.done
        }),
      ),
    )
}

async function watch(look: Look, start: string, { print, write, listen }: Shell): Promise<void> {
  const signal = listen()
  while (!signal.aborted) {
    const lines = await look()
    await write(start)
    print(lines)
    await sleep(WATCH_EVERY_MS, undefined, { signal }).catch(() => {})
  }
}

/** Looks once; gives lines of words, or one of JSON. */
type Look = () => Promise<string | readonly string[]>

interface StatusOptions {
  readonly json?: true
  readonly watch?: true
  readonly request?: string
}

/** Makes a reader that gives the status of the fleet, or of a request, as JSON or in words. */
function readerOf({ redis, prefix, limit }: FleetConnection, { request, json }: StatusOptions): Look {
  if (request === undefined) {
    const read = createFleetStatusReader(redis, prefix, limit)
    return async () => (json ? JSON.stringify(await read()) : describe(await read()))
  }
  const read = createRequestReader(redis, prefix, limit)
  return async () => (json ? JSON.stringify(await read(request)) : describeRequest(await read(request)))
}

/** Gives the codes that clear a terminal, so that each status replaces the one before. */
const screenStart = ({ stdout }: Shell): string => (stdout.isTTY ? '\x1b[2J\x1b[H' : '')

/** Puts a status into words. */
function describe(status: FleetStatus): readonly string[] {
  const { queue, rate, outcomes } = status
  const isEmpty = queue.waiting + queue.active + queue.delayed === 0
  return [
    ...describeStandstill(status),
    `queue     ${count(queue.waiting)} waiting, ${count(queue.active)} active, ${count(queue.delayed)} delayed, ${count(queue.failed)} dead letters`,
    `in hand   ${counted(queue.active, 'job')}, by ${counted(status.workers, 'worker')}`,
    `rate      ${count(rate.lastSecond)} calls in the last second; ${count(rate.allowed)} allowed, ${count(rate.limit)} is the ceiling`,
    `oldest    ${isEmpty ? 'nothing is pending' : span(status.oldestPendingSeconds)}`,
    `empty in  ${status.etaSeconds === null ? 'unknown while nothing moves' : span(status.etaSeconds)}`,
    `due       ${describeRisk(status.dueAtRisk)}`,
    `so far    ${count(outcomes.cleared)} cleared, ${count(outcomes.not_imported)} not imported, ${count(outcomes.dead_lettered)} dead-lettered, ${count(outcomes.cancelled)} cancelled`,
  ]
}

function describeRisk(jobs: number | null): string {
  if (jobs === null) return 'unknown while nothing moves'
  return jobs === 0 ? 'all in time' : `${count(jobs)} jobs will miss their due date`
}

/** Says in a few words why the fleet sends nothing; nothing while it works. */
export function standstillInWords({ halted, paused, workers, aside }: FleetStatus): string[] {
  if (halted !== null) return [`HALTED, code ${halted.code}`]
  if (paused) return ['PAUSED']
  if (workers === 0) return ['no worker runs']
  return aside.length === workers ? [`all workers stand aside, code ${aside[0]?.code}`] : []
}

function describeStandstill({ halted, paused, pause, resumed, workers, aside }: FleetStatus): string[] {
  const lines: string[] = []
  if (halted !== null)
    lines.push(`HALTED    since ${halted.since} by ${halted.host}, code ${halted.code}: ${halted.reason}`)
  if (pause !== null) {
    lines.push(`PAUSED    by an operator since ${pause.since}: ${pause.reason}; \`clear-friends resume\` goes on`)
  }
  if (paused && pause === null) {
    lines.push('PAUSED    by another tool, which set BullMQ’s own flag; `clear-friends resume` goes on')
  }
  for (const { host, code, reason, since } of aside) {
    lines.push(`ASIDE     ${host} since ${since}, code ${code}: ${reason} (${aside.length} of ${workers} workers)`)
  }
  if (resumed !== null) lines.push(`resumed   by an operator at ${resumed.at}: ${resumed.reason}`)
  return lines
}

/** Puts the status of a request into words. */
export function describeRequest(status: RequestStatus): readonly string[] {
  const { accepted, cleared, verified, notImported, dead, cancelled, pending, etaSeconds } = status
  return [
    `request   ${status.request}`,
    `accepted  ${count(accepted)} = ${count(cleared)} cleared + ${count(notImported)} not imported + ${count(dead)} dead letters + ${count(cancelled)} cancelled + ${count(pending)} pending`,
    `verified  ${count(verified)} of the cleared were seen empty`,
    `first     enqueued ${status.firstAt}`,
    `last      ${status.lastAt === null ? 'nothing has ended yet' : `ended ${status.lastAt}`}`,
    `done in   ${pending === 0 ? 'done' : etaSeconds === null ? 'unknown while nothing moves' : `at most ${span(etaSeconds)}`}`,
  ]
}

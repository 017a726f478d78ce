import { setTimeout as sleep } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { UnknownRequestError } from '../../jobs/job/errors.ts'
import { createFleetStatusReader, type FleetStatus } from '../../jobs/status/fleet-status.ts'
import { createRequestReader, type RequestStatus } from '../../jobs/status/request-status.ts'
import { systemClock } from '../../limiter/clock.ts'
import { Patience } from '../../worker/halt/patience.ts'
import { EXIT } from '../exit-codes.ts'
import { type FleetConnection, withFleet } from '../fleet-connection.ts'
import { requestOption, timeSpanReader } from '../job-options.ts'
import type { Shell } from '../shell.ts'
import { AccountFigures } from '../terminal/account-figures.ts'
import { showProgress } from '../terminal/show-progress.ts'
import { counted, span } from '../words.ts'
import { describeRequest, standstillInWords } from './status.ts'

const LOOK_EVERY_MS = 1000
/** Redis may restart or fail over meanwhile. Half would not outlast every failover. */
const WITHOUT_REDIS_MS = 60_000

/** `clear-friends wait`: waits until all accounts of a request have an outcome. */
export function waitCommand(shell: Shell): Command {
  return new Command('wait')
    .description(
      'Waits until all accounts of a request have an outcome. Exit code 0; 3 if dead letters or unproved clears are ' +
        'among them; 75 at the timeout or a signal, or if the fleet stands still.',
    )
    .addOption(requestOption('the request').makeOptionMandatory())
    .addOption(
      new Option('--timeout <span>', 'wait no longer than this, such as 90s, 2h or 7d').argParser(timeSpanReader),
    )
    .option('--json', 'print the figures of the request as one JSON object at the end')
    .action(
      shell.action((options: WaitOptions) =>
        withFleet(shell.environment, fleet => waitForRequest(fleet, options, shell)),
      ),
    )
}

interface WaitOptions {
  readonly request: string
  /** In ms. */
  readonly timeout?: number
  readonly json?: true
}

/** Why a wait is over; without `request` Redis did not say how far that is. */
interface WaitEnd {
  readonly request: RequestStatus | undefined
  /** Why it ended early. */
  readonly early?: string
}

async function waitForRequest(fleet: FleetConnection, options: WaitOptions, shell: Shell): Promise<number> {
  const { request, early } = await untilDone(fleet, options, shell)
  if (request !== undefined) shell.print(options.json ? JSON.stringify(request) : describeRequest(request))
  if (early !== undefined) {
    shell.say(`stopped waiting: ${early}`)
    return EXIT.stopped
  }
  const left = request === undefined ? 0 : request.dead + request.unproved
  if (left === 0) return EXIT.done
  shell.say(
    `${counted(left, 'account')} of the request need attention: \`clear-friends failed list\` shows dead letters`,
  )
  return EXIT.remains
}

async function untilDone(fleet: FleetConnection, { request, timeout }: WaitOptions, shell: Shell): Promise<WaitEnd> {
  const patience = new Patience(systemClock)
  const interrupted = shell.listen()
  const overdue = timeout === undefined ? undefined : AbortSignal.timeout(timeout)
  const signal = overdue === undefined ? interrupted : AbortSignal.any([interrupted, overdue])
  const look = lookerOf(fleet, request, signal)
  const aborted = new Promise<undefined>(resolve => signal.addEventListener('abort', () => resolve(undefined)))
  const figures = new AccountFigures((await look()).request.accepted)
  const endProgress = showProgress(figures, shell)
  let last: RequestStatus | undefined
  try {
    for (;;) {
      const found = await Promise.race([look(), aborted])
      if (found !== undefined) {
        const { request: now, status } = found
        last = now
        figures.show({ done: now.accepted - now.pending, total: now.accepted, notes: standstillInWords(status) })
        if (now.pending === 0) return { request: now }
        const standstill = patience.endedBy(status)
        if (standstill !== undefined) return { request: now, early: `the fleet is ${standstill}` }
        await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
      }
      if (interrupted.aborted) return { request: last, early: 'interrupted' }
      if (overdue?.aborted) return { request: last, early: `not done after ${span((timeout ?? 0) / 1000)}` }
    }
  } finally {
    endProgress()
  }
}

interface Look {
  readonly request: RequestStatus
  readonly status: FleetStatus
}

/** Makes a reader of request and fleet that outlasts a Redis that is away for a minute. */
function lookerOf(
  { redis, prefix, limit }: FleetConnection,
  request: string,
  signal: AbortSignal,
): () => Promise<Look> {
  const readRequest = createRequestReader(redis, prefix, limit)
  const readStatus = createFleetStatusReader(redis, prefix, limit)
  return async () => {
    const giveUpAt = performance.now() + WITHOUT_REDIS_MS
    for (;;) {
      try {
        const [figures, status] = await Promise.all([readRequest(request), readStatus()])
        return { request: figures, status }
      } catch (error) {
        if (error instanceof UnknownRequestError || performance.now() > giveUpAt || signal.aborted) throw error
        await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
      }
    }
  }
}

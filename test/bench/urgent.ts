import { setTimeout as sleep } from 'node:timers/promises'
import { startPrivateRedis } from '../../private-redis/private-redis.ts'
import { CLEAR_COMMAND } from '../../redis/keys.ts'
import { eventually } from '../helpers/eventually.ts'
import { startVendorAndWorkers, type VendorAndWorkers } from '../helpers/fleets/vendor-and-workers.ts'
import { count, print, say } from './output.ts'
import { machine, toMarkdown } from './table.ts'

const BACKLOG = 20_000
const LONG_BACKLOG = 200_000
const URGENT = 100
const HOUR = 3600
/** Time for a fleet to come up to its rate. */
const SETTLED_AFTER_CALLS = 1000
const PROMISED = { middleMs: 600, mostMs: 1000, idleMiddleMs: 50, inHand: 40 }
const SITUATIONS = [
  { processes: 1, backlog: BACKLOG },
  { processes: 4, backlog: BACKLOG },
  { processes: 8, backlog: BACKLOG },
  { processes: 16, backlog: BACKLOG },
  { processes: 4, backlog: LONG_BACKLOG },
  { processes: 4, backlog: 0 },
]

interface Situation {
  readonly processes: number
  /** Jobs that are due in 30 days; 0: the fleet is idle. */
  readonly backlog: number
}

interface Run extends Situation {
  /** From the call of `enqueue` to the arrival of the delete, ascending. */
  readonly waitsMs: readonly number[]
  /** Deletes a second meanwhile. */
  readonly perSecond: number
  /** Most jobs in hand of a process, on average over the processes: so many wait for their locks after kill -9. */
  readonly inHand: number
}

/**
 * Enqueues accounts that are due in an hour, one after the other, behind a backlog that is due in 30 days, and at an idle
 * fleet. Measures the time from `enqueue` to the arrival of the delete at the vendor.
 */
export async function benchUrgent(): Promise<boolean> {
  const runs: Run[] = []
  for (const situation of SITUATIONS) {
    say(`${URGENT} urgent accounts, ${situation.processes} processes, ${count(situation.backlog)} jobs before them`)
    runs.push(await measure(situation))
  }
  print(`\n${machine()}\n`)
  print(
    toMarkdown(
      ['processes', 'backlog', 'in the middle', '99 of 100', 'at most', 'rate', 'in hand of each'],
      runs.map(run => [
        String(run.processes),
        run.backlog === 0 ? 'none' : count(run.backlog),
        ...[0.5, 0.99, 1].map(share => `${Math.round(quantile(run.waitsMs, share))} ms`),
        run.backlog === 0 ? '' : `${run.perSecond.toFixed(1)}/s`,
        String(Math.ceil(run.inHand)),
      ]),
    ),
  )
  return runs.every(({ waitsMs, backlog, processes, inHand }) => {
    if (backlog === 0) return quantile(waitsMs, 0.5) <= PROMISED.idleMiddleMs
    const isSoon = quantile(waitsMs, 0.5) <= PROMISED.middleMs && quantile(waitsMs, 0.99) <= PROMISED.mostMs
    // A lone process makes all calls of the fleet.
    return isSoon && (processes < 4 || inHand <= PROMISED.inHand)
  })
}

async function measure({ processes, backlog }: Situation): Promise<Run> {
  const redis = await startPrivateRedis({ report: say })
  const fleet = await startVendorAndWorkers({
    server: redis,
    workers: processes,
    simulator: { users: { importAll: true }, latency: 50 },
    settings: { LOG_LEVEL: 'info', VERIFY: 'all' },
  })
  try {
    const due = inSeconds(30 * 24 * HOUR)
    await fleet.producer.enqueueMany(
      Array.from({ length: backlog }, (_, index) => `user_${index + 1}`),
      { due },
    )
    if (backlog > 0) await eventually('the fleet at its rate', async () => deletes(fleet) > SETTLED_AFTER_CALLS)
    // A fleet that has made no call yet holds its first one for two seconds.
    else await waitOf(fleet, 'the_first')
    const [before, since] = [deletes(fleet), performance.now()]
    const waitsMs: number[] = []
    let inHand = 0
    for (let n = 0; n < URGENT; n++) {
      // Not in step with anything of the fleet.
      await sleep(200 + 300 * Math.random())
      waitsMs.push(await waitOf(fleet, `urgent_${n}`))
      inHand = Math.max(inHand, (await fleet.readStatus()).queue.active / processes)
    }
    const perSecond = ((deletes(fleet) - before) / (performance.now() - since)) * 1000
    return { processes, backlog, waitsMs: waitsMs.toSorted((a, b) => a - b), perSecond, inHand }
  } finally {
    await fleet.stop()
    await redis.stop()
  }
}

async function waitOf(fleet: VendorAndWorkers, account: string): Promise<number> {
  // The simulator stamps in epoch ms of its steady clock.
  const from = performance.timeOrigin + performance.now()
  await fleet.producer.enqueue(account, { due: inSeconds(HOUR) })
  const arrival = (): number | undefined =>
    fleet.answers.findLast(each => each.command === CLEAR_COMMAND && each.accounts.includes(account))?.at
  await eventually('the urgent delete', async () => arrival() !== undefined, 60_000, 20)
  return (arrival() ?? from) - from
}

const deletes = ({ simulator }: VendorAndWorkers): number => simulator.figures().byCommand[CLEAR_COMMAND].calls
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds
const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

import { setTimeout as sleep } from 'node:timers/promises'
import { readArrivals, readFigures, readLedger } from '../../cli/demo/vendor.ts'
import { count, print, say } from '../../cli/output.ts'
import { createProducer } from '../../jobs/index.ts'
import { type ArrivalFigures, arrivalFigures } from './arrivals.ts'
import { startNpxWorker, startSurroundings, stopGroup } from './surroundings.ts'
import { machine, toMarkdown } from './table.ts'

const ACCOUNTS = 1500
const COMMAND = 'friend_delete_all'
const GIVE_UP_AFTER_MS = 120_000
/** A fifth of the accounts fails once, with the two codes that are repeated and the one that backs off. */
const VENDOR = [
  ...['--users', String(ACCOUNTS), '--private-friends', '2', '--latency', '50ms', '--limit', '100000'],
  ...[
    '--fault',
    '30006:slice=0..0.08,times=1',
    '--fault',
    '30007:slice=0.08..0.16,times=1',
    '--fault',
    '30008:slice=0.16..0.2,times=1',
  ],
]
const CEILING = 200
const PROMISED = { worstSecond: CEILING, perSecond: 197, worst100ms: 23 }

/**
 * Drains 1,500 accounts with 1, 2 and 4 worker processes at a vendor that only counts, and checks what the vendor saw:
 * every account exactly one OK, never over 200 in a rolling second, at least 98.5 % of it while there is work.
 */
export async function benchDrain(): Promise<boolean> {
  const runs = []
  for (const processes of [1, 2, 4]) {
    say(`draining ${count(ACCOUNTS)} accounts with ${processes} worker ${processes === 1 ? 'process' : 'processes'}`)
    runs.push(await drain(processes))
  }
  print(`\n${machine()}\n`)
  print(
    toMarkdown(
      [
        'processes',
        'exactly one OK',
        'calls',
        'worst second',
        'worst 100 ms',
        'steady rate',
        'of the limit',
        'refused',
        'connections',
        'seconds',
      ],
      runs.map(run => [
        String(run.processes),
        `${count(run.exactlyOnce)} of ${count(ACCOUNTS)}`,
        count(run.calls),
        String(run.worstSecond),
        String(run.worst100ms),
        `${run.steadyPerSecond.toFixed(1)}/s`,
        `${((run.steadyPerSecond / CEILING) * 100).toFixed(1)} %`,
        String(run.refused),
        String(run.connections),
        run.seconds.toFixed(1),
      ]),
    ),
  )
  return runs.every(
    run =>
      run.exactlyOnce === ACCOUNTS &&
      run.worstSecond <= PROMISED.worstSecond &&
      run.steadyPerSecond >= PROMISED.perSecond &&
      run.worst100ms <= PROMISED.worst100ms &&
      run.refused === 0,
  )
}

interface Run extends ArrivalFigures {
  readonly processes: number
  readonly exactlyOnce: number
  /** Signatures and requests that the vendor refused. */
  readonly refused: number
  readonly connections: number
}

async function drain(processes: number): Promise<Run> {
  const around = await startSurroundings(VENDOR)
  const producer = createProducer({ redis: around.redis.url })
  await producer.enqueueMany(Array.from({ length: ACCOUNTS }, (_, index) => `user_${index + 1}`))
  const workers = Array.from({ length: processes }, () => startNpxWorker(around.settings))
  try {
    await untilCleared(around.vendorUrl)
    const arrivals = await readArrivals(around.vendorUrl, COMMAND)
    const figures = await readFigures(around.vendorUrl)
    const ledger = await readLedger(around.vendorUrl)
    return {
      processes,
      exactlyOnce: ledger.filter(line => line.okAnswers === 1).length,
      ...arrivalFigures(arrivals, CEILING),
      refused: figures.badSignatures + figures.badRequests,
      connections: figures.connections,
    }
  } finally {
    await Promise.all(workers.map(stopGroup))
    await producer.close()
    await around.close()
  }
}

async function untilCleared(vendorUrl: string): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_AFTER_MS
  // Asked seldom, since the answer is made by the process that also stamps the arrivals.
  while (performance.now() < giveUpAt) {
    await sleep(1000)
    const figures = await readFigures(vendorUrl)
    if ((figures.byCommand[COMMAND]?.byCode['0'] ?? 0) >= ACCOUNTS) return
  }
}

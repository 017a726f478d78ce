import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { readFigures } from '../../cli/demo/vendor.ts'
import { createProducer } from '../../jobs/enqueue/producer.ts'
import { startPrivateRedis } from '../../private-redis/private-redis.ts'
import { CLEAR_COMMAND } from '../../redis/keys.ts'
import { startSimulatorProcess } from '../helpers/processes/simulator-process.ts'
import { startWorkerProcess, workerSettingsFor } from '../helpers/processes/worker-process.ts'
import { watchArrivals } from '../helpers/vendor/watched-arrivals.ts'
import { type ArrivalFigures, arrivalFigures } from './arrivals.ts'
import { cpuSeconds } from './cpu.ts'
import { count, print, say } from './output.ts'
import { machine, toMarkdown } from './table.ts'

const CEILING = 200
const ACCOUNTS = 3000
const FLEETS = [1, 2, 4] as const
const LOOK_EVERY_MS = 1000
const GIVE_UP_AFTER_MS = 120_000
const PROMISED = { worstSecond: CEILING, perSecond: 197 }

interface Run {
  readonly fleets: number
  /** Of each fleet. */
  readonly arrivals: readonly ArrivalFigures[]
  readonly stampedBy: string
  /** Share of a core, from the first call to the last. */
  readonly redisShare: number
  readonly redisMegabytes: number
}

/**
 * Runs 1, 2 and 4 fleets on one Redis: each with a prefix, a vendor, a worker and a limit of its own. Checks that each
 * keeps its limit and uses it, and prints what Redis pays.
 */
export async function benchApps(): Promise<boolean> {
  const runs: Run[] = []
  for (const fleets of FLEETS) {
    say(`${fleets} ${fleets === 1 ? 'fleet' : 'fleets'} of one worker, ${count(ACCOUNTS)} accounts each`)
    runs.push(await measure(fleets))
  }
  print(`\n${machine()}; arrivals as ${runs[0]?.stampedBy} stamped them\n`)
  print(
    toMarkdown(
      ['fleets', 'steady rate of each', 'worst second of each', 'Redis, of a core', 'Redis, peak memory'],
      runs.map(run => [
        String(run.fleets),
        run.arrivals.map(each => `${each.steadyPerSecond.toFixed(1)}/s`).join(', '),
        run.arrivals.map(each => String(each.worstSecond)).join(', '),
        `${(run.redisShare * 100).toFixed(0)} %`,
        `${Math.round(run.redisMegabytes)} MB`,
      ]),
    ),
  )
  return runs.every(({ arrivals }) =>
    arrivals.every(each => each.worstSecond <= PROMISED.worstSecond && each.steadyPerSecond >= PROMISED.perSecond),
  )
}

async function measure(fleets: number): Promise<Run> {
  const redis = await startPrivateRedis({ report: say })
  const client = new Redis(redis.url)
  const pid = Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1])
  const apps = await Promise.all(Array.from({ length: fleets }, (_, index) => startApp(redis.url, index)))
  try {
    const [cpuBefore, since] = [cpuSeconds(pid), performance.now()]
    await Promise.all(apps.map(app => app.untilCleared()))
    const redisShare = (cpuSeconds(pid) - cpuBefore) / ((performance.now() - since) / 1000)
    const peak = /used_memory_peak:(\d+)/.exec(await client.info('memory'))?.[1]
    const watched = await Promise.all(apps.map(app => app.watch.read()))
    return {
      fleets,
      arrivals: watched.map(({ stamps }) => arrivalFigures(stamps, CEILING)),
      stampedBy: watched[0]?.stampedBy ?? '',
      redisShare,
      redisMegabytes: Number(peak) / 1024 / 1024,
    }
  } finally {
    await Promise.all(apps.map(app => app.stop()))
    client.disconnect()
    await redis.stop()
  }
}

/** Starts a fleet with a vendor of its own, with its accounts in the queue. */
async function startApp(redisUrl: string, index: number) {
  const prefix = `{app-${index + 1}}`
  const vendor = await startSimulatorProcess([
    ...['--users', String(ACCOUNTS), '--latency', '50ms'],
    '--limit',
    '100000',
  ])
  const producer = createProducer({ redis: redisUrl, prefix })
  await producer.enqueueMany(Array.from({ length: ACCOUNTS }, (_, n) => `user_${n + 1}`))
  await producer.close()
  const watch = await watchArrivals(vendor.url, CLEAR_COMMAND)
  const settings = workerSettingsFor(vendor, { url: redisUrl, prefix })
  const worker = await startWorkerProcess({ ...settings, LOG_LEVEL: 'info' })
  return {
    watch,
    untilCleared: async () => {
      const giveUpAt = performance.now() + GIVE_UP_AFTER_MS
      // Asks seldom: where the kernel's stamps cannot be had, the process that answers also stamps the arrivals.
      for (let cleared = 0; cleared < ACCOUNTS && performance.now() < giveUpAt; ) {
        await sleep(LOOK_EVERY_MS)
        cleared = (await readFigures(vendor.url)).byCommand[CLEAR_COMMAND]?.byCode['0'] ?? 0
      }
    },
    stop: async () => {
      await watch.stop()
      await worker.stop()
      await vendor.stop()
    },
  }
}

import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { readFigures } from '../../cli/demo/vendor.ts'
import { createProducer, type Entry } from '../../jobs/enqueue/producer.ts'
import { CLEAR_COMMAND } from '../../redis/keys.ts'
import { COMMAND_NAMES, metricsForTests, seriesIn } from '../helpers/metric-text.ts'
import { startWorkerProcess, type WorkerProcess } from '../helpers/processes/worker-process.ts'
import { cpuSeconds } from './cpu.ts'
import { count, print, say } from './output.ts'
import { type Surroundings, startSurroundings } from './surroundings.ts'
import { machine, toMarkdown } from './table.ts'

const BACKLOG = 1_000_000
const DAY_SECONDS = 86_400
const SCRAPES = 40
const SCRAPE_EVERY_MS = 250
const WARM_UP = 1000
const DRAINED = 4000
const JOBS_COUNTED = 300_000
/** The interval of the compose file; other fleets are scraped less often. */
const SCRAPED_EVERY_SECONDS = 5
const VENDOR = ['--users', 'all', '--latency', 'p50=2,p99=5', '--limit', '1000000']
const PROMISED = { scrapeMs: 50, share: 0.01, series: 300 }

/**
 * Measures the cost of metrics: the time of a scrape beside a million jobs with due dates spread over thirty days,
 * which is the dearest queue to read, and the share of a worker's processor time that counting and scraping take at the
 * vendor's rate. The shares are of processor time, since throughput varies by more than they are. Linux only.
 */
export async function benchMetrics(): Promise<boolean> {
  const [loadBefore = 0] = loadavg()
  const scrapes = await measureScrapes()
  const drain = await measureDrain()
  const countingMs = await measureCounting()
  const countingShare = countingMs / drain.cpuMsPerJob
  const scrapingShare = drain.cpuMsPerScrape / (SCRAPED_EVERY_SECONDS * drain.jobsPerSecond * drain.cpuMsPerJob)
  print(`\n${machine()}, load ${loadBefore.toFixed(2)} before the run\n`)
  print(
    toMarkdown(
      ['jobs in the queue', 'scrape, middle', 'scrape, worst', 'promised', 'series'],
      [[count(scrapes.jobs), ms(scrapes.middleMs), ms(scrapes.worstMs), ms(PROMISED.scrapeMs), String(scrapes.series)]],
    ),
  )
  print(
    `\n${toMarkdown(
      ['', 'processor time', 'share of it'],
      [
        [`a job, at ${count(Math.round(drain.jobsPerSecond))} jobs a second`, ms(drain.cpuMsPerJob), '100 %'],
        ['counting for it', ms(countingMs), percent(countingShare)],
        [`a scrape, every ${SCRAPED_EVERY_SECONDS} s`, ms(drain.cpuMsPerScrape), percent(scrapingShare)],
        ['both', '', `${percent(countingShare + scrapingShare)} (promised: ${percent(PROMISED.share)})`],
      ],
    )}`,
  )
  return (
    scrapes.middleMs <= PROMISED.scrapeMs &&
    scrapes.series <= PROMISED.series &&
    countingShare + scrapingShare <= PROMISED.share
  )
}

const ms = (value: number): string => `${value.toFixed(value < 1 ? 4 : 1)} ms`
const percent = (share: number): string => `${(share * 100).toFixed(2)} %`

interface Scrapes {
  readonly jobs: number
  readonly middleMs: number
  readonly worstMs: number
  readonly series: number
}

/** Scrapes a worker that is at work at the vendor's usual limit. */
async function measureScrapes(): Promise<Scrapes> {
  const around = await startSurroundings(VENDOR)
  try {
    say(`enqueueing ${count(BACKLOG)} jobs`)
    await enqueue(around, backlog())
    const worker = await startWorkerProcess({ ...around.settings, LOG_LEVEL: 'info' })
    await untilCalled(around, 200)
    say(`scraping ${SCRAPES} times`)
    const tookMs: number[] = []
    let text = ''
    for (let scrape = 0; scrape < SCRAPES; scrape++) {
      await sleep(SCRAPE_EVERY_MS)
      const startedAt = performance.now()
      text = await scrapeOf(worker)
      tookMs.push(performance.now() - startedAt)
    }
    const jobs = Number(/queue_jobs\{state="waiting"\} (\d+)/.exec(text)?.[1] ?? 0)
    await worker.stop()
    const sorted = tookMs.toSorted((a, b) => a - b)
    const [middleMs = 0, worstMs = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
    return { jobs, middleMs, worstMs, series: seriesIn(text).length }
  } finally {
    await around.close()
  }
}

interface Drain {
  readonly jobsPerSecond: number
  readonly cpuMsPerJob: number
  readonly cpuMsPerScrape: number
}

/** Drains at the vendor's rate, and then scrapes the idle worker, to measure both apart. */
async function measureDrain(): Promise<Drain> {
  const around = await startSurroundings(VENDOR)
  try {
    const worker = await startWorkerProcess({ ...around.settings, LOG_LEVEL: 'info', VERIFY: 'off' })
    await enqueue(around, accounts(WARM_UP, 'warm_up'))
    await untilCalled(around, WARM_UP)
    say(`draining ${count(DRAINED)} jobs`)
    const [cpuBefore, startedAt] = [cpuSeconds(worker.pid), performance.now()]
    await enqueue(around, accounts(DRAINED, 'user'))
    await untilCalled(around, WARM_UP + DRAINED)
    const seconds = (performance.now() - startedAt) / 1000
    const cpuMsPerJob = ((cpuSeconds(worker.pid) - cpuBefore) / DRAINED) * 1000
    const cpuBeforeScrapes = cpuSeconds(worker.pid)
    for (let scrape = 0; scrape < SCRAPES * 5; scrape++) await scrapeOf(worker)
    const cpuMsPerScrape = ((cpuSeconds(worker.pid) - cpuBeforeScrapes) / (SCRAPES * 5)) * 1000
    await worker.stop()
    return { jobsPerSecond: DRAINED / seconds, cpuMsPerJob, cpuMsPerScrape }
  } finally {
    await around.close()
  }
}

/** Makes the counts of a job that one call clears, very often. */
async function measureCounting(): Promise<number> {
  const metrics = metricsForTests()
  const [command = ''] = COMMAND_NAMES
  const countJobs = async (jobs: number): Promise<void> => {
    for (let job = 0; job < jobs; job++) {
      await metrics.inHand(async () => {
        metrics.permit(command, 'used', 5)
        metrics.requestDone(command, '0', 30)
      })
      metrics.settled('cleared', 2000, 'skipped')
    }
  }
  await countJobs(JOBS_COUNTED)
  // Measures processor time, as for the jobs, because a busy machine stretches every other clock.
  const before = process.cpuUsage()
  await countJobs(JOBS_COUNTED)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / JOBS_COUNTED
}

const scrapeOf = async (worker: WorkerProcess): Promise<string> => (await fetch(`${worker.url}/metrics`)).text()

function* backlog(): Generator<Entry> {
  const now = Math.floor(Date.now() / 1000)
  for (let n = 0; n < BACKLOG; n++)
    yield { account: `user_${n}`, due: now + Math.floor((n / BACKLOG) * 30 * DAY_SECONDS) }
}

function* accounts(jobs: number, name: string): Generator<Entry> {
  for (let n = 0; n < jobs; n++) yield `${name}_${n}`
}

async function enqueue(around: Surroundings, entries: Iterable<Entry>): Promise<void> {
  const producer = createProducer({ redis: around.redis.url })
  await producer.enqueueMany(entries)
  await producer.close()
}

async function untilCalled(around: Surroundings, calls: number): Promise<void> {
  while (((await readFigures(around.vendorUrl)).byCommand[CLEAR_COMMAND]?.calls ?? 0) < calls) await sleep(100)
}

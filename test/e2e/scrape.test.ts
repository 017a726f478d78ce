import { afterEach, describe, expect, it } from 'vitest'
import { createProducer } from '../../jobs/enqueue/producer.ts'
import { type PrivateRedis, startPrivateRedis } from '../../private-redis/private-redis.ts'
import { DEFAULT_PREFIX } from '../../redis/keys.ts'
import { startSimulator } from '../../simulator/index.ts'
import { eventually } from '../helpers/eventually.ts'
import { seriesIn, seriesValue } from '../helpers/metric-text.ts'
import { startWorkerProcess, type WorkerProcess, workerSettingsFor } from '../helpers/processes/worker-process.ts'

const CLEARED = 'clear_friends_jobs_settled_total{outcome="cleared"}'
/** A scrape waits for a second at most; a busy machine is given twice as long. Prometheus gives it ten. */
const SOON_MS = 3000

const opened: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

async function startWorker(): Promise<{ worker: WorkerProcess; redis: PrivateRedis }> {
  const redis = await startPrivateRedis()
  opened.push(() => redis.stop())
  const simulator = await startSimulator({ users: { count: 1 } })
  opened.push(() => simulator.close())
  const producer = createProducer({ redis: redis.url })
  await producer.enqueue('user_1')
  await producer.close()
  const worker = await startWorkerProcess(workerSettingsFor(simulator, { url: redis.url, prefix: DEFAULT_PREFIX }))
  opened.push(async () => {
    worker.signal('SIGKILL')
    await worker.ended
  })
  await eventually('the job to be settled', async () => seriesValue(await scrape(worker), CLEARED) === 1)
  return { worker, redis }
}

const scrape = async (worker: WorkerProcess): Promise<string> => (await fetch(`${worker.url}/metrics`)).text()

describe('a scrape of a worker', () => {
  it('says soon what the process knows, and that Redis is away, while Redis hangs', async () => {
    const { worker, redis } = await startWorker()
    expect(seriesValue(await scrape(worker), 'clear_friends_redis_up')).toBe(1)
    process.kill(redis.pid, 'SIGSTOP')
    opened.push(async () => process.kill(redis.pid, 'SIGCONT'))
    const askedAt = performance.now()
    const text = await scrape(worker)
    expect(performance.now() - askedAt).toBeLessThan(SOON_MS)
    expect(seriesValue(text, 'clear_friends_redis_up')).toBe(0)
    expect(seriesValue(text, CLEARED)).toBe(1)
    expect(seriesIn(text).filter(series => series.startsWith('clear_friends_queue_jobs'))).toEqual([])
  })

  it('says the same while Redis is gone', async () => {
    const { worker, redis } = await startWorker()
    await redis.stop()
    const isSeen = async (): Promise<boolean> => seriesValue(await scrape(worker), 'clear_friends_redis_up') === 0
    await eventually('the worker to notice', isSeen)
    const askedAt = performance.now()
    expect(seriesValue(await scrape(worker), CLEARED)).toBe(1)
    expect(performance.now() - askedAt).toBeLessThan(SOON_MS)
  })
})

import { expect, it, onTestFinished } from 'vitest'
import { startPrivateRedis } from '../../private-redis/private-redis.ts'
import { eventually } from '../helpers/eventually.ts'
import { fleetForTest } from '../helpers/fleets/vendor-and-workers.ts'
import { seriesIn, seriesValue } from '../helpers/metric-text.ts'

const CLEARED = 'clear_friends_jobs_settled_total{outcome="cleared"}'
const REDIS_UP = 'clear_friends_redis_up'
/** Prometheus drops a scrape that takes longer than this by default. A scrape waits for Redis for a second at most. */
const SOON_MS = 10_000

it('a scrape of a worker says soon what the process knows, and that Redis is away, while it hangs or is gone', async () => {
  const server = await startPrivateRedis()
  onTestFinished(() => server.stop())
  const fleet = await fleetForTest({ server, simulator: { users: { count: 1 } } })
  const scrape = async (): Promise<string> => (await fetch(`${fleet.workers[0]?.url}/metrics`)).text()
  const expectSoon = async (): Promise<string> => {
    const askedAt = performance.now()
    const text = await scrape()
    expect(performance.now() - askedAt).toBeLessThan(SOON_MS)
    expect(seriesValue(text, CLEARED)).toBe(1)
    return text
  }
  await fleet.enqueue(['user_1'])
  await eventually('the job to be settled', async () => seriesValue(await scrape(), CLEARED) === 1)
  await eventually('Redis to be seen', async () => seriesValue(await scrape(), REDIS_UP) === 1)

  process.kill(server.pid, 'SIGSTOP')
  await eventually('the worker to notice that it hangs', async () => seriesValue(await scrape(), REDIS_UP) === 0)
  const text = await expectSoon()
  expect(seriesIn(text).filter(series => series.startsWith('clear_friends_queue_jobs'))).toEqual([])
  process.kill(server.pid, 'SIGCONT')
  await eventually('the worker to notice that it answers', async () => seriesValue(await scrape(), REDIS_UP) === 1)

  await server.kill()
  await eventually('the worker to notice that it is gone', async () => seriesValue(await scrape(), REDIS_UP) === 0)
  await expectSoon()
  fleet.workers[0]?.signal('SIGKILL')
  await server.restart()
})

import { describe, expect, it } from 'vitest'
import { FINAL_OUTCOMES } from '../../../jobs/job/outcome.ts'
import { metricRows, nodeMetrics } from '../../../metrics/catalogue.ts'
import type { Metrics } from '../../../metrics/metrics.ts'
import { codeRules } from '../../../worker/vendor/error-codes.ts'
import { busyFleet, COMMAND_NAMES, metricsForTests, namesIn, seriesIn, seriesValue } from '../../helpers/metric-text.ts'

/** Reports every event to the metrics, with far more codes than exist. */
function misbehave(metrics: Metrics): void {
  const codes = [...Object.keys(codeRules), ...Array.from({ length: 500 }, (_, index) => String(80_000 + index))]
  for (const command of COMMAND_NAMES) {
    for (const code of codes) metrics.requestDone(command, code, 30)
    for (const result of ['used', 'missed', 'void']) metrics.permit(command, result, 5)
  }
  for (const outcome of FINAL_OUTCOMES) metrics.settled(outcome, 2000)
  for (const verified of ['yes', 'no', 'skipped'] as const) metrics.settled('cleared', 2000, verified)
  for (const result of ['empty', 'not_empty', 'unread']) metrics.looked(result)
  for (const code of codes) metrics.wentBack(code)
  metrics.aside('70009')
}

const hostileFleet = {
  ...busyFleet,
  figures: {
    ...busyFleet.figures,
    deadLetters: Object.fromEntries(Array.from({ length: 400 }, (_, index) => [String(90_000 + index), 400 - index])),
  },
}

describe('the metrics of a worker', () => {
  it('are those of the catalogue and no others, each with a value', async () => {
    const metrics = metricsForTests()
    misbehave(metrics)
    const text = await metrics.text('test')
    const expected = [...metricRows.map(row => row.name), ...Object.keys(nodeMetrics)]
    expect(namesIn(text).sort()).toEqual(expected.sort())
    const series = seriesIn(text)
    expect(expected.filter(name => !series.some(each => each.startsWith(name)))).toEqual([])
  })

  it('carry the labels of the catalogue and no others', async () => {
    const metrics = metricsForTests()
    misbehave(metrics)
    const series = seriesIn(await metrics.text('test'))
    for (const row of metricRows) {
      const own = series.filter(each => each.replace(/_(bucket|sum|count)?\{.*|\{.*/, '').startsWith(row.name))
      const labels = new Set(own.flatMap(each => [...each.matchAll(/[{,](\w+)="/g)].map(([, label]) => label)))
      labels.delete('le')
      expect([...labels].sort(), row.name).toEqual(Object.keys(row.labels).sort())
    }
  })

  it('stay within 300 series, whatever vendor and dead letters come up with', async () => {
    const metrics = metricsForTests({ readFleet: async () => hostileFleet })
    misbehave(metrics)
    const text = await metrics.text('test')
    expect(seriesIn(text).length).toBeLessThanOrEqual(300)
    expect(seriesValue(text, 'clear_friends_dead_letters{code="90000"}')).toBe(400)
    const letters = [...text.matchAll(/^clear_friends_dead_letters\{.*\} (\d+)$/gm)].map(([, n]) => Number(n))
    expect(letters.reduce((sum, n) => sum + n, 0)).toBe((400 * 401) / 2)
  })

  it('count every request, also those whose code is one too many', async () => {
    const metrics = metricsForTests()
    misbehave(metrics)
    const counts = [...(await metrics.text('test')).matchAll(/^clear_friends_api_requests_total\{.*\} (\d+)$/gm)]
    const sum = counts.reduce((all, [, n]) => all + Number(n), 0)
    expect(sum).toBe(COMMAND_NAMES.length * (Object.keys(codeRules).length + 500))
  })

  it('tell a success apart, also when it comes after fifty other codes', async () => {
    const metrics = metricsForTests()
    for (const code of Object.keys(codeRules)) if (code !== '0') metrics.requestDone('friend_get', code, 30)
    metrics.requestDone('friend_get', '0', 30)
    const series = 'clear_friends_api_requests_total{command="friend_get",code="0"}'
    expect(seriesValue(await metrics.text('test'), series)).toBe(1)
  })

  it('start their counters at 0, so that the first event is seen as an increase', async () => {
    const text = await metricsForTests().text('test')
    expect(seriesValue(text, 'clear_friends_jobs_settled_total{outcome="cleared"}')).toBe(0)
    expect(seriesValue(text, 'clear_friends_cleared_total{verified="no"}')).toBe(0)
    expect(seriesValue(text, 'clear_friends_api_requests_total{command="friend_get",code="0"}')).toBe(0)
  })

  it('tell what the process knows and nothing old of the fleet while Redis is away', async () => {
    let reading: typeof busyFleet | undefined = busyFleet
    const metrics = metricsForTests({ readFleet: async () => reading })
    metrics.settled('cleared', 1000, 'yes')
    expect(seriesValue(await metrics.text('test'), 'clear_friends_redis_up')).toBe(1)
    reading = undefined
    const text = await metrics.text('test')
    expect(seriesValue(text, 'clear_friends_redis_up')).toBe(0)
    expect(seriesValue(text, 'clear_friends_jobs_settled_total{outcome="cleared"}')).toBe(1)
    const fleet = metricRows.filter(row => row.of === 'fleet').map(row => row.name)
    expect(seriesIn(text).filter(series => fleet.some(name => series.startsWith(name)))).toEqual([])
    reading = busyFleet
    expect(seriesValue(await metrics.text('test'), 'clear_friends_receipts_total')).toBe(46)
  })

  it('leave out the time left while the fleet stands still', async () => {
    const still = { ...busyFleet, status: { ...busyFleet.status, etaSeconds: null } }
    const text = await metricsForTests({ readFleet: async () => still }).text('test')
    expect(seriesIn(text).filter(series => series.startsWith('clear_friends_eta_seconds'))).toEqual([])
  })

  it('show how many jobs are in hand, and one that broke no longer', async () => {
    const metrics = metricsForTests()
    const { promise, resolve } = Promise.withResolvers<void>()
    const work = metrics.inHand(() => promise)
    expect(seriesValue(await metrics.text('test'), 'clear_friends_jobs_in_hand')).toBe(1)
    resolve()
    await work
    await expect(metrics.inHand(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(seriesValue(await metrics.text('test'), 'clear_friends_jobs_in_hand')).toBe(0)
  })
})

/** A real Prometheus watches two real workers: the dashboard shows data, and alerts fire for real faults. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { metricRows } from '../../metrics/catalogue.ts'
import { rows } from '../../metrics/grafana/dashboard.ts'
import { eventually } from '../helpers/eventually.ts'
import { startVendorAndWorkers, type VendorAndWorkers } from '../helpers/fleets/vendor-and-workers.ts'
import { type PrometheusProcess, startPrometheus } from '../helpers/processes/prometheus-process.ts'

/** Enough for more than twenty seconds, so that the workers never run out of work. */
const ACCOUNTS = 6000
const REFUSED = 'person_7'
/** A long wait, which costs time only when the test fails. */
const WITHIN_MS = 90_000

const recordsSchema = z.object({ groups: z.array(z.object({ rules: z.array(z.object({ record: z.string() })) })) })
const ruleText = readFileSync(new URL('../../metrics/prometheus/recording-rules.yml', import.meta.url), 'utf8')
const records = recordsSchema.parse(parse(ruleText)).groups.flatMap(group => group.rules.map(rule => rule.record))

/** The queries as Grafana sends them, with its shortest window for a rate. */
const queries = rows.flatMap(row =>
  row.questions.flatMap(({ title, queries: asked }) =>
    asked.map(({ expr, legend }) => ({
      name: `${title} (${legend})`,
      expr: expr.replaceAll('$job', 'clear-friends').replaceAll('$__rate_interval', '4s'),
    })),
  ),
)
/** Whether a query or rule has data only while the fleet stands still. */
const saysStandstill = (name: string): boolean =>
  /\((halted|paused)|stand aside|:stands_still:|docs\/.*_(halted|stood_aside)$/.test(name)

let fleet: VendorAndWorkers
let prometheus: PrometheusProcess

beforeAll(async () => {
  fleet = await startVendorAndWorkers({
    workers: 2,
    simulator: {
      users: { count: ACCOUNTS },
      latency: 20,
      faults: [
        { accounts: { list: [REFUSED] }, answer: { code: 30001 }, times: 'always' },
        { accounts: { share: 0.05 }, answer: { code: 30006 }, times: 1 },
        { accounts: { share: 0.02 }, answer: { code: 30008 }, times: 1 },
      ],
    },
    settings: { LOG_LEVEL: 'info' },
  })
  prometheus = await startPrometheus(fleet.workers.map(worker => new URL(worker.url).host))
  await fleet.enqueue([REFUSED, 'user_1', 'user_1', ...Array.from({ length: ACCOUNTS }, (_, n) => `user_${n + 1}`), ''])
})

afterAll(async () => {
  for (const worker of fleet.workers) worker.signal('SIGCONT')
  await prometheus.stop()
  await fleet.stop()
})

async function namesWithoutData(asked: readonly { readonly name: string; readonly expr: string }[]): Promise<string[]> {
  const answers = await Promise.all(asked.map(({ expr }) => prometheus.query(expr)))
  return asked.flatMap(({ name }, index) => (answers[index]?.length === 0 ? [name] : []))
}

async function untilNoneIsWithoutData(asked: readonly { readonly name: string; readonly expr: string }[]) {
  // Each query must have data once only, since a late scrape leaves a gap now here, now there.
  let missing = asked
  const isComplete = async (): Promise<boolean> => {
    const names = await namesWithoutData(missing)
    missing = missing.filter(({ name }) => names.includes(name))
    return missing.length === 0
  }
  await eventually('every query to return data', isComplete, WITHIN_MS, 250).catch(() => expect(missing).toEqual([]))
}

async function untilFiring(alert: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  const isFiring = async (): Promise<boolean> =>
    (await prometheus.firing()).some(
      each =>
        each.labels['alertname'] === alert &&
        Object.entries(labels).every(([name, value]) => each.labels[name] === value),
    )
  await eventually(`${alert} to fire`, isFiring, WITHIN_MS, 250)
}

async function untilSilent(alert: string): Promise<void> {
  const isSilent = async (): Promise<boolean> =>
    (await prometheus.firing()).every(each => each.labels['alertname'] !== alert)
  await eventually(`${alert} to be over`, isSilent, WITHIN_MS, 250)
}

describe('Prometheus beside a fleet at work', () => {
  it('has data for every query of the dashboard, every recording rule and every example of the docs', async () => {
    const scraped = 'min(count_over_time(up{job="clear-friends"}[1m])) >= 2'
    await eventually('two scrapes', async () => (await prometheus.query(scraped)).length > 0)
    const recorded = records.map(record => ({ name: record, expr: record }))
    const examples = metricRows.map(({ name, example }) => ({ name: `docs/metrics.md: ${name}`, expr: example }))
    const asked = [...queries, ...recorded, ...examples]
    expect(asked.length).toBeGreaterThan(80)
    await untilNoneIsWithoutData(asked.filter(({ name }) => !saysStandstill(name)))
  })

  it('fires for a dead letter, in words that make sense', async () => {
    await untilFiring('ClearFriendsDeadLetters', { severity: 'ticket' })
    const [alert] = (await prometheus.firing()).filter(each => each.labels['alertname'] === 'ClearFriendsDeadLetters')
    expect(alert?.annotations).toMatchObject({ summary: 'clear-friends keeps 1 dead letters' })
  })

  it('fires for a halt with its code, shows it, and is silent when the fault is mended', async () => {
    fleet.simulator.setApp({ admins: ['somebody'] })
    // A worker without work finds nothing out.
    await fleet.enqueue(Array.from({ length: 50 }, (_, n) => `user_${n + 1}`))
    await untilFiring('ClearFriendsHalted', { code: '60010', severity: 'page' })
    await untilNoneIsWithoutData(queries.filter(({ name }) => /\(halted|stand aside/.test(name)))
    expect(await prometheus.query('clear_friends:stands_still:max')).toHaveLength(1)
    fleet.simulator.setApp({ admins: ['administrator'] })
    await fleet.control.pause({ reason: 'a look at the pause', sinceMs: 0 })
    await untilNoneIsWithoutData(queries.filter(({ name }) => name.includes('(paused')))
    await fleet.control.resume({ reason: 'a look', atMs: 0 })
    await untilSilent('ClearFriendsHalted')
  })

  it('fires when all workers stand still with work before them, and is silent when they go on', async () => {
    await fleet.enqueue(Array.from({ length: 2000 }, (_, n) => `user_${n + 1}`))
    await eventually('jobs to wait', async () => (await fleet.readStatus()).queue.waiting > 0)
    for (const worker of fleet.workers) worker.signal('SIGSTOP')
    await untilFiring('ClearFriendsNoWorkerUp', { severity: 'page' })
    await untilFiring('ClearFriendsNoProgress', { severity: 'page' })
    const words = (await prometheus.firing()).flatMap(alert => Object.values(alert.annotations))
    expect(words.filter(text => text.includes('error expanding') || text.includes('<no value>'))).toEqual([])
    for (const worker of fleet.workers) worker.signal('SIGCONT')
    await untilSilent('ClearFriendsNoProgress')
    await untilSilent('ClearFriendsNoWorkerUp')
  })
})

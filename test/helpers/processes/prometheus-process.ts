/** A real Prometheus with the rules of this project, which run sixty times as fast for a test. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { freePort } from '../../../private-redis/free-port.ts'
import { eventually } from '../eventually.ts'
import { findPrometheusProgram } from './prometheus-program.ts'
import { startProcess } from './start-process.ts'

const RULE_FILES = ['recording-rules.yml', 'alert-rules.yml'] as const
const START_WITHIN_MS = 60_000

const querySchema = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
})
const alertsSchema = z.object({
  data: z.object({
    alerts: z.array(
      z.object({
        state: z.string(),
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()),
      }),
    ),
  }),
})

/** One series of an answer. */
type Sample = z.infer<typeof querySchema>['data']['result'][number]
/** An alert that is pending or firing. */
type Alert = z.infer<typeof alertsSchema>['data']['alerts'][number]

/** A running Prometheus. */
export interface PrometheusProcess {
  query(expr: string): Promise<readonly Sample[]>
  /** The alerts that fire now. */
  firing(): Promise<readonly Alert[]>
  stop(): Promise<void>
}

/**
 * Shortens every span of time in rules: minutes become seconds. A window keeps at least four scrapes, since a rate
 * needs two and one may be late. Nothing else in the test's rules differs from the shipped ones.
 */
function hasten(rules: string): string {
  const secondsOf = (count: string, unit: string): number => Number(count) * ({ s: 1 / 60, m: 1, h: 60 }[unit] ?? 0)
  return rules
    .replace(/\[(\d+)([smh])\]/g, (_, count, unit) => `[${Math.max(4, secondsOf(count, unit))}s]`)
    .replace(/for: (\d+)([smh])/g, (_, count, unit) => `for: ${Math.max(1, secondsOf(count, unit))}s`)
}

/**
 * Starts Prometheus on a free port of the loopback address, scraping the targets once a second, and resolves when it is
 * ready.
 *
 * @param targets addresses such as `127.0.0.1:9464`
 */
export async function startPrometheus(targets: readonly string[]): Promise<PrometheusProcess> {
  const { file, environment } = await findPrometheusProgram('prometheus')
  const folder = await mkdtemp(join(tmpdir(), 'clear-friends-prometheus-'))
  await writeConfiguration(folder, targets)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const prometheus = startProcess(
    file,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { environment: { ...process.env, ...environment } },
  )
  const stop = async (): Promise<void> => {
    await prometheus.kill()
    await rm(folder, { recursive: true, force: true })
  }
  const isReady = async (): Promise<boolean> => {
    if (!prometheus.isRunning()) throw new Error(`Prometheus ended: ${prometheus.stderr.text}`)
    return (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok ?? false
  }
  await eventually('Prometheus to be ready', isReady, START_WITHIN_MS).catch(async error => {
    await stop()
    throw error
  })
  const read = async (path: string): Promise<unknown> => {
    const response = await fetch(`${url}/api/v1/${path}`)
    const text = await response.text()
    if (!response.ok) throw new Error(`Prometheus answered ${response.status} to ${path}: ${text}`)
    return JSON.parse(text)
  }
  return {
    query: async expr => querySchema.parse(await read(`query?query=${encodeURIComponent(expr)}`)).data.result,
    firing: async () => alertsSchema.parse(await read('alerts')).data.alerts.filter(alert => alert.state === 'firing'),
    stop,
  }
}

async function writeConfiguration(folder: string, targets: readonly string[]): Promise<void> {
  for (const name of RULE_FILES) {
    const rules = await readFile(new URL(`../../../metrics/prometheus/${name}`, import.meta.url), 'utf8')
    await writeFile(join(folder, name), hasten(rules))
  }
  const configuration = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: RULE_FILES,
    scrape_configs: [{ job_name: 'clear-friends', static_configs: [{ targets }] }],
  }
  await writeFile(join(folder, 'prometheus.yml'), stringify(configuration))
}

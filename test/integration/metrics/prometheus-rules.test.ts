/** The rules, their unit tests and the metrics, as Prometheus' own tool judges them; and the runbook for the alerts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { metricRows, nodeMetrics } from '../../../metrics/catalogue.ts'
import { runProgram } from '../../../private-redis/run-program.ts'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { metricsForTests } from '../../helpers/metric-text.ts'
import { type FoundProgram, findPrometheusProgram } from '../../helpers/processes/prometheus-program.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = join(root, 'metrics', 'prometheus')
const HAVE_SUBCOMMANDS = new Set(['failed', 'receipts'])
const FETCH_WITHIN_MS = 300_000
/** The unit tests of the rules keep a core busy for ten seconds. This time ends only a tool that hangs. */
const JUDGE_WITHIN_MS = 300_000

const ruleFileSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string().optional(),
          record: z.string().optional(),
          expr: z.string(),
          labels: z.object({ severity: z.enum(['page', 'ticket']) }).optional(),
          annotations: z.record(z.string(), z.string()).optional(),
        }),
      ),
    }),
  ),
})
const rulesIn = async (file: string) =>
  ruleFileSchema.parse(parse(await readFile(join(folder, file), 'utf8'))).groups.flatMap(group => group.rules)
const alerts = (await rulesIn('alert-rules.yml')).map(rule => ({ ...rule, alert: rule.alert ?? '' }))
const recorded = await rulesIn('recording-rules.yml')
const testFiles = (await readdir(join(folder, 'tests'))).map(file => join('tests', file))
const runbook = await readFile(join(root, 'docs', 'runbook.md'), 'utf8')
/** The entries of the runbook by their heading. */
const entries = new Map(
  runbook
    .split(/^## /m)
    .slice(1)
    .map(text => [text.slice(0, text.indexOf('\n')), text.replace(/\s+/g, ' ')] as const),
)

let promtool: FoundProgram
beforeAll(async () => {
  promtool = await findPrometheusProgram('promtool')
}, FETCH_WITHIN_MS)

const run = (...args: readonly string[]) =>
  runProgram(promtool.file, args, { timeoutMs: JUDGE_WITHIN_MS, directory: folder, environment: promtool.environment })

describe('the rules of Prometheus', () => {
  it('are well-formed, and so is the configuration that the compose file gives to Prometheus', async () => {
    const end = await run('check', 'config', 'prometheus.yml')
    expect(end).toMatchObject({ kind: 'done' })
  })

  it(
    'fire when they should and are silent when they should, as their unit tests say',
    async () => {
      const end = await run('test', 'rules', ...testFiles)
      expect(end.stdout).not.toContain('FAILED')
      expect(end.kind).toBe('done')
    },
    JUDGE_WITHIN_MS,
  )

  it('are each seen firing by a unit test', async () => {
    const texts = (await Promise.all(testFiles.map(file => readFile(join(folder, file), 'utf8')))).join('\n')
    expect(alerts.filter(({ alert }) => !texts.includes(`alertname="${alert}"`))).toEqual([])
  })

  it('say how urgent they are, what is wrong, and where to read on', () => {
    for (const { alert, labels, annotations = {} } of alerts) {
      expect(labels?.severity, alert).toBeDefined()
      expect(annotations, alert).toMatchObject({ summary: expect.any(String), description: expect.any(String) })
      expect(annotations['runbook_url']).toBe(`docs/runbook.md#${alert.toLowerCase()}`)
    }
  })

  it('ask for metrics and records that there are', () => {
    const known = new Set([
      ...metricRows.flatMap(({ name, type }) => (type === 'histogram' ? [`${name}_bucket`] : [name])),
      ...Object.keys(nodeMetrics),
      ...recorded.map(rule => rule.record),
    ])
    const asked = [...alerts, ...recorded].flatMap(rule => rule.expr.match(/\bclear_friends[\w:]+/g) ?? [])
    expect(asked.length).toBeGreaterThan(alerts.length)
    expect([...new Set(asked)].filter(name => !known.has(name))).toEqual([])
  })
})

describe('the metrics', () => {
  it('keep to the conventions of Prometheus', async () => {
    const child = spawn(promtool.file, ['check', 'metrics'], { env: { ...process.env, ...promtool.environment } })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (said += String(chunk)))
    child.stdin.end(await metricsForTests().text('test'))
    await once(child, 'close')
    expect(said).toBe('')
    expect(child.exitCode).toBe(0)
  })
})

describe('the runbook', () => {
  it('has an entry for each alert and none besides', () => {
    expect([...entries.keys()].sort()).toEqual(alerts.map(rule => rule.alert).sort())
  })

  it('says in each what it means for the people, where to look, how to act, and when it is over', () => {
    for (const [alert, text] of entries) {
      const parts = [...text.matchAll(/- \*\*(.+?):\*\*/g)].map(([, part]) => part)
      expect(parts, alert).toEqual(['For the people', 'Look', 'Act', 'Over when'])
    }
  })

  it('names only commands that exist, with flags that they have', async () => {
    const flagsOf = new Map<string, string[]>()
    for (const [, text = ''] of runbook.matchAll(/`clear-friends ([^`]+)`/g)) {
      const [command = '', ...words] = text.split(' ')
      const name = HAVE_SUBCOMMANDS.has(command) ? `${command} ${words[0]}` : command
      flagsOf.set(name, [...(flagsOf.get(name) ?? []), ...words.filter(word => word.startsWith('--'))])
    }
    expect(flagsOf.size).toBeGreaterThan(4)
    const helps = [...flagsOf].map(async ([name, flags]) => {
      const { code, stdout } = await runCommand([...name.split(' '), '--help'])
      expect(code, name).toBe(0)
      expect(stdout).toContain(`Usage: clear-friends ${name} `)
      for (const flag of flags) expect(stdout, name).toContain(flag)
    })
    await Promise.all(helps)
  })
})

/** docs/run.md has files for systemd, Kubernetes and Airflow that readers copy. They must be right without a cluster. */
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { EXIT } from '../../../cli/exit-codes.ts'
import { settingRow } from '../../../config/settings.ts'
import { runCommand } from '../../helpers/commands/run-command.ts'

const page = readFileSync(new URL('../../../docs/run.md', import.meta.url), 'utf8')
const blocksOf = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text = '']) => text)

/** Codes after which another try helps nobody. */
const NOT_AGAIN = [EXIT.usage, EXIT.remains, EXIT.settings]
const DRAIN_SECONDS = Number(settingRow('DRAIN_SECONDS').default)

const jobSchema = z.strictObject({
  parallelism: z.int().optional(),
  completions: z.int().optional(),
  backoffLimit: z.int(),
  activeDeadlineSeconds: z.int().optional(),
  podFailurePolicy: z.strictObject({
    rules: z.tuple([
      z.strictObject({
        action: z.literal('FailJob'),
        onExitCodes: z.strictObject({
          containerName: z.string(),
          operator: z.literal('In'),
          values: z.array(z.int()),
        }),
      }),
      z.strictObject({
        action: z.literal('Ignore'),
        onPodConditions: z.tuple([z.strictObject({ type: z.literal('DisruptionTarget') })]),
      }),
    ]),
  }),
  template: z.strictObject({
    spec: z.strictObject({
      // The API refuses a podFailurePolicy with any other.
      restartPolicy: z.literal('Never'),
      terminationGracePeriodSeconds: z.int().gt(DRAIN_SECONDS),
      securityContext: z
        .strictObject({
          runAsUser: z.int(),
          fsGroup: z.int(),
          fsGroupChangePolicy: z.literal('OnRootMismatch'),
        })
        .optional(),
      containers: z.tuple([
        z.strictObject({
          name: z.string(),
          image: z.string(),
          args: z.array(z.string()),
          envFrom: z.array(z.strictObject({ secretRef: z.strictObject({ name: z.string() }) })),
          volumeMounts: z.array(z.strictObject({ name: z.string(), mountPath: z.string() })).default([]),
        }),
      ]),
      volumes: z
        .array(
          z.strictObject({
            name: z.string(),
            persistentVolumeClaim: z.strictObject({ claimName: z.string() }),
          }),
        )
        .default([]),
    }),
  }),
})
const metadata = z.strictObject({ name: z.string() })
const apiVersion = z.literal('batch/v1')
const manifestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ apiVersion, kind: z.literal('Job'), metadata, spec: jobSchema }),
  z.strictObject({
    ...{ apiVersion, kind: z.literal('CronJob'), metadata },
    spec: z.strictObject({
      schedule: z.string().regex(/^(\S+ ){4}\S+$/),
      concurrencyPolicy: z.literal('Forbid'),
      jobTemplate: z.strictObject({ spec: jobSchema }),
    }),
  }),
])

describe('the manifests of Kubernetes', () => {
  const manifests = blocksOf('yaml').map(text => manifestSchema.parse(parse(text)))

  it('are a Job and a CronJob, of the form that the API takes', () => {
    expect(manifests.map(({ kind }) => kind)).toEqual(['Job', 'CronJob'])
  })

  it.each(manifests)('end a $kind at the exit codes where another try does not help', manifest => {
    const { podFailurePolicy, template } = manifest.kind === 'Job' ? manifest.spec : manifest.spec.jobTemplate.spec
    const [{ onExitCodes }] = podFailurePolicy.rules
    expect(onExitCodes.values).toEqual(NOT_AGAIN)
    const [container] = template.spec.containers
    expect(onExitCodes.containerName).toBe(container.name)
    expect(container.volumeMounts.map(({ name }) => name)).toEqual(template.spec.volumes.map(({ name }) => name))
  })

  it.each([
    ['worker', manifests[0]],
    ['run', manifests[1]],
  ] as const)('name options that %s has', async (command, manifest) => {
    const job = manifest?.kind === 'CronJob' ? manifest.spec.jobTemplate.spec : manifest?.spec
    const options = job?.template.spec.containers[0].args.filter(each => each.startsWith('--')) ?? []
    expect(options).not.toEqual([])
    const { stdout } = await runCommand([command, '--help'])
    expect(options.filter(option => !stdout.includes(` ${option} `))).toEqual([])
  })
})

describe('the units of systemd', () => {
  const [service = '', timer = ''] = blocksOf('ini')

  it('restart no run where another try does not help, and wait longer than it drains', () => {
    expect(service).toContain(`\nRestartPreventExitStatus=${NOT_AGAIN.join(' ')}\n`)
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(service)?.[1])).toBeGreaterThan(DRAIN_SECONDS)
  })

  it('are accepted by systemd, where there is one', async () => {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) return
    const folder = await mkdtemp(join(tmpdir(), 'clear-friends-units-'))
    try {
      const names = ['clear-friends-run.service', 'clear-friends-run.timer']
      for (const [index, text] of [service, timer].entries()) await writeFile(join(folder, names[index] ?? ''), text)
      const files = names.map(name => join(folder, name))
      const { stderr } = await promisify(execFile)('systemd-analyze', ['verify', '--man=no', ...files])
      expect(stderr.split('\n').filter(line => line.includes('clear-friends-run'))).toEqual([])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

it('the task of Airflow fails for good at the exit codes where another try does not help', () => {
  const [task = ''] = blocksOf('python')
  expect(task).toContain(`if code in (${NOT_AGAIN.join(', ')}):`)
})

it('the table of exit codes has those of the commands', () => {
  const listed = [...page.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code))
  expect(listed).toEqual(Object.values(EXIT))
})

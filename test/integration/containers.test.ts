/** docker-compose.yml, Dockerfile, .dockerignore and .env.example must agree with each other and with the settings. */
import { execFile } from 'node:child_process'
import { access, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { SETTING_NAMES, type SettingRow, settingRow } from '../../config/settings.ts'
import { REDIS_IMAGE } from '../../private-redis/docker-redis.ts'
import { runProgram } from '../../private-redis/run-program.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (name: string): Promise<string> => readFile(join(root, name), 'utf8')

/** An environment without the settings of the person who runs the tests, which docker-compose would pass on. */
const { PATH, HOME } = process.env
const bareEnvironment = { PATH, HOME }

const serviceSchema = z.looseObject({
  image: z.string(),
  command: z.array(z.string()).default([]),
  entrypoint: z.array(z.string()).optional(),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).optional(),
  deploy: z.object({ replicas: z.number() }).optional(),
  profiles: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()]).nullable()).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
  healthcheck: z.looseObject({ test: z.array(z.string()) }).optional(),
  stop_grace_period: z.string().optional(),
})
const prometheusSchema = z.looseObject({
  rule_files: z.array(z.string()),
  scrape_configs: z.array(
    z.looseObject({
      job_name: z.string(),
      dns_sd_configs: z.array(z.looseObject({ names: z.array(z.string()), port: z.number() })),
    }),
  ),
})
const composeSchema = z.looseObject({
  services: z.object({
    redis: serviceSchema,
    worker: serviceSchema,
    simulator: serviceSchema,
    'demo-worker-1': serviceSchema,
    'demo-worker-2': serviceSchema,
    loader: serviceSchema,
    prometheus: serviceSchema,
    grafana: serviceSchema,
  }),
})

const demoWorkers = ['demo-worker-1', 'demo-worker-2'] as const

const { services } = composeSchema.parse(parse(await read('docker-compose.yml'), { merge: true }))

describe('docker-compose.yml', () => {
  it('gives Redis the settings that the queue needs', () => {
    const pairs = services.redis.command.slice(1)
    expect(services.redis.command[0]).toBe('redis-server')
    expect(Object.fromEntries(pairs.flatMap((flag, at) => (at % 2 === 0 ? [[flag, pairs[at + 1]]] : [])))).toEqual({
      '--appendonly': 'yes',
      '--appendfsync': 'everysec',
      '--maxmemory-policy': 'noeviction',
      '--hash-max-listpack-value': '256',
    })
  })

  it('runs the Redis that the demo runs, pinned by a tag', () => {
    expect(services.redis.image).toBe(REDIS_IMAGE)
    expect(REDIS_IMAGE).toMatch(/^redis:\d+\.\d+/)
  })

  it.each(['worker', ...demoWorkers] as const)('starts %s only when Redis answers', name => {
    expect(services[name].depends_on).toMatchObject({ redis: { condition: 'service_healthy' } })
    expect(services.redis.healthcheck?.test.join(' ')).toContain('redis-cli ping')
  })

  it('lets the worker be scaled: no fixed name, no port of the host', () => {
    expect(services.worker).not.toHaveProperty('container_name')
    expect(services.worker).not.toHaveProperty('ports')
  })

  it.each(['worker', ...demoWorkers] as const)('waits longer for %s than it drains, whatever is set', name => {
    const grace = services[name].stop_grace_period ?? ''
    expect(graceSeconds(grace, undefined)).toBeGreaterThan(Number(settingRow('DRAIN_SECONDS').default))
    for (const drainSeconds of ['0', '0.5', '25', '3600']) {
      expect(graceSeconds(grace, drainSeconds)).toBeGreaterThan(Number(drainSeconds))
    }
  })

  it('starts two workers unless told otherwise', () => {
    expect(services.worker.deploy).toEqual({ replicas: 2 })
  })

  it('keeps the real fleet and what is for trying out under profiles of their own', () => {
    expect(services.worker.profiles).toEqual(['live'])
    for (const name of ['simulator', 'loader', ...demoWorkers] as const) {
      expect(services[name].profiles, name).toEqual(['demo'])
    }
    for (const name of ['redis', 'prometheus', 'grafana'] as const)
      expect(services[name].profiles, name).toBeUndefined()
  })

  it('pins every image that it does not build', () => {
    const images = Object.values(services).map(({ image }) => image)
    for (const image of images) expect(image).toMatch(/:(local|v?\d+\.\d+[\w.-]*)$/)
  })

  it('lets nobody but this host see Prometheus and Grafana', () => {
    const ports = [services.prometheus, services.grafana].flatMap(service => service.ports ?? [])
    expect(ports).toEqual(['127.0.0.1:9090:9090', '127.0.0.1:3000:3000'])
  })

  it('mounts files that there are', async () => {
    const mounted = Object.values(services).flatMap(({ volumes }) => volumes.filter(volume => volume.startsWith('./')))
    expect(mounted.length).toBeGreaterThan(2)
    for (const volume of mounted) await access(join(root, volume.split(':')[0] ?? ''))
  })

  it('has its Prometheus find all workers, and nothing else that is not there', async () => {
    const { scrape_configs: jobs, rule_files: ruleFiles } = prometheusSchema.parse(
      parse(await read('metrics/prometheus/prometheus.yml')),
    )
    for (const file of ruleFiles) await access(join(root, 'metrics/prometheus', file))
    const targetsOf = (job: string): string[] =>
      jobs
        .filter(each => each.job_name === job)
        .flatMap(each => each.dns_sd_configs.flatMap(({ names, port }) => names.map(name => `${name}:${port}`)))
    const portOf = (name: 'worker' | (typeof demoWorkers)[number]) => services[name].environment?.['HTTP_PORT']
    expect(jobs).toHaveLength(2)
    expect(targetsOf('clear-friends')).toEqual([`worker:${portOf('worker')}`])
    // The demo's workers share the simulator's network, and so its name.
    expect(targetsOf('clear-friends-demo')).toEqual(demoWorkers.map(name => `simulator:${portOf(name)}`))
  })

  it('gives Grafana the data source by the name that Prometheus has, and the dashboard where it looks for it', async () => {
    const source = await read('metrics/grafana/provisioning/datasources/prometheus.yml')
    expect(source).toContain('url: http://prometheus:9090')
    const provider = await read('metrics/grafana/provisioning/dashboards/clear-friends.yml')
    const path = /path: (\S+)/.exec(provider)?.[1]
    expect(services.grafana.volumes).toContain(`./metrics/grafana/clear-friends.json:${path}/clear-friends.json:ro`)
  })

  it('signs for the stand-in with the app, admin and key that the stand-in checks', () => {
    const [command, ...flags] = services.simulator.command
    const flag = (name: string): string | undefined => flags[flags.indexOf(name) + 1]
    expect(command).toBe('simulator')
    for (const name of demoWorkers) {
      expect(services[name].environment).toMatchObject({
        IM_BASE_URL: `http://127.0.0.1:${flag('--port')}`,
        IM_SDK_APP_ID: flag('--sdk-app-id'),
        IM_ADMIN: flag('--admin'),
        IM_SECRET_KEY: flag('--secret-key'),
      })
      expect(services[name]).toMatchObject({ network_mode: 'service:simulator' })
    }
    expect(services.simulator.healthcheck?.test.join(' ')).toContain(`connect(${flag('--port')}, `)
  })

  it('keeps the queue of the stand-in apart from the real one', () => {
    const prefixes = [...demoWorkers, 'loader' as const].map(name => services[name].environment?.['REDIS_PREFIX'])
    expect(new Set(prefixes).size).toBe(1)
    expect(prefixes[0]).toMatch(/^\{.+\}$/)
    expect(prefixes[0]).not.toBe(settingRow('REDIS_PREFIX').default)
  })

  it('sets or passes on every setting but those of another Redis', () => {
    const others = ['REDIS_SENTINELS', 'REDIS_SENTINEL_NAME', 'REDIS_CLUSTER_NODES']
    const expected = settingVariables().filter(name => !others.includes(name))
    expect(Object.keys(services.worker.environment ?? {}).sort()).toEqual(expected.sort())
  })

  it('is accepted by docker-compose, with and without a .env, where that is installed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'clear-friends-compose-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await copyFile(join(root, 'docker-compose.yml'), join(folder, 'docker-compose.yml'))
    for (const dotEnv of [undefined, 'IM_ADMIN=administrator\nDRAIN_SECONDS=40\n']) {
      if (dotEnv !== undefined) await writeFile(join(folder, '.env'), dotEnv)
      for (const [command, ...args] of await composePrograms()) {
        const config = [...args, '--profile', 'live', '--profile', 'demo', 'config']
        const { stdout } = await promisify(execFile)(command, config, {
          cwd: folder,
          env: bareEnvironment,
        })
        expect(parse(stdout)).toMatchObject({
          services: {
            worker: { environment: { IM_ADMIN: dotEnv === undefined ? null : 'administrator' } },
          },
        })
      }
    }
  })
})

describe('.env.example', () => {
  it('has every setting, its default commented out, and no value where there is none', async () => {
    const lines = (await read('.env.example')).split('\n').flatMap(line => {
      const [, commented, name, value] = /^(#?)([A-Z_]+)=(.*)$/.exec(line) ?? []
      return name === undefined ? [] : [[name, { commented: commented === '#', value }] as const]
    })
    const expected = settingVariables().map(name => {
      const row = rows.get(name) ?? rows.get(name.replace(/_FILE$/, ''))
      return [name, { commented: row?.required === false, value: row?.default ?? '' }] as const
    })
    expect(Object.fromEntries(lines)).toEqual(Object.fromEntries(expected))
    expect(lines).toHaveLength(expected.length)
  })
})

describe('the Dockerfile', () => {
  it('builds on an image that is pinned by a tag', async () => {
    const dockerfile = await read('Dockerfile')
    expect(dockerfile).toMatch(/^ARG NODE_IMAGE=node:24-[a-z]+-slim$/m)
    expect(dockerfile.match(/^FROM .*$/gm)).toEqual(['FROM ${' + 'NODE_IMAGE} AS build', 'FROM ${' + 'NODE_IMAGE}'])
  })

  it('runs without root and without a shell in between, so that signals arrive', async () => {
    const lastStage = (await read('Dockerfile')).split(/^FROM /m).at(-1) ?? ''
    expect(lastStage).toMatch(/^USER node$/m)
    for (const instruction of ['ENTRYPOINT', 'CMD', '  CMD']) {
      expect(lastStage).toMatch(new RegExp(`^${instruction} \\["`, 'm'))
    }
  })

  it('gets every folder that is compiled', async () => {
    const { include } = z.object({ include: z.array(z.string()) }).parse(JSON.parse(await read('tsconfig.build.json')))
    const allowed = (await read('.dockerignore')).split('\n').filter(line => line.startsWith('!'))
    expect(allowed).toEqual(expect.arrayContaining(include.map(folder => `!${folder}`)))
  })
})

const rows = new Map<string, SettingRow>(SETTING_NAMES.map(name => [name, settingRow(name)]))

/** Gives the names of all settings; a secret has a second one for its file form. */
const settingVariables = (): string[] =>
  [...rows].flatMap(([name, row]) => (row.secret ? [name, `${name}_FILE`] : [name]))

/** Gives the seconds of a grace period like `1m${DRAIN_SECONDS:-25}s`, as docker-compose reads it. */
function graceSeconds(period: string, drainSeconds: string | undefined): number {
  const filledIn = period.replace(/\$\{DRAIN_SECONDS:-([^}]*)\}/, (_, fallback: string) => drainSeconds ?? fallback)
  const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(filledIn) ?? []
  return Number(minutes) * 60 + Number(seconds)
}

async function composePrograms(): Promise<readonly (readonly [string, ...string[]])[]> {
  const known = [['docker-compose'], ['docker', 'compose']] as const
  const looked = await Promise.all(
    known.map(async ([command, ...args]) => {
      const end = await runProgram(command, [...args, 'version'], { timeoutMs: 60_000 })
      return end.kind === 'done' ? [[command, ...args] as const] : []
    }),
  )
  return looked.flat()
}

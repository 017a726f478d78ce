/** docker-compose.yml, Dockerfile, .dockerignore and .env.example, which must agree with each other and with the settings. */
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { REDIS_IMAGE } from '../../cli/demo/docker-redis.ts'
import { runProgram } from '../../cli/demo/run-program.ts'
import { type Setting, settingsTable } from '../../config/settings.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (name: string): Promise<string> => readFile(join(root, name), 'utf8')

/** Without the settings of whoever runs the tests, which docker-compose would pass on. */
const { PATH, HOME } = process.env
const bareEnvironment = { PATH, HOME }

const serviceSchema = z.looseObject({
  image: z.string(),
  command: z.array(z.string()),
  profiles: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()]).nullable()).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
  healthcheck: z.looseObject({ test: z.array(z.string()) }).optional(),
  stop_grace_period: z.string().optional(),
})
const composeSchema = z.looseObject({
  services: z.object({
    redis: serviceSchema,
    worker: serviceSchema,
    simulator: serviceSchema,
    'demo-worker': serviceSchema,
  }),
})

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

  it.each(['worker', 'demo-worker'] as const)('starts %s only when Redis answers', name => {
    expect(services[name].depends_on).toMatchObject({ redis: { condition: 'service_healthy' } })
    expect(services.redis.healthcheck?.test.join(' ')).toContain('redis-cli ping')
  })

  it('lets the worker be scaled: no fixed name, no port of the host', () => {
    expect(services.worker).not.toHaveProperty('container_name')
    expect(services.worker).not.toHaveProperty('ports')
  })

  it.each(['worker', 'demo-worker'] as const)('waits longer for %s than it drains, whatever is set', name => {
    const grace = services[name].stop_grace_period ?? ''
    expect(graceSeconds(grace, undefined)).toBeGreaterThan(Number(settingsTable.DRAIN_SECONDS.default))
    for (const drainSeconds of ['0', '0.5', '25', '3600']) {
      expect(graceSeconds(grace, drainSeconds)).toBeGreaterThan(Number(drainSeconds))
    }
  })

  it('keeps what is for trying out under the profile demo', () => {
    expect(services.simulator.profiles).toEqual(['demo'])
    expect(services['demo-worker'].profiles).toEqual(['demo'])
    expect(services.redis.profiles).toBeUndefined()
    expect(services.worker.profiles).toBeUndefined()
  })

  it('signs for the stand-in with the app, admin and key that the stand-in checks', () => {
    const [command, ...flags] = services.simulator.command
    const flag = (name: string): string | undefined => flags[flags.indexOf(name) + 1]
    expect(command).toBe('simulator')
    expect(services['demo-worker'].environment).toMatchObject({
      IM_BASE_URL: `http://127.0.0.1:${flag('--port')}`,
      IM_SDK_APP_ID: flag('--sdk-app-id'),
      IM_ADMIN: flag('--admin'),
      IM_SECRET_KEY: flag('--secret-key'),
    })
    expect(services['demo-worker']).toMatchObject({ network_mode: 'service:simulator' })
    expect(services.simulator.healthcheck?.test.join(' ')).toContain(`connect(${flag('--port')}, `)
  })

  it('keeps the queue of the stand-in apart from the real one', () => {
    const { REDIS_PREFIX: prefix } = services['demo-worker'].environment ?? {}
    expect(prefix).toMatch(/^\{.+\}$/)
    expect(prefix).not.toBe(settingsTable.REDIS_PREFIX.default)
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
        const { stdout } = await promisify(execFile)(command, [...args, 'config'], {
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

const rows = new Map<string, Setting<unknown, boolean, boolean>>(Object.entries(settingsTable))

/** The names of all settings; a secret has a second one for its file form. */
const settingVariables = (): string[] =>
  [...rows].flatMap(([name, row]) => (row.secret ? [name, `${name}_FILE`] : [name]))

/** What docker-compose makes of a grace period like `1m${DRAIN_SECONDS:-25}s`. */
function graceSeconds(period: string, drainSeconds: string | undefined): number {
  const filledIn = period.replace(/\$\{DRAIN_SECONDS:-([^}]*)\}/, (_, fallback: string) => drainSeconds ?? fallback)
  const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(filledIn) ?? []
  return Number(minutes) * 60 + Number(seconds)
}

async function composePrograms(): Promise<readonly (readonly [string, ...string[]])[]> {
  const known = [['docker-compose'], ['docker', 'compose']] as const
  const looked = await Promise.all(
    known.map(async ([command, ...args]) => {
      const end = await runProgram(command, [...args, 'version'], { timeoutMs: 20_000 })
      return end.kind === 'done' ? [[command, ...args] as const] : []
    }),
  )
  return looked.flat()
}

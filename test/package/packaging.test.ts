/** The package as a user gets it: packed, installed into an empty folder and run there. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, glob, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { Api } from 'tls-sig-api-v2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createProducer } from '../../jobs/enqueue/producer.ts'
import { keysOf } from '../../redis/keys.ts'
import { startSimulator } from '../../simulator/index.ts'
import { eventually } from '../helpers/eventually.ts'
import { startProcess } from '../helpers/processes/start-process.ts'
import { workerSettingsFor } from '../helpers/processes/worker-process.ts'
import { testRedis } from '../helpers/redis/redis.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const sourceFolders = ['cli', 'config', 'jobs', 'limiter', 'metrics', 'private-redis', 'redis', 'simulator', 'worker']

/** The Node that runs this test comes first, as it does for a user whose Node is new enough. */
const { PATH: path = '' } = process.env
const environment = { ...process.env, PATH: [dirname(process.execPath), path].join(delimiter) }

let folder: string
let installed: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clear-friends-package-'))
  installed = join(folder, 'node_modules', 'clear-friends')
  await run('npm', ['pack', '--pack-destination', folder], { cwd: root, env: environment })
  const [tarball = 'no tarball'] = await readdir(folder)
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const options = ['--prefer-offline', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund']
  await run('npm', ['install', ...options, join(folder, tarball)], { cwd: folder, env: environment })
}, 300_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

const clearFriends = (...args: string[]) =>
  run('npx', ['--no-install', 'clear-friends', ...args], { cwd: folder, env: environment })

describe('the installed package', () => {
  it('prints its version', async () => {
    const settings: unknown = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
    expect(settings).toMatchObject({ version: (await clearFriends('--version')).stdout.trim() })
  })

  it('names its commands in its help', async () => {
    const { stdout } = await clearFriends('--help')
    for (const command of ['worker', 'enqueue', 'import', 'status', 'doctor', 'simulator', 'demo']) {
      expect(stdout).toMatch(new RegExp(`^ +${command}\\b`, 'm'))
    }
  })

  it.each([
    ['clear-friends', () => import('../../jobs/index.ts')],
    ['clear-friends/permits', () => import('../../limiter/index.ts')],
    ['clear-friends/simulator', () => import('../../simulator/index.ts')],
  ])('has the public door %s, through which the same comes out as from the sources', async (door, load) => {
    const script = `process.stdout.write(JSON.stringify(Object.keys(await import('${door}')).sort()))`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: folder })
    expect(JSON.parse(stdout)).toEqual(Object.keys(await load()).sort())
  })

  it('has no other door to its code than these', async () => {
    const settings: unknown = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
    const { exports } = z.object({ exports: z.record(z.string(), z.unknown()) }).parse(settings)
    expect(Object.keys(exports).sort()).toEqual([
      '.',
      './job.schema.json',
      './package.json',
      './permits',
      './simulator',
      './worker',
    ])
  })

  it('shares the limit with another program, as the example shows', async () => {
    const keySpace = testRedis()
    const simulator = await startSimulator({ users: { count: 3 } })
    try {
      await cp(join(root, 'docs', 'examples', 'share-the-limit.ts'), join(folder, 'share-the-limit.ts'))
      const { IM_SECRET_KEY = '', ...settings } = workerSettingsFor(simulator, keySpace)
      const { IM_SDK_APP_ID: appId, IM_ADMIN: admin = '' } = settings
      const env = {
        ...environment,
        ...settings,
        IM_USER_SIG: new Api(Number(appId), IM_SECRET_KEY).genUserSig(admin, 600),
      }
      const { stdout } = await run(process.execPath, ['share-the-limit.ts', 'user_1', 'user_2', 'user_3'], {
        cwd: folder,
        env,
      })
      expect(stdout).toMatch(/^(\d+ friends\n){3}$/)
      expect(simulator.figures().byCommand.friend_get).toMatchObject({ calls: 3 })
      const redis = new Redis(keySpace.url)
      expect(await redis.zcard(keysOf(keySpace.prefix).permits('friend_get'))).toBeGreaterThan(3)
      redis.disconnect()
    } finally {
      await simulator.close()
      await keySpace.cleanUp()
    }
  })

  it('lets a pipeline veto a clear, as the example shows', async () => {
    const keySpace = testRedis()
    const redis = new Redis(keySpace.url, { maxRetriesPerRequest: null })
    const simulator = await startSimulator({ users: { count: 2, privateFriends: 2 } })
    const producer = createProducer({ redis, prefix: keySpace.prefix })
    await cp(join(root, 'docs', 'examples', 'worker-with-veto.ts'), join(folder, 'worker-with-veto.ts'))
    const LEGAL_HOLD_FILE = join(folder, 'legal-hold.txt')
    await writeFile(LEGAL_HOLD_FILE, 'user_2\n')
    const worker = spawn(process.execPath, ['worker-with-veto.ts'], {
      cwd: folder,
      env: { ...environment, ...workerSettingsFor(simulator, keySpace), LEGAL_HOLD_FILE },
      stdio: 'ignore',
    })
    const ended = once(worker, 'exit')
    try {
      await producer.enqueueMany(['user_1', 'user_2'])
      const outcomes = () => redis.hgetall(keysOf(keySpace.prefix).outcomes)
      await eventually('both to be settled', async () => Object.keys(await outcomes()).length === 2, 30_000)
      expect(await outcomes()).toEqual({ cleared: '1', cancelled: '1' })
      expect(simulator.friendsOf('user_1')).toEqual([])
      expect(simulator.friendsOf('user_2')).toHaveLength(2)
    } finally {
      worker.kill('SIGTERM')
      await ended
      await producer.close()
      await simulator.close()
      await keySpace.cleanUp()
      redis.disconnect()
    }
  })

  it('ends a worker whose npx was ended, which passes no signal on', async () => {
    const keySpace = testRedis()
    const simulator = await startSimulator({ users: { count: 1 } })
    const npx = startProcess('npx', ['--no-install', 'clear-friends', 'worker'], {
      folder,
      environment: { ...environment, ...workerSettingsFor(simulator, keySpace) },
    })
    try {
      await npx.stdout.until(lines => lines.find(line => line.includes('"ready"')))
      npx.signal('SIGTERM')
      // The output ends with the last process that holds it, which is the worker.
      await npx.ended
      expect(npx.stdout.text).toContain('"drained"')
    } finally {
      await simulator.close()
      await keySpace.cleanUp()
    }
  })

  it('holds every Lua script and JSON file of the sources, unchanged', async () => {
    const files: string[] = []
    const patterns = sourceFolders.map(name => `${name}/**/*.{lua,json}`)
    for await (const file of glob(patterns, { cwd: root })) files.push(file)
    expect(files.filter(file => file.endsWith('.lua'))).not.toEqual([])
    for (const file of files) {
      const packed = await readFile(join(installed, 'dist', file), 'utf8').catch(() => 'not in the package')
      expect(packed, file).toBe(await readFile(join(root, file), 'utf8'))
    }
  })

  it('holds nothing but the compiled program, its unit file, readme, license and changelog', async () => {
    const entries = (await readdir(installed)).filter(name => name !== 'node_modules')
    expect(new Set(entries)).toEqual(
      new Set([
        ...entries.filter(name => /^(README|LICENSE|CHANGELOG)/.test(name)),
        'bin',
        'deploy',
        'dist',
        'package.json',
      ]),
    )
    const compiled = await readdir(join(installed, 'dist'), { recursive: true })
    expect(compiled.filter(name => name.endsWith('.ts') && !name.endsWith('.d.ts'))).toEqual([])
    expect(compiled.filter(name => name.includes('.test.'))).toEqual([])
  })

  it('has no fault that publint knows', async () => {
    const { messages, pkg } = await publint({ pkgDir: installed, pack: false, strict: true })
    expect(messages.map(message => formatMessage(message, pkg, { color: false }))).toEqual([])
  })
})

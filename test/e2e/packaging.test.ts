/** What a user gets from the registry: packed, installed into an empty folder and run there. */
import { execFile } from 'node:child_process'
import { glob, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const sourceFolders = ['cli', 'config', 'jobs', 'metrics', 'simulator', 'worker']

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

  it('has one public door, through which the same comes out as from the sources', async () => {
    const script = "process.stdout.write(JSON.stringify(Object.keys(await import('clear-friends')).sort()))"
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: folder })
    const sources: object = await import('../../jobs/index.ts')
    expect(JSON.parse(stdout)).toEqual(Object.keys(sources).sort())
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

  it('holds nothing but the compiled program and what speaks of it', async () => {
    const entries = (await readdir(installed)).filter(name => name !== 'node_modules')
    expect(new Set(entries)).toEqual(
      new Set([...entries.filter(name => /^(README|LICENSE|CHANGELOG)/.test(name)), 'bin', 'dist', 'package.json']),
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

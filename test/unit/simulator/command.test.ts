import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('./simulator-program.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'simulator-'))
const running = new Set<ChildProcess>()

afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

interface Run {
  readonly firstLine: Promise<string>
  readonly stop: (signal: NodeJS.Signals) => void
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>
}

const start = (...args: string[]): Run => {
  const child = spawn(process.execPath, [PROGRAM, 'simulator', ...args])
  running.add(child)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
  })
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString()
  })
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>(resolve => {
    child.once('close', code => {
      running.delete(child)
      resolve({ code, stdout, stderr })
    })
  })
  const lines = createInterface({ input: child.stdout })
  const firstLine = Promise.race([
    new Promise<string>(resolve => lines.once('line', resolve)),
    ended.then(({ stderr: talk }) => {
      throw new Error(`ended before it listened: ${talk}`)
    }),
  ])
  firstLine.catch(() => {})
  return { firstLine, stop: signal => child.kill(signal), ended }
}

const figuresOf = async (url: string): Promise<unknown> => (await fetch(`${url}/simulator/figures`)).json()

describe('clear-friends simulator', () => {
  test('prints its address, serves until SIGTERM and prints its figures as JSON lines', async () => {
    const run = start(
      '--json',
      '--users',
      '5',
      '--groups-of',
      '5',
      '--fault',
      '30006:accounts=user_1',
      '--limit',
      'friend_get=7',
    )
    const { url, port } = JSON.parse(await run.firstLine)
    expect(url).toBe(`http://127.0.0.1:${port}`)
    expect(await figuresOf(url)).toMatchObject({
      byCommand: { friend_get: { limitPerSecond: 7 }, friend_delete_all: { limitPerSecond: 200 } },
      faults: [{ rule: { answer: { code: 30006 } } }],
    })
    const friends = await (await fetch(`${url}/simulator/friends?account=user_1`)).json()
    expect(friends).toMatchObject({ friends: ['user_2', 'user_3', 'user_4', 'user_5'] })
    run.stop('SIGTERM')
    const { code, stdout } = await run.ended
    expect(code).toBe(0)
    expect(
      stdout
        .trim()
        .split('\n')
        .map(line => Object.keys(JSON.parse(line)).slice(0, 2)),
    ).toEqual([
      ['url', 'port'],
      ['startedAt', 'uptimeMs'],
    ])
  })

  test('prints a table for people, ends with SIGINT, and logs every answer without signatures', async () => {
    const log = join(folder, 'answers.ndjson')
    const run = start('--log', log)
    const url = await run.firstLine
    await fetch(`${url}/v4/sns/friend_get?sdkappid=5&usersig=secret`, { method: 'POST', body: '{}' })
    run.stop('SIGINT')
    const { code, stdout, stderr } = await run.ended
    expect(code).toBe(0)
    expect(stdout).toMatch(/call +arrived +limit +worst second/)
    expect(stdout).toMatch(/friend_get +1 +200 +1 +1 +0 +60025: 1/)
    expect(stderr).toContain(`${url}/simulator`)
    expect(JSON.parse(readFileSync(log, 'utf8'))).toMatchObject({
      command: 'friend_get',
      answer: '60025',
      url: expect.stringContaining('usersig=[redacted]'),
    })
  })

  test('reads a friend graph from a file', async () => {
    const file = join(folder, 'graph.json')
    writeFileSync(file, '[{"account":"anna","friends":["bert"]}]')
    const run = start('--json', '--users', file)
    const { url } = JSON.parse(await run.firstLine)
    const friends = await (await fetch(`${url}/simulator/friends?account=anna`)).json()
    expect(friends).toEqual({ account: 'anna', friends: ['bert'] })
    run.stop('SIGTERM')
    expect((await run.ended).code).toBe(0)
  })

  test('cannot be steered with --no-control', async () => {
    const run = start('--no-control')
    expect(await figuresOf(await run.firstLine)).toMatchObject({ ErrorCode: 60009 })
    run.stop('SIGTERM')
    await run.ended
  })

  const broken = join(folder, 'broken.json')
  writeFileSync(broken, '[{')

  test.each([
    [['--fault', '30006:shre=0.1'], 'unknown option "shre"'],
    [['--fault', 'explode'], '"explode" is no answer'],
    [['--port', '70000'], 'expected a whole number from 0 to 65535'],
    [['--port', 'x'], 'expected a whole number'],
    [['--users', '/no/such/file'], 'no such file'],
    [['--users', broken], 'the file is no JSON'],
    [['--users', 'all', '--groups-of', '50'], 'groupsOf is at most 10 together with importAll'],
    [['--limit', 'friend_add=3'], '"friend_add" is no vendor call'],
    [['--algorithm', 'leaky'], 'expected aligned, sliding or bucket'],
    [['--latency', 'slow'], '"slow" is no duration'],
    [['--missing', '2'], 'expected a share from 0 to 1'],
    [['--lock', '1h'], 'expected a duration'],
    [['--tls-key', broken], '--tls-key and --tls-cert are needed together'],
    [['--unknown'], "unknown option '--unknown'"],
  ])('%j ends with exit code 2 and one clear line', async (args, problem) => {
    const { code, stdout, stderr } = await start(...args).ended
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(problem)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})

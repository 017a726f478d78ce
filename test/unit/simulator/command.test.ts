import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { type BegunCommand, beginCommand, runCommand } from '../../helpers/commands/run-command.ts'
import { startCommand } from '../../helpers/processes/start-command.ts'

const folder = mkdtempSync(join(tmpdir(), 'simulator-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Begins the command, and gives its first line; it ends with the test. */
async function begin(...args: string[]): Promise<{ command: BegunCommand; firstLine: string }> {
  const command = beginCommand(['simulator', ...args], {})
  onTestFinished(async () => {
    command.interrupt()
    await command.ended
  })
  return { command, firstLine: await command.stdout.until(lines => lines[0]) }
}

const figuresOf = async (url: string): Promise<unknown> => (await fetch(`${url}/simulator/figures`)).json()

describe('clear-friends simulator', () => {
  test('prints its address, serves until it is asked to end, and prints its figures as JSON lines', async () => {
    const { command, firstLine } = await begin(
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
    const { url, port } = JSON.parse(firstLine)
    expect(url).toBe(`http://127.0.0.1:${port}`)
    expect(await figuresOf(url)).toMatchObject({
      byCommand: { friend_get: { limitPerSecond: 7 }, friend_delete_all: { limitPerSecond: 200 } },
      faults: [{ rule: { answer: { code: 30006 } } }],
    })
    const friends = await (await fetch(`${url}/simulator/friends?account=user_1`)).json()
    expect(friends).toMatchObject({ friends: ['user_2', 'user_3', 'user_4', 'user_5'] })
    command.interrupt()
    const { code, stdout } = await command.ended
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

  test('prints a table for people, and logs every answer without signatures', async () => {
    const log = join(folder, 'answers.ndjson')
    const { command, firstLine: url } = await begin('--log', log)
    await fetch(`${url}/v4/sns/friend_get?sdkappid=5&usersig=secret`, { method: 'POST', body: '{}' })
    command.interrupt()
    const { code, stdout, stderr } = await command.ended
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
    const { url } = JSON.parse((await begin('--json', '--users', file)).firstLine)
    const friends = await (await fetch(`${url}/simulator/friends?account=anna`)).json()
    expect(friends).toEqual({ account: 'anna', friends: ['bert'] })
  })

  test('cannot be steered with --no-control', async () => {
    const { firstLine: url } = await begin('--no-control')
    expect(await figuresOf(url)).toMatchObject({ ErrorCode: 60009 })
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('as a process ends with %s, which is no failure', async signal => {
    const command = startCommand(['simulator'], {})
    await command.stdout.until(lines => lines[0])
    command.signal(signal)
    expect((await command.ended).code).toBe(0)
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
    const { code, stdout, stderr } = await runCommand(['simulator', ...args])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr.split('\n')).toEqual([expect.stringContaining(problem), '(--help shows what is possible)', ''])
  })
})

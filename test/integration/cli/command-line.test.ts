import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runCommand } from '../../helpers/commands/run-command.ts'

const commands = ['worker', 'enqueue', 'import', 'status', 'pause', 'resume', 'rate', 'doctor', 'simulator', 'demo']
const entry = fileURLToPath(new URL('../../../bin/clear-friends.js', import.meta.url))
const packageText = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')

describe.concurrent('clear-friends', () => {
  it('prints its version', async () => {
    const { version } = JSON.parse(packageText) as { version: string }
    expect(await runCommand(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  it.each([[['--help']], [['help']]])('%j names every command on stdout', async args => {
    const { code, stdout, stderr } = await runCommand(args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'))
  })

  it('without a command shows the same on stderr, as wrong usage', async () => {
    const { code, stdout, stderr } = await runCommand([])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    for (const command of commands) expect(stderr).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'))
  })

  it.each(commands)('%s has help, which needs no settings', async command => {
    const { code, stdout, stderr } = await runCommand([command, '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^Usage: clear-friends ${command}\\b`))
  })

  it.each([
    [['status', 'user_secret'], 'error: too many arguments'],
    [['import', 'wave.txt', 'user_secret'], 'error: too many arguments'],
    [
      ['enqueue', '-user_secret'],
      'error: unknown option, which begins with a dash; if it is an account, put -- before',
    ],
    [['cancel', 'user_1', '--user_secret'], 'error: unknown option, which begins with a dash; if it is an account'],
    [['import'], "error: missing required argument 'file'"],
    [['status', '--jsonn'], "error: unknown option '--jsonn'"],
    [['pause', '--reason'], "error: option '--reason <text>' argument missing"],
  ])('%j is wrong usage, and what was given is not repeated', async (args, message) => {
    const { code, stdout, stderr } = await runCommand(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).toContain('(--help shows what is possible)')
    expect(stderr).not.toContain('user_secret')
  })

  it('whose output cannot be written says so in one line', async () => {
    const full = openSync('/dev/full', 'w')
    const command = spawn(process.execPath, [entry, '--help'], { stdio: ['ignore', full, 'pipe'] })
    const stderr = text(command.stderr ?? Readable.from([]))
    const [code] = await once(command, 'close')
    closeSync(full)
    expect(code).toBe(1)
    expect(await stderr).toBe('clear-friends: the output cannot be written (the disk is full, ENOSPC)\n')
  })

  it.each([['enqueue', 'user_secret'], ['import', '-'], ['status'], ['pause'], ['resume'], ['rate']])(
    '%s reports wrong settings with exit code 78 and asks no Redis',
    async (...args) => {
      const { code, stdout, stderr } = await runCommand(args, {
        REDIS_URL: 'redis://:hush@127.0.0.1/x',
        DUE_DAYS: 'soon',
      })
      expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
      expect(stderr.split('\n')).toEqual([
        'Settings that need attention:',
        expect.stringContaining('REDIS_URL: "redis://[redacted]@127.0.0.1/x"; expected'),
        '  DUE_DAYS: "soon"; expected a number from 0 to 3650',
        '',
      ])
    },
  )
})

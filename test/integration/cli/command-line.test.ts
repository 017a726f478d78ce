import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { entry, startCommand } from '../../helpers/processes/start-command.ts'

const commands = ['worker', 'enqueue', 'import', 'status', 'pause', 'resume', 'rate', 'doctor', 'simulator', 'demo']
const packageText = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')

describe.concurrent('clear-friends', () => {
  it('as a process prints its version, and ends', async () => {
    const { version } = JSON.parse(packageText) as { version: string }
    const { ended } = startCommand(['--version'], {})
    expect(await ended).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('takes its arguments, which may be user ids, out of the process list', async () => {
    const command = startCommand(['simulator', '--port', '0', '--json', '--users', 'all'], {})
    await command.stdout.until(lines => lines.find(line => line.includes('"url"')))
    const shown = await readFile(`/proc/${command.pid}/cmdline`, 'utf8')
    expect(shown.replaceAll('\0', ' ').trim()).toBe('clear-friends simulator')
    await command.kill()
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
    [['enqeue', 'user_secret'], "error: unknown command 'enqeue'"],
    [['import'], "error: missing required argument 'file'"],
    [['import', 'x.txt', '--format', 'xml'], 'Allowed choices are txt, csv, ndjson'],
    [['enqueue'], "error: missing required argument 'account'"],
    [['enqueue', 'user_secret', '--due', 'soon'], '"soon" is no due date'],
    [['enqueue', 'user_secret', '--delete-type', 'all'], 'Allowed choices are both, single'],
    [['enqueue', ''], 'argument 1: the account is empty'],
    [['enqueue', 'user_1', 'user_secret'.repeat(3)], 'argument 2: the account is longer than 32 bytes'],
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
})

import { execFile, spawnSync } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { EXIT } from '../../../cli/exit-codes.ts'
import { settingRow } from '../../../config/settings.ts'
import { runCommand } from '../../helpers/commands/run-command.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const unitFile = join(root, 'deploy/clear-friends-worker.service')

/** Reads the settings of the unit, as `[section, name, value]`. */
async function readUnit(): Promise<readonly (readonly [string, string, string])[]> {
  let section = ''
  return (await readFile(unitFile, 'utf8')).split('\n').flatMap(line => {
    const header = /^\[(\w+)\]$/.exec(line)
    if (header !== null) section = header[1] ?? ''
    if (header !== null || line === '' || line.startsWith('#')) return []
    const [, name = '', value = ''] = /^(\w+)=(.+)$/.exec(line) ?? []
    expect(name, `"${line}" is no setting`).not.toBe('')
    return [[section, name, value] as const]
  })
}

const settingOf = async (name: string): Promise<string> => (await readUnit()).find(each => each[1] === name)?.[2] ?? ''

describe('the unit file of systemd', () => {
  it('holds settings in three sections and nothing else', async () => {
    expect(new Set((await readUnit()).map(([section]) => section))).toEqual(new Set(['Unit', 'Service', 'Install']))
  })

  it('starts a command that the package has, by the path of its bin and not by npx', async () => {
    const [program = '', ...args] = (await settingOf('ExecStart')).split(' ')
    const { bin } = z
      .object({ bin: z.record(z.string(), z.string()) })
      .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')))
    const name = /^\/.*\/node_modules\/\.bin\/([\w-]+)$/.exec(program)?.[1] ?? program
    expect(Object.keys(bin)).toContain(name)
    expect((await runCommand([...args, '--help'])).code).toBe(0)
  })

  it('waits longer than a worker drains, and does not start one again whose settings are wrong', async () => {
    expect(Number(await settingOf('TimeoutStopSec'))).toBeGreaterThan(Number(settingRow('DRAIN_SECONDS').default))
    expect(await settingOf('RestartPreventExitStatus')).toBe(String(EXIT.settings))
  })

  it('is accepted by systemd, where there is one', async () => {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) return
    const folder = await mkdtemp(join(tmpdir(), 'clear-friends-unit-'))
    try {
      const copy = join(folder, 'clear-friends-worker.service')
      await copyFile(unitFile, copy)
      // The command must be there, and be one that may be started.
      const text = (await readFile(copy, 'utf8')).replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`)
      await writeFile(copy, text)
      const { stderr } = await promisify(execFile)('systemd-analyze', ['verify', '--man=no', copy])
      expect(stderr.split('\n').filter(line => line.includes('clear-friends-worker.service'))).toEqual([])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

/** One command for one file, on a terminal and in a pipe. It has a Redis of its own. */
import { exec } from 'node:child_process'
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv, promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { beginCommand, lastLine, runCommand } from '../helpers/commands/run-command.ts'
import { fileForRun } from '../helpers/commands/run-of-file.ts'
import { eventually } from '../helpers/eventually.ts'
import { findingsIn } from '../helpers/receipts/receipts.ts'

const TERMINAL = { isTTY: true, columns: 80 }
const dead = (account: string) => ({ accounts: { list: [account] }, answer: { code: 30001 }, times: 'always' }) as const

const linesOf = async (file: string): Promise<string[]> =>
  (await readFile(`${file}.receipts.ndjson`, 'utf8')).trimEnd().split('\n')

const certificateOf = async (file: string) => JSON.parse(await readFile(`${file}.certificate.json`, 'utf8'))

async function receiptsOf(file: string): Promise<string[]> {
  return (await linesOf(file)).filter(line => line.includes('"kind":"receipt"'))
}

describe.concurrent('clear-friends run', () => {
  it('in a pipe leaves what needs a person, and the same command with --retry ends it and removes the state', async () => {
    const { file, folder, vendor, settings } = await fileForRun(40, { faults: [dead('user_7')] })
    await writeFile(file, `${await readFile(file, 'utf8')}\nuser_1\n`)
    const args = ['run', file, '--json', '--max-rejected', '1']
    const first = await runCommand(args, settings)
    expect({ code: first.code, lines: first.stdout.split('\n').length }).toEqual({ code: 3, lines: 2 })
    const state = `${file}.state`
    expect(JSON.parse(first.stdout)).toMatchObject({
      ...{ type: 'summary', result: 'remains', file, lines: 42, accepted: 40, duplicate: 1, rejected: 1 },
      ...{ cleared: 39, verified: 39, unproved: 0, notImported: 0, dead: 1, cancelled: 0, pending: 0 },
      ...{ receipts: `${file}.receipts.ndjson`, certificate: `${file}.certificate.html` },
      ...{ rejectedFile: `${file}.rejected`, state },
    })
    expect(await certificateOf(file)).toMatchObject({ complete: false, counts: { accepted: 40, dead_lettered: 1 } })
    expect(await readFile(`${file}.certificate.html`, 'utf8')).toContain('NOT COMPLETE')
    expect((await stat(state)).mode & 0o777).toBe(0o700)
    for (const proof of ['receipts.ndjson', 'certificate.html', 'certificate.json']) {
      expect((await stat(`${file}.${proof}`)).mode & 0o777).toBe(0o600)
    }
    vendor.setFaults([])
    const second = await runCommand([...args, '--retry'], settings)
    expect(second.code).toBe(0)
    expect(JSON.parse(lastLine(second.stdout))).toMatchObject({ result: 'done', cleared: 40, dead: 0, state: null })
    expect((await readdir(folder)).toSorted()).toEqual([
      'departed.txt',
      'departed.txt.certificate.html',
      'departed.txt.certificate.json',
      'departed.txt.receipts.ndjson',
      'departed.txt.rejected',
    ])
    const certificate = await certificateOf(file)
    expect(certificate).toMatchObject({
      complete: true,
      onTime: true,
      counts: { accepted: 40, cleared: 40, pending: 0 },
    })
    // Both commands, as they stand on the page.
    const verifier = new URL('../../docs/examples/verify-receipts.mjs', import.meta.url).pathname
    for (const command of certificate.check) {
      const { stdout } = await promisify(exec)(command.replace('verify-receipts.mjs', verifier), { cwd: folder })
      const [sums = '', verdict] = stdout.split('\n')
      expect(JSON.parse(sums.replace('the whole file ', ''))).toEqual({ accepted: 40, cleared: 40, dead_lettered: 0 })
      expect(verdict).toBe('everything holds')
    }
    expect([...vendor.ledger()].filter(({ okAnswers }) => okAnswers !== 1)).toEqual([])
    // The dead letter has a receipt of its own.
    expect(await receiptsOf(file)).toHaveLength(41)
    expect(await findingsIn(await linesOf(file))).toEqual([])
    const third = await runCommand(args, settings)
    expect(third).toMatchObject({ code: 1, stderr: expect.stringContaining('it is there already') })
  })

  it('on a terminal asks for missing settings with secrets unseen, writes .env, asks once, and shows a bar', async () => {
    const { file, folder, settings } = await fileForRun(30)
    const { IM_ADMIN: admin = '', IM_SECRET_KEY: key = '' } = settings
    const given = { ...settings, IM_ADMIN: '', IM_SECRET_KEY: '', RECEIPT_KEY: '' }
    const run = beginCommand(['run', file], given, TERMINAL, folder)
    for (const [question, answer] of [
      ['IM_ADMIN (', 'no admin with spaces'],
      ['Settings that need attention', admin],
      ['IM_SECRET_KEY (', key],
      ['RECEIPT_KEY (', ''],
      ['Write these settings to', 'y'],
      ['Clear the friends of 30 accounts? [y/N]', 'y'],
    ] as const) {
      await run.stderr.untilText(question)
      run.stdin.write(`${answer}\n`)
    }
    const { code, stdout, stderr } = await run.ended
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stderr).not.toContain(key)
    expect(stderr).toMatch(/\d+ %: \d+ of 30 accounts/)
    expect(stdout).toContain(`certified ${file}.certificate.html\n`)
    expect(stdout.split('\n').length).toBeLessThanOrEqual(11)
    const written = parseEnv(await readFile(join(folder, '.env'), 'utf8'))
    expect(written).toMatchObject({ IM_ADMIN: admin, IM_SECRET_KEY: key })
    expect(written['RECEIPT_KEY']).toMatch(/^[0-9a-f]{64}$/)
    expect((await stat(join(folder, '.env'))).mode & 0o777).toBe(0o600)
  })

  it('in a pipe says all that is missing at once, and does nothing', async () => {
    const { file, folder } = await fileForRun(1)
    const { code, stderr } = await runCommand(['run', file], {})
    expect(code).toBe(78)
    for (const name of ['IM_BASE_URL', 'IM_SDK_APP_ID', 'IM_ADMIN', 'IM_SECRET_KEY', 'RECEIPT_KEY']) {
      expect(stderr).toContain(`${name}: not set`)
    }
    expect(await readdir(folder)).toEqual(['departed.txt'])
  })

  it('does nothing when the answer is no, and leaves nothing behind', async () => {
    const { file, folder, vendor, settings } = await fileForRun(3)
    const run = beginCommand(['run', file], settings, TERMINAL, folder)
    await run.stderr.untilText('[y/N]')
    run.stdin.write('n\n')
    expect((await run.ended).code).toBe(1)
    expect(await readdir(folder)).toEqual(['departed.txt'])
    expect(vendor.figures().byCommand.friend_delete_all.calls).toBe(0)
  })

  it('goes on where it was interrupted, and lets no other process at its state or its app meanwhile', async () => {
    const { file, folder, vendor, settings } = await fileForRun(400)
    const slow = { ...settings, RATE_LIMIT_PER_SECOND: '100' }
    const args = ['run', file, '--json']
    const first = beginCommand(args, slow)
    first.stdin.end()
    await eventually('calls', async () => vendor.figures().byCommand.friend_delete_all.calls >= 30)
    expect(await runCommand(args, settings)).toMatchObject({
      code: 75,
      stderr: expect.stringContaining('another process is at work on this run'),
    })
    const other = join(folder, 'other.txt')
    await writeFile(other, 'user_1\n')
    expect(await runCommand(['run', other], settings)).toMatchObject({
      code: 75,
      stderr: expect.stringContaining('another run clears accounts of app 1400000000 on this machine'),
    })
    first.interrupt()
    const { code, stdout } = await first.ended
    expect(code).toBe(75)
    const { cleared, pending, reason } = JSON.parse(stdout)
    expect({ all: cleared + pending, reason }).toEqual({ all: 400, reason: 'interrupted' })
    const short = await runCommand([...args, '--max-time', '1s'], slow)
    expect({ code: short.code, ...JSON.parse(short.stdout) }).toMatchObject({ code: 75, reason: '--max-time is over' })
    expect((await runCommand([...args, '--keep'], settings)).code).toBe(0)
    // What is done stays done: nothing is called again.
    const { calls } = vendor.figures().byCommand.friend_delete_all
    const again = await runCommand(args, settings)
    expect(JSON.parse(again.stdout)).toMatchObject({ result: 'done', cleared: 400, state: null })
    expect(vendor.figures().byCommand.friend_delete_all.calls).toBe(calls)
    expect([...vendor.ledger()].filter(({ okAnswers }) => okAnswers !== 1)).toEqual([])
    expect(await receiptsOf(file)).toHaveLength(400)
    expect(await certificateOf(file)).toMatchObject({ complete: true, counts: { accepted: 400, cleared: 400 } })
  })

  it('stops at once at a halt that only a person can end, and goes on by --go-on alone', async () => {
    const { file, settings } = await fileForRun(60, { users: { count: 60, missingShare: 1 } })
    for (const _ of [1, 2]) {
      const { code, stdout } = await runCommand(['run', file, '--json'], settings)
      expect({ code, ...JSON.parse(stdout) }).toMatchObject({
        code: 75,
        reason: expect.stringContaining('too_many_missing'),
      })
    }
    const { code, stdout } = await runCommand(['run', file, '--json', '--go-on'], settings)
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, notImported: 60 })
  })

  it.each([
    ['a wrong key', { IM_SECRET_KEY: 'the key of another app' }, 'Set IM_SECRET_KEY to the current key of this app'],
    ['a vendor that is not there', { IM_BASE_URL: 'http://127.0.0.1:9' }, 'Check IM_BASE_URL'],
  ])('says at once why nothing is sent, with %s', async (_what, wrong, said) => {
    const { file, settings } = await fileForRun(3)
    const run = beginCommand(['run', file], { ...settings, ...wrong })
    run.stdin.end()
    await run.stderr.untilText(said)
    run.interrupt()
    expect((await run.ended).code).toBe(75)
  })

  it('writes through no link, and uses no folder that is not its own', async () => {
    const { file, folder, settings } = await fileForRun(1)
    for (const proof of ['receipts.ndjson', 'certificate.html', 'certificate.json']) {
      await symlink(join(folder, 'elsewhere'), `${file}.${proof}`)
      expect((await runCommand(['run', file], settings)).stderr).toContain(`${proof}: it is there already`)
      await rm(`${file}.${proof}`)
    }
    expect(await readdir(folder)).not.toContain('departed.txt.state')
    await mkdir(join(folder, 'open'), { mode: 0o755 })
    expect((await runCommand(['run', file, '--state', join(folder, 'open')], settings)).stderr).toContain('chmod 700')
    await mkdir(join(folder, 'full'), { mode: 0o700 })
    await writeFile(join(folder, 'full', 'letter'), '')
    expect((await runCommand(['run', file, '--state', join(folder, 'full')], settings)).stderr).toContain('"letter"')
    expect(await readdir(join(folder, 'full'))).toEqual(['letter'])
  })
})

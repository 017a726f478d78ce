/** The three users of Redis in docs/security.md: everything that a role does works with its rights, and nothing else. */
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { startPrivateRedis } from '../../private-redis/private-redis.ts'
import { DEFAULT_PREFIX, keysOf } from '../../redis/keys.ts'
import { runCommand } from '../helpers/commands/run-command.ts'
import { fleetForTest, type VendorAndWorkers } from '../helpers/fleets/vendor-and-workers.ts'
import { TEST_RECEIPT_KEY } from '../helpers/receipts/settling.ts'

const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8')
const rules = (/```acl\n(.*?)```/s.exec(page)?.[1] ?? '').trim().split('\n')

/** A Redis with the users of the page. */
async function startRedisWithUsers() {
  const server = await startPrivateRedis()
  const admin = new Redis(server.url)
  onTestFinished(async () => {
    admin.disconnect()
    await server.stop()
  })
  for (const rule of rules) {
    const [, name = '', ...rights] = rule.split(' ')
    await admin.call('ACL', 'SETUSER', name, 'reset', ...rights)
  }
  const urlOf = (user: string): string => server.url.replace('://', `://${user}:a-password@`)
  return { server, admin, urlOf }
}

interface Asked {
  readonly user: string
  readonly args: readonly string[]
  readonly input?: string
}

it('suffice for all that each role does, and refuse what is another role’s', async () => {
  const { server, admin, urlOf } = await startRedisWithUsers()
  const fleet: VendorAndWorkers = await fleetForTest({
    server,
    simulator: { users: { importAll: true } },
    settings: { REDIS_URL: urlOf('worker') },
  })
  const run = ({ user, args, input }: Asked) => runCommand(args, { ...fleet.settings, REDIS_URL: urlOf(user) }, input)
  const allowed = async (user: string, args: readonly string[], input?: string): Promise<void> => {
    const { code, stderr } = await run({ user, args, ...(input === undefined ? {} : { input }) })
    expect({ user, args, code, stderr }).toMatchObject({ code: 0, stderr: expect.not.stringContaining('NOPERM') })
  }
  const refused = async (user: string, args: readonly string[]): Promise<void> => {
    const { code, stderr } = await run({ user, args })
    expect({ user, args, code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('NOPERM') })
  }

  await allowed('producer', ['enqueue', '-', '--request', 'ticket-1'], 'user_1\nuser_2\n')
  await allowed('producer', ['import', '-', '--request', 'ticket-2'], 'user_3\nuser_4\n')
  await fleet.untilSettled(4)
  await allowed('worker', ['pause'])
  await allowed('producer', ['enqueue', 'user_5', '--request', 'ticket-3'])
  await allowed('producer', ['enqueue', 'user_5', '--request', 'ticket-4', '--due', '2h'])
  for (const args of [
    ['status'],
    ['status', '--request', 'ticket-1'],
    ['fleet'],
    ['cancel', 'user_5'],
    ['failed', 'list'],
    ['failed', 'replay', '--all'],
    ['failed', 'discard', '--all'],
    ['rate', '100'],
    ['resume'],
    ['doctor'],
    ['receipts', 'export'],
  ]) {
    await allowed('worker', args)
  }
  await allowed('auditor', ['receipts', 'export'])

  for (const args of [['pause'], ['resume'], ['rate', '100'], ['status'], ['receipts', 'export']]) {
    await refused('producer', args)
  }
  for (const args of [['enqueue', 'user_6'], ['pause'], ['rate', '100'], ['cancel', 'user_1'], ['failed', 'list']]) {
    await refused('auditor', args)
  }
  expect(fleet.workers[0]?.logLines.filter(line => line.includes('NOPERM'))).toEqual([])
  expect(await admin.call('ACL', 'LOG')).not.toContainEqual(expect.arrayContaining(['worker']))
})

it('a producer that may not write receipts enqueues all the same, and says once that they will not tell who is missing', async () => {
  const { admin, urlOf } = await startRedisWithUsers()
  const settings = { REDIS_URL: urlOf('producer'), RECEIPT_KEY: TEST_RECEIPT_KEY }
  const accounts = Array.from({ length: 2500 }, (_, index) => `user_${index}\n`).join('')
  for (const command of ['enqueue', 'import']) {
    const { code, stderr } = await runCommand([command, '-', '--request', command], settings, accounts)
    expect({ command, code, said: stderr.split('The receipts do not say how many').length - 1 }).toEqual({
      ...{ command, code: 0, said: 1 },
    })
  }
  expect(await admin.exists(keysOf(DEFAULT_PREFIX).receipts)).toBe(0)
  const { receipts, receiptLog } = keysOf(DEFAULT_PREFIX)
  await admin.call('ACL', 'SETUSER', 'producer', `~${receipts}`, `~${receiptLog}`)
  const { stderr } = await runCommand(['enqueue', 'user_x', '--request', 'ticket-2'], settings)
  expect(stderr).toBe('')
  expect(await admin.xlen(receipts)).toBe(1)
})

it('a worker without the right on the channel does not start, and `doctor` says why', async () => {
  const { server, admin, urlOf } = await startRedisWithUsers()
  await admin.call('ACL', 'SETUSER', 'worker', 'resetchannels')
  const fleet = await fleetForTest({ server, workers: 0, simulator: { users: { importAll: true } } })
  const settings = { ...fleet.settings, REDIS_URL: urlOf('worker') }
  expect(await runCommand(['worker'], settings)).toMatchObject({ code: 1, stderr: expect.stringContaining('NOPERM') })
  const { code, stdout } = await runCommand(['doctor'], settings)
  expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringContaining('FAIL  redis channel: refused') })
})

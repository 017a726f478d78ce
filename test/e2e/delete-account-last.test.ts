/** The example docs/examples/delete-account-last.ts, run as it is against a stand-in of the vendor. */
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keysOf } from '../../redis/keys.ts'
import type { CommandResult } from '../helpers/commands/run-command.ts'
import { startProcess } from '../helpers/processes/start-process.ts'
import { type KeySpace, testRedis } from '../helpers/redis/redis.ts'
import { type AccountDeleteFaults, startAccountDeleteVendor } from '../helpers/vendor/account-delete-vendor.ts'

const root = new URL('../../', import.meta.url)
const example = fileURLToPath(new URL('docs/examples/delete-account-last.ts', root))

/** Lets the example import the door from the sources, since a checkout has no dist. */
const doors = `import { registerHooks } from 'node:module'
registerHooks({ resolve: (name, context, next) =>
  next(name === 'clear-friends/permits' ? '${new URL('limiter/index.ts', root)}' : name, context) })`

let keySpace: KeySpace
let redis: Redis

beforeEach(() => {
  keySpace = testRedis()
  redis = new Redis(keySpace.url)
})

afterEach(async () => {
  redis.disconnect()
  await keySpace.cleanUp()
})

/** Writes the figures of a request, as settled jobs leave them. */
async function givenRequest(id: string, figures: Readonly<Record<string, number>>): Promise<void> {
  await redis.hset(keysOf(keySpace.prefix).requests + id, { firstAt: Date.now(), lastAt: Date.now(), ...figures })
}

const people = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `person_${i + 1}`)

async function runExample(url: string, accounts: readonly string[], end = '\n'): Promise<CommandResult> {
  const preload = `data:text/javascript,${encodeURIComponent(doors)}`
  const { stdin, stdout, stderr, ended } = startProcess(process.execPath, ['--import', preload, example, 'ticket-12'], {
    environment: {
      PATH: process.env['PATH'],
      REDIS_URL: keySpace.url,
      REDIS_PREFIX: keySpace.prefix,
      IM_BASE_URL: url,
      IM_SDK_APP_ID: '1400000000',
      IM_ADMIN: 'administrator',
      IM_USER_SIG: 'signature',
    },
  })
  stdin.end(accounts.map(account => account + end).join(''))
  const { code } = await ended
  return { code, stdout: stdout.text, stderr: stderr.text }
}

/** Runs the example against a vendor with faults. */
async function deletePeople(count: number, faults: AccountDeleteFaults = {}) {
  const vendor = await startAccountDeleteVendor(faults)
  try {
    return { ...(await runExample(vendor.url, people(count))), calls: vendor.calls }
  } finally {
    await vendor.close()
  }
}

describe('delete-account-last', () => {
  it('deletes the accounts of a request that is done, 100 a call, each call under a permit', async () => {
    await givenRequest('ticket-12', { accepted: 250, cleared: 248, verified: 248, not_imported: 2 })
    const { code, stdout, stderr, calls } = await deletePeople(250)
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '250 deleted\n0 left in all\n' })
    expect(calls.map(call => call.length)).toEqual([100, 100, 50])
    expect(new Set(calls.flat())).toEqual(new Set(people(250)))
    expect(await redis.zcard(keysOf(keySpace.prefix).permits('account_delete'))).toBeGreaterThanOrEqual(3)
  })

  it('may be run again: accounts that are gone count as done, whatever ends the lines', async () => {
    await givenRequest('ticket-12', { accepted: 2, cleared: 2 })
    const vendor = await startAccountDeleteVendor()
    await runExample(vendor.url, ['person_1'])
    const { code, stderr } = await runExample(vendor.url, people(2), '\r\n')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '1 gone before\n1 deleted\n0 left in all\n' })
    await vendor.close()
  })

  it('hands back the accounts that the vendor did not delete, and names none of them in its sums', async () => {
    await givenRequest('ticket-12', { accepted: 4, cleared: 4 })
    const { code, stdout, stderr } = await deletePeople(4, { accounts: { person_2: 30008, person_4: 70402 } })
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'person_2\nperson_4\n' })
    expect(stderr).toBe('2 deleted\n1 to try again (30008)\n1 refused (70402)\n2 left in all\n')
  })

  it('takes accounts without an answer for not deleted, and goes on', async () => {
    await givenRequest('ticket-12', { accepted: 101, cleared: 101 })
    const { code, stdout, stderr } = await deletePeople(101, { calls: { 0: 'reset' } })
    expect(code).toBe(1)
    expect(stdout.trim().split('\n')).toEqual(people(100))
    expect(stderr).toBe('100 no answer\n1 deleted\n100 left in all\n')
  })

  it('slows all programs of the app down when the vendor says that it is called too often', async () => {
    await givenRequest('ticket-12', { accepted: 150, cleared: 150 })
    const { stderr, calls } = await deletePeople(150, { calls: { 0: 60007 } })
    expect(stderr).toBe('100 code 60007 for the whole call\n50 deleted\n100 left in all\n')
    expect(calls).toHaveLength(2)
    expect(await redis.hexists(keysOf(keySpace.prefix).fleet, 'lowered:account_delete')).toBe(1)
  })

  it('stops where account deletion is not switched on in the console', async () => {
    await givenRequest('ticket-12', { accepted: 150, cleared: 150 })
    const { code, stderr, calls } = await deletePeople(150, { calls: { 0: 71000 } })
    expect({ code, stderr }).toEqual({ code: 1, stderr: '100 code 71000 for the whole call\n150 left in all\n' })
    expect(calls).toHaveLength(1)
  })

  it('makes no call while an operator has paused the fleet', async () => {
    await givenRequest('ticket-12', { accepted: 1, cleared: 1 })
    await redis.hset(keysOf(keySpace.prefix).fleet, 'pause', JSON.stringify({ reason: 'test', sinceMs: Date.now() }))
    const { code, stdout, stderr, calls } = await deletePeople(1)
    expect({ code, stdout, calls }).toEqual({ code: 1, stdout: 'person_1\n', calls: [] })
    expect(stderr).toBe('1 no call was made (paused)\n1 left in all\n')
  })

  it.each([
    ['are pending', { accepted: 2, cleared: 1 }, /1 accounts are pending/],
    ['are dead letters', { accepted: 2, cleared: 1, dead_lettered: 1 }, /1 accounts were given up/],
    ['were cancelled', { accepted: 2, cleared: 1, cancelled: 1 }, /1 accounts were cancelled/],
    ['stand in the list alone', { accepted: 1, cleared: 1 }, /the list has 2 accounts, the request 1/],
  ])('deletes nobody while accounts %s', async (_, figures, says) => {
    await givenRequest('ticket-12', figures)
    const { code, stdout, stderr, calls } = await deletePeople(2)
    expect({ code, stdout, calls }).toEqual({ code: 1, stdout: 'person_1\nperson_2\n', calls: [] })
    expect(stderr).toMatch(says)
  })

  it('deletes nobody where nobody knows the request', async () => {
    const { code, stdout, stderr, calls } = await deletePeople(1)
    expect({ code, stdout, calls }).toEqual({ code: 1, stdout: '', calls: [] })
    expect(stderr).toContain('there is no request "ticket-12"')
  })
})

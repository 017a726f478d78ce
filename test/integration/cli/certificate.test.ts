import { readFile } from 'node:fs/promises'
import { describe, expect, it, type TestContext } from 'vitest'
import { trimLog } from '../../../jobs/receipts/keep/trim-log.ts'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { TEST_RECEIPT_KEY } from '../../helpers/receipts/settling.ts'
import { verifyIndependently } from '../../helpers/receipts/verify-independently.ts'
import { logForTest } from '../receipts/log-for-test.ts'
import { openKeySpace } from './key-space.ts'

/** A fleet, its log, and commands with and without its key. */
async function openFleet(context: TestContext) {
  const keySpace = await openKeySpace(context)
  const log = logForTest(keySpace.redis, keySpace.prefix)
  await log.bind()
  const settings = { ...keySpace.settings, RECEIPT_KEY: TEST_RECEIPT_KEY }
  const receipts = (...args: string[]) => runCommand(['receipts', ...args], settings)
  return {
    ...{ keySpace, log, receipts },
    enqueue: async (accounts: string, request?: string, given: Readonly<Record<string, string>> = settings) => {
      const args = ['enqueue', '-', ...(request === undefined ? [] : ['--request', request])]
      expect((await runCommand(args, given, accounts)).code).toBe(0)
    },
    sign: () => log.keeper().keep(true),
    certificate: async (...args: string[]) => {
      const { code, stdout } = await receipts('certificate', '--format', 'json', ...args)
      return { code, ...JSON.parse(stdout) }
    },
    /** Checks export and page as an auditor would; gives what the verifier of the docs prints. */
    audit: async (...args: string[]) => {
      const exported = await keySpace.file('receipts.ndjson', (await receipts('export')).stdout)
      const page = await keySpace.file('certificate.html', (await receipts('certificate', ...args)).stdout)
      const publicKey = (await receipts('key')).stdout.trim()
      const [said, ours] = [
        await verifyIndependently(exported, publicKey, page),
        await runCommand(['receipts', 'verify', exported, '--public-key', publicKey], {}),
      ]
      expect({ said: said.code, ours: ours.code }).toEqual({ said: 0, ours: 0 })
      return { page: await readFile(page, 'utf8'), publicKey, said: said.stdout, ours: ours.stdout }
    },
  }
}

describe.concurrent('the certificate of a request', () => {
  it('that is not complete says so on its face', async context => {
    const { log, sign, receipts } = await openFleet(context)
    await log.write(6)
    await sign()
    const page = await receipts('certificate', '--request', 'ticket-1')
    expect(page).toMatchObject({ code: 3, stdout: expect.stringContaining('NOT COMPLETE') })
    expect(page.stdout).not.toContain('<script')
    expect(await receipts('certificate', '--request', 'ticket-9')).toMatchObject({ code: 1 })
  })

  it('that is complete adds up, and is checked by the commands that stand on it', async context => {
    const { log, enqueue, sign, certificate, audit } = await openFleet(context)
    await enqueue('user_1\nuser_2\nuser_2\n', 'ticket-7')
    await log.settle(['user_1', 'user_2'], ['ticket-7'])
    await sign()
    const { check, digest, ...rest } = await certificate('--request', 'ticket-7')
    expect(rest).toMatchObject({ code: 0, complete: true, onTime: true, request: 'ticket-7' })
    expect(rest.counts).toMatchObject({ accepted: 2, cleared: 2, pending: 0 })
    const { page, publicKey, said, ours } = await audit('--request', 'ticket-7')
    expect(check).toEqual([
      `node verify-receipts.mjs receipts.ndjson '${publicKey}'`,
      `node verify-receipts.mjs receipts.ndjson '${publicKey}' certificate.html`,
    ])
    expect(page).toContain('Complete: every accepted account has ended.')
    expect(page).toContain(digest)
    expect(said).toContain('request ticket-7 {"accepted":2,"cleared":2}')
    expect(ours).toContain('request "ticket-7": 2 accepted; 2 cleared')
  })
})

describe.concurrent('the certificate of all accounts', () => {
  it('counts an account once that stands under no request, one or several', async context => {
    const { log, enqueue, sign, certificate, audit } = await openFleet(context)
    await enqueue('user_1\nuser_2\n')
    await enqueue('user_2\nuser_3\nuser_4\n', 'ticket-1')
    await enqueue('user_3\nuser_5\n', 'ticket-2')
    await log.settle(['user_1'], [])
    await log.settle(['user_2', 'user_4'], ['ticket-1'])
    await log.settle(['user_3'], ['ticket-1', 'ticket-2'])
    await sign()
    expect(await certificate()).toMatchObject({
      ...{ code: 3, request: null, complete: false, counts: { accepted: 5, cleared: 4, pending: 1 } },
      incomplete: ['accounts that are pending or missing: 1'],
    })
    await log.settle(['user_5'], ['ticket-2'])
    await sign()
    const { code, complete, counts, log: named } = await certificate()
    expect({ code, complete }).toEqual({ code: 0, complete: true })
    expect(counts).toMatchObject({ accepted: 5, cleared: 5, pending: 0 })
    const { page, said, ours } = await audit()
    expect(page).toContain(`<title>Erasure certificate: all accounts of ${named.origin}</title>`)
    expect(said).toContain('the whole file {"accepted":5,"cleared":5}\n')
    expect(said).toContain('request ticket-1 {"accepted":3,"cleared":3}\n')
    expect(ours).toContain('all accounts: 5 accepted; 5 cleared')
  })

  it('counts a replayed dead letter by its last receipt', async context => {
    const { log, enqueue, sign, certificate, audit } = await openFleet(context)
    await enqueue('user_1\nuser_2\n')
    await log.settle(['user_1', 'user_2'], [], 'dead_lettered')
    await log.settle(['user_2'], [])
    await sign()
    expect(await certificate()).toMatchObject({
      ...{ code: 3, counts: { accepted: 2, cleared: 1, dead_lettered: 1, pending: 0 } },
      incomplete: ['dead letters, whose friends may still be there: 1'],
    })
    expect((await audit()).said).toContain('the whole file {"accepted":2,"dead_lettered":1,"cleared":1}\n')
  })

  it('is not complete where a producer without the key has enqueued', async context => {
    const { keySpace, log, enqueue, sign, certificate, audit } = await openFleet(context)
    await enqueue('user_1\n')
    await enqueue('user_2\n', undefined, keySpace.settings)
    await log.settle(['user_1', 'user_2'], [])
    await sign()
    expect(await certificate()).toMatchObject({
      ...{ code: 3, counts: { accepted: 1, cleared: 2, pending: null } },
      incomplete: [expect.stringContaining('without the key')],
    })
    expect((await audit()).ours).toContain('not all producers said what they enqueued')
  })

  it('is not complete where older entries were trimmed', async context => {
    const { keySpace, log, enqueue, sign, certificate } = await openFleet(context)
    await log.write(3)
    await sign()
    expect(await trimLog(keySpace.redis, keySpace.prefix, log.sealer, Date.now() + 60_000)).toBe(3)
    await enqueue('user_9\n')
    await log.settle(['user_9'], [])
    await sign()
    expect(await certificate()).toMatchObject({
      ...{ code: 3, counts: { accepted: 1, cleared: 1, pending: 0 } },
      incomplete: ['the first 3 entries were trimmed, so accounts may be missing here'],
    })
  })

  it('is not made where the log tells of no account', async context => {
    const { receipts } = await openFleet(context)
    expect(await receipts('certificate')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('none'),
    })
  })
})

import { describe, expect, it } from 'vitest'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { receiptKeyOf } from '../../helpers/receipts/settling.ts'
import { verifyIndependently } from '../../helpers/receipts/verify-independently.ts'
import { logForTest } from '../receipts/log-for-test.ts'
import { openKeySpace } from './key-space.ts'
import { openSigned, run, verify } from './signed-log.ts'

describe.concurrent('an export', () => {
  it('is proved with the public key alone, by two programs, and names no account', async context => {
    const { keySpace, publicKey } = await openSigned(context, 20)
    const exported = await run(keySpace, 'export')
    expect(exported).toMatchObject({ code: 0, stderr: '20 lines, complete from number 1 to 20\n' })
    expect(exported.stdout).not.toContain('user_')
    const file = await keySpace.file('receipts.ndjson', exported.stdout)
    const verified = await verify(file, publicKey)
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('20 entries, 0 findings\n') })
    expect(verified.stdout).toContain('all accounts: 20 cleared (20 seen empty')
    expect(await verifyIndependently(file, publicKey)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('request ticket-1 {"cleared":6}'),
    })
  })

  it('goes on behind a number, and both parts hold together; a request is exported alone', async context => {
    const { keySpace, log, publicKey } = await openSigned(context, 9)
    const first = await run(keySpace, 'export')
    await log.write(6)
    const rest = await run(keySpace, 'export', '--after', '9')
    const both = await keySpace.file('both.ndjson', first.stdout + rest.stdout)
    expect(await verify(both, publicKey)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('15 entries, 0 findings'),
    })
    expect(await verifyIndependently(both, publicKey)).toMatchObject({ code: 0 })
    const alone = await keySpace.file('rest.ndjson', rest.stdout)
    expect(await verify(alone, publicKey)).toMatchObject({ code: 0 })
    expect(
      await verify(alone, publicKey, '--against', await keySpace.file('first.ndjson', first.stdout)),
    ).toMatchObject({ code: 0 })
    const ofRequest = await keySpace.file(
      'request.ndjson',
      (await run(keySpace, 'export', '--request', 'ticket-1')).stdout,
    )
    expect(await verify(ofRequest, publicKey)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('5 entries, 0 findings'),
    })
    expect(await verifyIndependently(ofRequest, publicKey)).toMatchObject({ code: 0 })
  })

  it('of an empty fleet holds nothing, and is no failure', async context => {
    const keySpace = await openKeySpace(context)
    expect(await run(keySpace, 'export')).toEqual({ code: 0, stdout: '', stderr: 'no entries fit\n' })
  })

  it('with another key than the fleet’s is refused, and leaves no mark', async context => {
    const { keySpace } = await openSigned(context, 2)
    const keys = async () => (await keySpace.redis.keys(`${keySpace.prefix}*`)).toSorted()
    const before = await keys()
    const other = { ...keySpace.settings, RECEIPT_KEY: receiptKeyOf('another key') }
    const { code, stderr } = await runCommand(['receipts', 'export'], other)
    expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining('RECEIPT_KEY is not the key') })
    expect(await keys()).toEqual(before)
  })
})

describe.concurrent('one account', () => {
  it('is found by its receipts, and one that has none is told', async context => {
    const { keySpace, log } = await openSigned(context, 5)
    const found = await run(keySpace, 'find', 'user_3', 'user_99')
    expect(found).toMatchObject({ code: 1, stderr: 'argument 2: there is no receipt of this account\n' })
    expect(JSON.parse(found.stdout)).toMatchObject({ seq: 3, account: log.seals.pseudonymOf('user_3') })
  })

  it('is proved in 1.5 kB without anybody else’s receipt', async context => {
    const { keySpace, publicKey } = await openSigned(context, 700)
    const proof = await run(keySpace, 'proof', 'user_300')
    expect(proof.code).toBe(0)
    expect(Buffer.byteLength(proof.stdout)).toBeLessThan(1500)
    const file = await keySpace.file('user.tlog-proof', proof.stdout)
    expect(await verify(file, publicKey)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/"seq":300,[\s\S]*entry 300 of the 700/),
    })
    const forged = await keySpace.file('forged.tlog-proof', proof.stdout.replace('"verified":"yes"', '"verified":"no"'))
    expect(await verify(forged, publicKey)).toMatchObject({ code: 1 })
  })

  it('that no head covers yet is not proved', async context => {
    const { keySpace, log } = await openSigned(context, 2)
    await log.write(1)
    expect(await run(keySpace, 'proof', 'user_3')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no signed head'),
    })
  })
})

describe.concurrent('the key', () => {
  it('is made anew each time, and is accepted', async () => {
    const [one, other] = [await runCommand(['receipts', 'new-key']), await runCommand(['receipts', 'new-key'])]
    expect(one.stdout).toMatch(/^[0-9a-f]{64}\n$/)
    expect(one.stdout).not.toBe(other.stdout)
  })

  it('changes: old and new verify together, and accounts are found from before', async context => {
    const { keySpace, log, publicKey } = await openSigned(context, 4)
    const newKey = receiptKeyOf('the next key')
    const newKeyFile = await keySpace.file('new-key', `${newKey}\n`)
    const before = await keySpace.file('before.ndjson', (await run(keySpace, 'export')).stdout)
    expect(await run(keySpace, 'rotate-key', '--new-key-file', newKeyFile)).toMatchObject({ code: 0 })
    expect(await run(keySpace, 'rotate-key', '--new-key-file', newKeyFile)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('already'),
    })
    // Who still holds the old key can write nothing more.
    await expect(log.write(1)).rejects.toMatchObject({ code: 'RECEIPT_KEY' })
    const next = logForTest(keySpace.redis, keySpace.prefix, newKey)
    await next.write(3)
    expect(await next.keeper().keep(true)).toMatchObject({ kind: 'kept' })
    const settings = { ...keySpace.settings, RECEIPT_KEY: newKey }
    const after = await keySpace.file('after.ndjson', (await runCommand(['receipts', 'export'], settings)).stdout)
    const newPublicKey = (await runCommand(['receipts', 'key'], settings)).stdout.trim()
    for (const trusted of [publicKey, newPublicKey]) {
      expect(await verify(after, trusted, '--against', before, '--each')).toMatchObject({ code: 0 })
      expect(await verifyIndependently(after, trusted, before)).toMatchObject({ code: 0 })
    }
    const found = await runCommand(['receipts', 'find', 'user_1'], settings)
    expect(
      found.stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line).seq),
    ).toEqual([1, 6])
  })

  it('does not change for one that is weak, nor beside another change', async context => {
    const { keySpace } = await openSigned(context, 1)
    const weak = await keySpace.file('weak', 'a'.repeat(64))
    expect(await run(keySpace, 'rotate-key', '--new-key-file', weak)).toMatchObject({ code: 78 })
    const files = await Promise.all(['b', 'c'].map(name => keySpace.file(name, receiptKeyOf(name))))
    const codes = await Promise.all(
      files.map(async file => (await run(keySpace, 'rotate-key', '--new-key-file', file)).code),
    )
    expect(codes.toSorted()).toEqual([0, 78])
  })
})

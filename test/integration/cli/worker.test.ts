import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { keysOf } from '../../../redis/keys.ts'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { workerSettingsFor } from '../../helpers/processes/worker-process.ts'
import { testSeals } from '../../helpers/receipts/receipts.ts'
import { receiptKeyOf } from '../../helpers/receipts/settling.ts'
import { openKeySpace } from './key-space.ts'

const vendor = { url: 'http://127.0.0.1:1' }

it('does not start on a port that is in use, and names it', async context => {
  const keySpace = await openKeySpace(context)
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const address = taken.address()
  const port = typeof address === 'object' && address !== null ? String(address.port) : 'none'
  const settings = { ...workerSettingsFor(vendor, keySpace), HTTP_PORT: port }
  const { code, stdout, stderr } = await runCommand(['worker'], settings).finally(() => taken.close())
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(`HTTP_PORT ${port} on 127.0.0.1 is in use`)
})

it('does not start with another key than the one that the receipts are sealed with', async context => {
  const keySpace = await openKeySpace(context)
  await keySpace.redis.hset(keysOf(keySpace.prefix).fleet, 'key', testSeals.keyId)
  const settings = { ...workerSettingsFor(vendor, keySpace), RECEIPT_KEY: receiptKeyOf('another key') }
  const { code, stdout, stderr } = await runCommand(['worker'], settings)
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
  expect(stderr).toContain('but RECEIPT_KEY says')
})

import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { beginCommand } from '../../helpers/commands/run-command.ts'
import { queued } from './import-runs.ts'
import { openKeySpace } from './key-space.ts'

/** No batch is sent for these lines, and no byte is waited for. Reading all of them takes seconds. */
const REPEATED = 'user_1\n'.repeat(1_000_000)
const REJECTED = '\n'.repeat(1_000_000)

it.for([
  ['repeated lines', 'wave.txt', Buffer.from(REPEATED)],
  ['rejected lines', 'wave.txt', Buffer.from(REJECTED)],
  ['gzip', 'wave.txt.gz', gzipSync(REPEATED)],
] as const)('an import hears a signal in the middle of its first reading, of %s', async ([, name, bytes], context) => {
  const keySpace = await openKeySpace(context)
  const command = beginCommand(['import', await keySpace.file(name, bytes)], keySpace.settings)
  await wait(200)
  command.interrupt()
  const { code, stderr } = await command.ended
  expect({ code, stderr }).toEqual({ code: 75, stderr: 'clear-friends: interrupted before anything was enqueued\n' })
})

it.for([
  ['repeated lines', REPEATED.slice(0, 700_000), '100,000 lines'],
  ['rejected lines', REJECTED.slice(0, 100_000), '100,000 lines'],
] as const)('an import hears a signal in the middle of a run of %s', async ([, text, read], context) => {
  const keySpace = await openKeySpace(context)
  const command = beginCommand(['import', await keySpace.file('wave.txt', text)], keySpace.settings)
  await command.stderr.untilText(read)
  command.interrupt()
  const { code, stderr } = await command.ended
  expect({ code, stderr }).toEqual({ code: 75, stderr: expect.stringContaining('interrupted') })
  expect(await queued(keySpace)).toBeLessThanOrEqual(1)
})

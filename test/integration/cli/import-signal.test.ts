import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { beginCommand } from '../../helpers/commands/run-command.ts'
import { queued } from './import-runs.ts'
import { openKeySpace } from './key-space.ts'

/** No batch is sent for these lines, and no byte is waited for. */
const REPEATED = 'user_1\n'.repeat(200_000)
const REJECTED = '\n'.repeat(200_000)

it.for<[string, string, Buffer, 'first' | 'second']>([
  ['at the first reading of repeated lines', 'wave.txt', Buffer.from(REPEATED), 'first'],
  ['at the first reading of rejected lines', 'wave.txt', Buffer.from(REJECTED), 'first'],
  ['at the first reading of gzip', 'wave.txt.gz', gzipSync(REPEATED), 'first'],
  ['while repeated lines are passed over', 'wave.txt', Buffer.from(REPEATED), 'second'],
  ['while rejected lines are listed', 'wave.txt', Buffer.from(REJECTED), 'second'],
])('an import hears a signal within a second %s', async ([, name, content, reading], context) => {
  const keySpace = await openKeySpace(context)
  const command = beginCommand(['import', await keySpace.file(name, content)], keySpace.settings)
  if (reading === 'first') await wait(200)
  else await command.stderr.untilText('200,000 lines')
  const askedAt = performance.now()
  command.interrupt()
  const { code, stderr } = await command.ended
  expect(performance.now() - askedAt).toBeLessThan(1000)
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('interrupted') })
  expect(await queued(keySpace)).toBeLessThanOrEqual(1)
})

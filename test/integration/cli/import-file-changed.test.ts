import { appendFile, truncate, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { keysOf } from '../../../redis/keys.ts'
import { beginAndWait, queued, users } from './import-runs.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

const others = (count: number): string => Array.from({ length: count }, (_, n) => `a_person_${n}\n`).join('')

/** Makes room in the queue, as workers do. */
const makeRoom = ({ redis, prefix }: CommandKeySpace): Promise<number> =>
  redis.del(`${keysOf(prefix).queue}prioritized`)

describe.concurrent('an import whose file changes while it waits for room', () => {
  it.for<[string, (file: string) => Promise<void>]>([
    ['is overwritten', file => writeFile(file, others(50_000))],
    ['grows', file => appendFile(file, others(10))],
    ['is emptied', file => truncate(file)],
  ])(
    'stops when it %s, enqueues nothing of the change, and can go on with the old file',
    async ([, change], context) => {
      const keySpace = await openKeySpace(context)
      // Two blocks, so that the second one is read after the change.
      const old = users(24_000)
      const file = await keySpace.file('wave.txt', old)
      const command = await beginAndWait(keySpace, 21_000, file, '--max-backlog', '21000')
      await change(file)
      await makeRoom(keySpace)
      const { code, stdout, stderr } = await command.ended
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain('the file has changed while it was imported')
      const [, sent = ''] = /stopped: ([\d,]+) lines = \1 accepted/.exec(stderr) ?? []
      const lines = Number(sent.replace(',', ''))
      expect(stderr).toContain(`the other ${(24_000 - lines).toLocaleString('en-US')} lines were not enqueued`)
      expect(await queued(keySpace)).toBe(lines - 21_000)

      await writeFile(file, old)
      const resumed = await keySpace.run('import', file, '--resume', '--json')
      expect(resumed.code).toBe(0)
      expect(JSON.parse(resumed.stdout)).toMatchObject({ lines: 24_000, accepted: 24_000 })
      const expected = old.split('\n').slice(21_000, -1).toSorted()
      expect(await keySpace.accounts()).toEqual(expected)
    },
  )
})

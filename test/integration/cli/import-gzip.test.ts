import { readdir } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { lastLine, runCommand } from '../../helpers/commands/run-command.ts'
import { openKeySpace } from './key-space.ts'

describe.concurrent('an import of gzip', () => {
  it.for([
    ['wave.csv.gz', 'n,account\n1,user_1\n2,user_2\n'],
    ['wave.ndjson.GZ', '"user_1"\n{"account":"user_2"}\n'],
    ['wave.gz', 'user_1\nuser_2\n'],
    ['wave.csv', 'account\nuser_1\nuser_2\n'],
  ] as const)('finds the format inside %s', async ([name, content], context) => {
    const keySpace = await openKeySpace(context)
    const { code, stdout } = await keySpace.run('import', await keySpace.file(name, gzipSync(content)), '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ lines: 2, accepted: 2, rejected: 0 })
    expect(await keySpace.accounts()).toEqual(['user_1', 'user_2'])
  })

  it('works from standard input', async context => {
    const keySpace = await openKeySpace(context)
    const { code } = await runCommand(['import', '-'], keySpace.settings, gzipSync('user_1\nuser_2\n'))
    expect(code).toBe(0)
    expect(await keySpace.accounts()).toEqual(['user_1', 'user_2'])
  })

  it('that is cut off fails with what to do, and does not stand in the way of the whole file', async context => {
    const keySpace = await openKeySpace(context)
    const whole = gzipSync(Array.from({ length: 2000 }, (_, n) => `user_${n}\n`).join(''))
    const file = await keySpace.file('wave.txt.gz', whole.subarray(0, whole.length - 20))
    const { code, stdout, stderr } = await keySpace.run('import', file)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(lastLine(stderr)).toBe(
      'clear-friends: the gzip data is damaged or cut off. Get the whole file and import it again; ' +
        'accounts that are in the queue are not enqueued twice.',
    )
    expect(await readdir(keySpace.folder)).toEqual(['wave.txt.gz'])
  })
})

import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { keysOf } from '../../../redis/keys.ts'
import { eventually } from '../../helpers/eventually.ts'
import { beginAndWait, interrupt, killWhen, queued, users } from './import-runs.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

/** Finds the record of the only import. */
async function recordOf({ redis, prefix }: CommandKeySpace): Promise<string> {
  const [key = ''] = await redis.keys(`${keysOf(prefix).imports.replaceAll(/[{}]/g, '?')}*`)
  return key
}

describe.concurrent('an import has one owner', () => {
  it('while it is at work: a second one is refused, with or without --resume, and says who it is', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', users(1500))
    const first = await beginAndWait(keySpace, 1000, file, '--max-backlog', '1000')
    const [anew, resumed] = await Promise.all([
      keySpace.run('import', file),
      keySpace.run('import', file, '--resume', '--max-backlog', '1000'),
    ])
    expect(anew).toMatchObject({ code: 1, stderr: expect.stringContaining('or is still running') })
    expect(resumed.code).toBe(1)
    expect(resumed.stderr).toContain(`process ${process.pid} on ${hostname()} has begun this import`)
    expect(resumed.stderr).toContain(`process ${process.pid} on ${hostname()} is importing this file, so nothing was`)
    first.interrupt()
    expect(JSON.parse((await first.ended).stdout)).toMatchObject({ lines: 1000, accepted: 1000 })
  })

  it('of two that begin at the same moment', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', users(2000))
    const both = await Promise.all([keySpace.run('import', file, '--json'), keySpace.run('import', file, '--json')])
    const codes = both.map(({ code }) => code)
    // The second may also begin when the first has ended; its lines are duplicates then.
    expect(codes).toContain(0)
    const accepted = both.flatMap(({ code, stdout }) => (code === 0 ? [JSON.parse(stdout).accepted] : []))
    expect(accepted.reduce((sum: number, each: number) => sum + each, 0)).toBe(2000)
    expect(await queued(keySpace)).toBe(2000)
  })

  it('that is gone: the next one takes over at once, where it can see that', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', users(1500))
    await killWhen(keySpace, 1000, file, '--max-backlog', '1000')
    const { code, stdout, stderr } = await keySpace.run('import', file, '--resume', '--json')
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, lines: 1500, accepted: 1500 })
    expect(stderr).not.toContain('waiting')
  })

  it('of another host that is gone: the next one waits until its lease has run out', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', users(1500))
    await interrupt(keySpace, file)
    const owner = { owner: 'made-up', host: 'elsewhere', pid: 7, place: 'elsewhere', until: Date.now() + 2000 }
    await keySpace.redis.hset(await recordOf(keySpace), owner)
    const { code, stdout, stderr } = await keySpace.run('import', file, '--resume', '--json')
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, lines: 1500, accepted: 1500 })
    expect(stderr).toContain(
      'process 7 on elsewhere has begun this import, and may have ended since; waiting up to 10 s',
    )
  })

  it('that loses its lease stops before the next batch and leaves the checkpoint to the new owner', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', users(1500))
    const command = await beginAndWait(keySpace, 1000, file, '--max-backlog', '1000')
    await eventually('the record of the first batch', async () => {
      return (await keySpace.redis.hget(await recordOf(keySpace), 'entries')) === '1000'
    })
    const owner = { owner: 'made-up', host: 'elsewhere', pid: 7, place: 'elsewhere', until: Date.now() + 60_000 }
    await keySpace.redis.hset(await recordOf(keySpace), owner)
    const { code, stdout, stderr } = await command.ended
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('process 7 on elsewhere has taken this import over')
    expect(stderr).toContain('stops behind line 1,000')
    expect(await queued(keySpace)).toBe(1000)
    expect(await keySpace.redis.hget(await recordOf(keySpace), 'owner')).toBe('made-up')
  })

  it('leaves nothing of it in Redis at its end', async context => {
    const keySpace = await openKeySpace(context)
    await keySpace.run('import', await keySpace.file('wave.txt', users(3)))
    expect(await recordOf(keySpace)).toBe('')
  })
})

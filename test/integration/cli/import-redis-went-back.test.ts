import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ImportLease } from '../../../jobs/enqueue/lease/import-lease.ts'
import { type PrivateRedis, startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { keysOf } from '../../../redis/keys.ts'
import { beginCommand, runCommand } from '../../helpers/commands/run-command.ts'
import { eventually } from '../../helpers/eventually.ts'
import { users } from './import-runs.ts'

let server: PrivateRedis
let redis: Redis
let folder: string

beforeAll(async () => {
  server = await startPrivateRedis({ args: ['--appendonly', 'no', '--save', ''] })
  redis = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 })
  redis.on('error', () => {})
  folder = await mkdtemp(join(tmpdir(), 'clear-friends-went-back-'))
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
  await rm(folder, { recursive: true })
})

const settingsOf = (prefix: string) => ({ REDIS_URL: server.url, REDIS_PREFIX: prefix })

async function untilDone(prefix: string, entries: number): Promise<void> {
  await eventually(`${entries} entries`, async () => {
    const [key = ''] = await redis.keys(`${prefix}:import:*`)
    return Number(await redis.hget(key, 'entries')) === entries
  })
}

/** Remembers the data of Redis, and gives a function that lets it crash and come back with them. */
async function rememberData(): Promise<() => Promise<void>> {
  await redis.save()
  await copyFile(join(server.dir, 'dump.rdb'), join(folder, 'old.rdb'))
  return async () => {
    await server.kill()
    await copyFile(join(folder, 'old.rdb'), join(server.dir, 'dump.rdb'))
    await server.restart()
  }
}

const accountsOf = async (prefix: string): Promise<string[]> => {
  const { queue } = keysOf(prefix)
  const ids = await redis.zrange(`${queue}prioritized`, '0', '-1')
  const data = await Promise.all(ids.map(id => redis.hget(queue + id, 'data')))
  return data.map(text => JSON.parse(text ?? '{}').account)
}

describe('an import under which Redis goes back', () => {
  it('sends once more what Redis has lost, and its manifest and the request count what is there', async () => {
    const prefix = 'went-back'
    const file = join(folder, 'wave.txt')
    // A rejected line in what is lost.
    await writeFile(file, `${users(1500)}\n${users(3500).slice(users(1500).length)}`)
    const args = ['import', file, '--request', 'ticket-1', '--json']
    const first = beginCommand([...args, '--max-backlog', '1000'], settingsOf(prefix))
    await untilDone(prefix, 1000)
    const goBack = await rememberData()
    first.interrupt()
    await first.ended

    const second = beginCommand([...args, '--max-backlog', '3000', '--resume'], settingsOf(prefix))
    await untilDone(prefix, 3000)
    await goBack()
    await untilDone(prefix, 3000)
    second.interrupt()
    const { stderr } = await second.ended
    expect(stderr).toContain('Redis has lost its latest data; the import goes on behind line 1,000')

    // Once more, while no import runs.
    await goBack()
    const last = await runCommand([...args, '--resume'], settingsOf(prefix))
    expect(last.stderr).toContain('Redis has lost its latest data; the import goes on behind line 1,000')
    expect(JSON.parse(last.stdout)).toMatchObject({ lines: 3501, accepted: 3500, duplicate: 0, rejected: 1 })
    expect((await accountsOf(prefix)).toSorted()).toEqual(users(3500).trimEnd().split('\n').toSorted())
    const status = await runCommand(['status', '--request', 'ticket-1', '--json'], settingsOf(prefix))
    expect(JSON.parse(status.stdout)).toMatchObject({ accepted: 3500, pending: 3500 })
    expect((await readdir(folder)).toSorted()).toEqual(['old.rdb', 'wave.txt', 'wave.txt.rejected'])
  })

  it('to a time before it began begins at its first line', async () => {
    const prefix = 'before-it-began'
    const file = join(folder, 'small.txt')
    await writeFile(file, '\n')
    await runCommand(['import', file], settingsOf(prefix))
    await writeFile(file, users(1000))
    const goBack = await rememberData()
    const importing = beginCommand(['import', file, '--max-backlog', '999', '--json'], settingsOf(prefix))
    await untilDone(prefix, 999)
    await goBack()
    await untilDone(prefix, 999)
    importing.interrupt()
    expect((await importing.ended).stderr).toContain('goes on behind line 0')
    const last = await runCommand(['import', file, '--resume', '--json'], settingsOf(prefix))
    expect(JSON.parse(last.stdout)).toMatchObject({ lines: 1000, accepted: 1000 })
    expect(await accountsOf(prefix)).toHaveLength(1000)
  })

  it('that reads standard input fails and says from which line on accounts may be missing', async () => {
    const prefix = 'from-a-pipe'
    const importing = beginCommand(['import', '-', '--json'], settingsOf(prefix))
    importing.stdin.write(users(8000))
    await untilDone(prefix, 8000)
    const goBack = await rememberData()
    importing.stdin.write(users(9000).slice(users(8000).length))
    await untilDone(prefix, 9000)
    await goBack()
    importing.stdin.end('user_last\n')
    const { code, stdout, stderr } = await importing.ended
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('The accounts behind line 8,000 may be missing: import them once more from line 8,001 on')
    expect(await accountsOf(prefix)).toHaveLength(8000)
  })
})

describe('a batch that Redis has taken before it restarted', () => {
  it('does not count as done, since jobs of it may be missing', async () => {
    const lease = new ImportLease(redis, 'restarted', 'made-up')
    const before = await lease.hold()
    if (before.kind !== 'held') throw new Error('somebody else holds a made-up import')
    await redis.save()
    await server.kill()
    await server.restart()
    await redis.ping()
    const batch = { entriesBefore: 0, record: { entries: 5, done: '{}' }, jobIds: [] }
    expect(await lease.finish({ ...batch, history: before.history })).toBe('again')
    const now = await lease.hold()
    expect(now).toMatchObject({ kind: 'held', record: { entries: 0 } })
    if (now.kind !== 'held') return
    expect(await lease.finish({ ...batch, history: now.history })).toBe('done')
    expect(await lease.finish({ ...batch, history: now.history })).toBe('done')
    expect(
      await lease.finish({ ...batch, entriesBefore: 7, record: { entries: 8, done: '' }, history: now.history }),
    ).toBe('behind')
    const other = new ImportLease(redis, 'restarted', 'made-up')
    expect(await other.hold()).toMatchObject({ kind: 'taken', owner: { pid: process.pid } })
    expect(await other.finish({ ...batch, history: now.history })).toBe('taken')
  })
})

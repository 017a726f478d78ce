import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../../private-redis/free-port.ts'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { workerSettingsFor } from '../../helpers/processes/worker-process.ts'
import { testRedis } from '../../helpers/redis/redis.ts'
import { type OldRedis, startOldRedis } from './old-redis.ts'

const settingsFor = (url: string): Record<string, string> => ({
  ...workerSettingsFor({ url: 'http://127.0.0.1:1' }, { url, prefix: '{unusable}' }),
  LOG_LEVEL: 'silent',
})

let old: OldRedis
beforeAll(async () => {
  old = await startOldRedis()
})
afterAll(() => old.close())

describe.concurrent('a Redis that cannot be used', () => {
  it.each([
    ['enqueue', 'user_secret'],
    ['import', '-'],
    ['status'],
    ['status', '--watch'],
    ['pause'],
    ['resume'],
    ['rate', '20'],
    ['worker'],
  ])('because it is too old is refused by `%s` before anything is written', async (...args) => {
    expect(await runCommand(args, settingsFor(old.url), 'user_secret\n')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'clear-friends: Redis 5.0.14 is too old. Use 6.2.0 or newer.\n',
    })
    expect(old.asked).toEqual([])
  })

  // Slow: commands wait five seconds for a Redis that may be starting.
  it.each([['enqueue', 'user_secret'], ['worker']])(
    'because it is away makes `%s` fail with advice',
    async (...args) => {
      const port = await freePort()
      expect(await runCommand(args, settingsFor(`redis://127.0.0.1:${port}`))).toEqual({
        code: 1,
        stdout: '',
        stderr: `clear-friends: Redis cannot be used (connect ECONNREFUSED 127.0.0.1:${port}). Check REDIS_URL and that the server runs.\n`,
      })
    },
  )

  it('because it refuses the password is reported at once, without the password', async () => {
    const { host } = new URL(testRedis().url)
    const { code, stderr } = await runCommand(['status'], settingsFor(`redis://someone:wrong-pass@${host}`))
    expect(code).toBe(1)
    expect(stderr).toMatch(/WRONGPASS|AUTH/)
    expect(stderr).not.toContain('wrong-pass')
  })
})

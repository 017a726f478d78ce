import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { workerSettingsFor } from '../../helpers/processes/worker-process.ts'
import { type OldRedis, startOldRedis } from './old-redis.ts'

let old: OldRedis
beforeAll(async () => {
  old = await startOldRedis()
})
afterAll(() => old.close())

it.concurrent.each([
  ['enqueue', 'user_secret'],
  ['import', '-'],
  ['status'],
  ['status', '--watch'],
  ['pause'],
  ['resume'],
  ['rate', '20'],
  ['worker'],
])('`%s` refuses a Redis that is too old before it writes anything', async (...args) => {
  const settings = workerSettingsFor({ url: 'http://127.0.0.1:1' }, { url: old.url, prefix: '{old}' })
  const { code, stdout, stderr } = await runCommand(args, { ...settings, LOG_LEVEL: 'silent' }, 'user_secret\n')
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: 'clear-friends: Redis 5.0.14 is too old. Use 6.2.0 or newer.\n',
  })
  expect(old.asked).toEqual([])
})

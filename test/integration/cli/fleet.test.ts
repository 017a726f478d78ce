import { expect, it } from 'vitest'
import { bindFleet, DATA_VERSION } from '../../../jobs/status/fleet-contract.ts'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { workerSettingsFor } from '../../helpers/processes/worker-process.ts'
import { testSeals } from '../../helpers/receipts/receipts.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

const APP = 1_400_000_000
const vendor = { url: 'http://127.0.0.1:1' }
const bind = ({ redis, prefix }: CommandKeySpace, app = APP): Promise<void> =>
  bindFleet(redis, prefix, { app, host: '127.0.0.1', key: testSeals.keyId, version: DATA_VERSION })

it('`fleet` says that nothing is bound yet, and later to what', async context => {
  const keySpace = await openKeySpace(context)
  expect((await keySpace.run('fleet')).stdout).toContain('app       not bound yet; the first worker does it\n')
  await bind(keySpace)
  const { code, stdout } = await keySpace.run('fleet', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual({
    app: APP,
    host: '127.0.0.1',
    key: testSeals.keyId.slice(0, 12),
    ceilingPerSecond: null,
    version: DATA_VERSION,
    workers: [],
  })
})

it('a worker of another app ends with 78, says both apps and what to do, and leaves the fleet as it is', async context => {
  const keySpace = await openKeySpace(context)
  await bind(keySpace)
  const settings = { ...workerSettingsFor(vendor, keySpace), IM_SDK_APP_ID: String(APP + 1) }
  const { code, stdout, stderr } = await runCommand(['worker'], settings)
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
  expect(stderr).toMatch(
    /the app is 1400000000, but IM_SDK_APP_ID says 1400000001.*REDIS_PREFIX of its own.*fleet rebind/,
  )
  expect((await keySpace.run('fleet')).stdout).toContain(`app       ${APP}\n`)
})

it.for([
  ['enqueue', 'user_1'],
  ['cancel', 'user_1'],
  ['import', '-'],
  ['status'],
  ['pause'],
  ['resume'],
  ['rate', '20'],
  ['failed', 'replay', '--all'],
])('`%s` for another app ends with 78 and changes nothing', async (command, context) => {
  const keySpace = await openKeySpace(context)
  await bind(keySpace)
  const before = await keySpace.redis.keys(`${keySpace.prefix}*`)
  const settings = { ...workerSettingsFor(vendor, keySpace), IM_SDK_APP_ID: String(APP + 1) }
  const { code, stderr } = await runCommand(command, settings)
  expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining('IM_SDK_APP_ID says 1400000001') })
  expect(await keySpace.redis.keys(`${keySpace.prefix}*`)).toEqual(before)
})

it('`fleet rebind` moves an empty fleet, and refuses to move one with jobs', async context => {
  const keySpace = await openKeySpace(context)
  await bind(keySpace)
  const settings = { ...workerSettingsFor(vendor, keySpace), IM_SDK_APP_ID: String(APP + 1) }
  await keySpace.run('enqueue', 'user_1')
  const refused = await runCommand(['fleet', 'rebind'], settings)
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('1 jobs') })
  await runCommand(['cancel', 'user_1'], { ...settings, IM_SDK_APP_ID: String(APP) })
  const receipt = await runCommand(['receipts', 'export'], { ...settings, IM_SDK_APP_ID: String(APP) })
  expect(JSON.parse(receipt.stdout.split('\n')[0] ?? '')).toMatchObject({ outcome: 'cancelled' })
  expect(await runCommand(['fleet', 'rebind'], settings)).toEqual({
    code: 0,
    stdout: `bound to app ${APP + 1} at 127.0.0.1\n`,
    stderr: `the receipts of the former app are kept: REDIS_PREFIX='${keySpace.prefix}:app-${APP}' clear-friends receipts export\n`,
  })
  expect((await keySpace.run('fleet')).stdout).toContain(`app       ${APP + 1}\n`)
  const former = { ...settings, IM_SDK_APP_ID: String(APP), REDIS_PREFIX: `${keySpace.prefix}:app-${APP}` }
  expect(await runCommand(['receipts', 'export'], former)).toEqual({
    ...receipt,
    stdout: expect.stringContaining('cancelled'),
  })
})

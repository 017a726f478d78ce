/** Promise 8 of the design: no permit for a worker of another app, host, key or data version. */
import { Redis } from 'ioredis'
import { expect, it, type TestContext } from 'vitest'
import { contractText, type FleetContract, rebindFleet } from '../../../jobs/status/fleet-contract.ts'
import { Limiter } from '../../../limiter/limiter.ts'
import { keysOf } from '../../../redis/keys.ts'
import { testRedis } from '../../helpers/redis/redis.ts'

const COMMAND = 'friend_get'
const CONTRACT: FleetContract = { app: 1_400_000_000, host: 'vendor.example', key: 'a-key-id', version: 1 }

function open({ onTestFinished }: Pick<TestContext, 'onTestFinished'>) {
  const { url, prefix, cleanUp } = testRedis()
  const redis = new Redis(url)
  onTestFinished(async () => {
    await cleanUp()
    redis.disconnect()
  })
  const limiterOf = (contract?: FleetContract): Limiter => {
    const connection = new Redis(url)
    const bound = contract === undefined ? {} : { contract: contractText(contract) }
    const limiter = new Limiter({ redis: connection, prefix, ceilingPerSecond: 200, margin: 0.01, ...bound })
    onTestFinished(() => {
      limiter.close()
      connection.disconnect()
    })
    return limiter
  }
  return { redis, prefix, limiterOf }
}

it('the fleet’s worker and a program that names no fleet get permits', async context => {
  const { redis, prefix, limiterOf } = open(context)
  await rebindFleet(redis, prefix, CONTRACT)
  expect(await limiterOf(CONTRACT).pace(COMMAND, () => 'sent')).toMatchObject({ value: 'sent' })
  expect(await limiterOf().pace(COMMAND, () => 'sent')).toMatchObject({ value: 'sent' })
})

it.for([{ app: 1_400_000_001 }, { host: 'other.example' }, { key: 'another-id' }, { version: 2 }])(
  'a worker that differs by %j gets none, not even for a probe',
  async (difference, context) => {
    const { redis, prefix, limiterOf } = open(context)
    await rebindFleet(redis, prefix, { ...CONTRACT, ...difference })
    const limiter = limiterOf(CONTRACT)
    expect(await limiter.pace(COMMAND, () => 'sent')).toEqual({ kind: 'closed', by: 'foreign' })
    expect(await limiter.probe(COMMAND, () => 'sent')).toEqual({ kind: 'closed', by: 'foreign' })
  },
)

it('a worker gets none after Redis has lost the contract, until it is bound anew', async context => {
  const { redis, prefix, limiterOf } = open(context)
  const limiter = limiterOf(CONTRACT)
  expect(await limiter.pace(COMMAND, () => 'sent')).toEqual({ kind: 'closed', by: 'foreign' })
  await rebindFleet(redis, prefix, CONTRACT)
  expect(await limiter.pace(COMMAND, () => 'sent')).toMatchObject({ value: 'sent' })
  await redis.del(keysOf(prefix).fleet)
  expect(await limiter.pace(COMMAND, () => 'sent')).toEqual({ kind: 'closed', by: 'foreign' })
})

/**
 * A replica takes over that has not got the last writes of the primary. No head was signed over what it lacks; the log
 * goes on and says which entries are lost, and nothing else is found.
 */
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { eventually } from '../../helpers/eventually.ts'
import { startTcpProxy } from '../../helpers/network/tcp-proxy.ts'
import { startSentinelSet } from '../../helpers/processes/sentinel-set.ts'
import { startWorkers } from './workers-with-keepers.ts'

const PATIENT = { maxRetriesPerRequest: null, retryStrategy: () => 50 }

it('a replica that got nothing for 5 s takes over: entries are lost, and no head', async () => {
  const primary = await startPrivateRedis()
  const wire = await startTcpProxy(primary.port)
  const replica = await startPrivateRedis({ args: ['--replicaof', `127.0.0.1 ${wire.port}`] })
  const redis = new Redis(primary.port, '127.0.0.1', PATIENT)
  redis.on('error', () => {})
  const promoted = new Redis(replica.url)
  onTestFinished(async () => {
    redis.disconnect()
    promoted.disconnect()
    await Promise.all([primary.stop(), replica.stop(), wire.stop()])
  })
  await eventually('the replica to follow', async () => (await promoted.info()).includes('master_link_status:up'))
  const { work, heads, logs, lookForLoss, verify } = await startWorkers(redis)
  await work(40)
  expect(heads.length).toBeGreaterThan(2)
  wire.blackHole()
  const before = performance.now()
  while (performance.now() - before < 5000) await work(1)
  const written = await redis.xlen(logs[0]?.keys.receipts ?? '')

  await primary.kill()
  await wire.stop()
  await promoted.replicaof('NO', 'ONE')
  redis.options.port = replica.port
  await redis.ping()
  expect(await redis.xlen(logs[0]?.keys.receipts ?? '')).toBeLessThan(written - 500)
  expect(Math.min(...(await lookForLoss()))).toBeGreaterThan(0)
  await work(10)
  const { findings, remarks } = await verify()
  expect(findings).toEqual([])
  expect(remarks.join()).toContain('Redis lost')
  expect(remarks.join()).not.toContain('the head of')
})

it('Sentinels make the replica the primary in the middle of the work: at most entries are lost, and no head', async () => {
  const set = await startSentinelSet({ downAfterMs: 500 })
  const sentinels = set.sentinels.split(',').map(each => ({ host: '127.0.0.1', port: Number(each.split(':')[1]) }))
  const redis = new Redis({
    ...PATIENT,
    sentinels,
    name: set.name,
    sentinelRetryStrategy: () => 50,
    reconnectOnError: error => error.message.startsWith('READONLY'),
  })
  redis.on('error', () => {})
  onTestFinished(async () => {
    redis.disconnect()
    await set.stop()
  })
  const { work, heads, lookForLoss, verify } = await startWorkers(redis)
  await work(40)
  const before = heads.length
  expect(before).toBeGreaterThan(2)
  const working = work(10)
  await set.primary.kill()
  await eventually('a new primary', async () => (await set.primaryPort()) !== set.primary.port)
  await working
  await lookForLoss()
  await work(40)
  expect(heads.length).toBeGreaterThan(before)
  const { findings, remarks } = await verify()
  expect(findings).toEqual([])
  expect(remarks.join()).not.toContain('the head of')
})

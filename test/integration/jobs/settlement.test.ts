import { beforeEach, describe, expect, it } from 'vitest'
import { createSettlement, FINAL_OUTCOMES, keysOf } from '../../../jobs/index.ts'
import { jobsCorner } from './corner.ts'

const corner = jobsCorner()
beforeEach(() => corner().empty())

const settlement = () => createSettlement(corner().redis, corner().prefix)
const counts = () => corner().redis.hgetall(keysOf(corner().prefix).outcomes)

describe('settling a job', () => {
  it.each(FINAL_OUTCOMES)('counts it once as %s', async outcome => {
    const { jobId } = await corner().producer.enqueue('user_1')
    expect(await settlement().settle(jobId, outcome)).toBe('settled')
    expect(await counts()).toEqual({ [outcome]: '1' })
  })

  it('a second time changes nothing, whatever the outcome is now', async () => {
    const { jobId } = await corner().producer.enqueue('user_1')
    await settlement().settle(jobId, 'cleared')
    expect(await settlement().settle(jobId, 'cleared')).toBe('already')
    expect(await settlement().settle(jobId, 'dead_lettered')).toBe('already')
    expect(await counts()).toEqual({ cleared: '1' })
  })

  it('from many places at once is won by one of them', async () => {
    const { jobId } = await corner().producer.enqueue('user_1')
    const answers = await Promise.all(Array.from({ length: 20 }, () => settlement().settle(jobId, 'cleared')))
    expect(answers.filter(answer => answer === 'settled')).toHaveLength(1)
    expect(answers.filter(answer => answer === 'already')).toHaveLength(19)
    expect(await counts()).toEqual({ cleared: '1' })
  })

  it('that is no longer there counts nothing and makes nothing', async () => {
    const { jobId } = await corner().producer.enqueue('user_1')
    await (await corner().queue.getJob(jobId))?.remove()
    expect(await settlement().settle(jobId, 'cleared')).toBe('gone')
    expect(await counts()).toEqual({})
    expect(await corner().redis.exists(keysOf(corner().prefix).queue + jobId)).toBe(0)
  })

  it('works after the server has forgotten its scripts', async () => {
    const { producer, redis } = corner()
    const { settle } = settlement()
    const [first, second] = [await producer.enqueue('user_1'), await producer.enqueue('user_2')]
    await settle(first.jobId, 'cleared')
    await redis.script('FLUSH')
    expect(await settle(second.jobId, 'cleared')).toBe('settled')
  })

  it('leaves nothing behind when the job goes', async () => {
    const { producer, take, token, redis, prefix } = corner()
    const { jobId } = await producer.enqueue('user_1')
    const job = await take()
    await settlement().settle(jobId, 'cleared')
    await job?.moveToCompleted(null, token, false)
    await job?.remove()
    const left = await redis.keys(`${prefix}*`)
    expect(left.filter(key => key.includes(jobId))).toEqual([])
  })
})

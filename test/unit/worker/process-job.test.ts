import { describe, expect, it } from 'vitest'
import type { Recorded, SettleResult } from '../../../jobs/settle/settlement.ts'
import type { JobInHand } from '../../../worker/attempt/job-in-hand.ts'
import { processJob } from '../../../worker/attempt/process-job.ts'
import { afterSettle } from '../../../worker/attempt/processed.ts'
import type { Blame } from '../../../worker/halt/standing.ts'
import { FaultStreaks } from '../../../worker/vendor/fault-streaks.ts'
import { aCaller } from '../../helpers/vendor/caller.ts'
import { friendPage, type ScriptedCall, scriptedCall } from '../../helpers/vendor/scripted-call.ts'

const APP = 1_400_000_000

interface Given {
  readonly job?: Partial<JobInHand>
  readonly recorded?: Recorded
  readonly script?: ScriptedCall
  /** Whose fault it is found to be where the vendor blames us. */
  readonly blame?: Blame
}

/** Processes a job, with or without the record of an earlier settle; gives the calls made. */
async function process({ job, recorded, script, blame = 'ours' }: Given = {}) {
  const settlement = { lookUp: async () => recorded, readWish: async () => '' }
  const { call, asked } = script ?? scriptedCall({ friend_delete_all: [0], friend_get: [friendPage()] })
  const inHand: JobInHand = {
    id: 'made-up',
    name: 'made-up',
    data: { v: 1, account: 'user_1', request: 'ticket-1', due: 1 },
    progress: { calls: 3 },
    attemptsMade: 1,
    timesStalled: 0,
    enqueuedAt: 1000,
    ...job,
  }
  const standing = { judge: async () => blame }
  const options = {
    call,
    settlement,
    standing,
    faultStreaks: new FaultStreaks(),
    maxAttempts: 3,
    app: APP,
    verifyShare: 1,
    openProgress: async (_job: unknown, found: unknown) => found,
  }
  const processed = await processJob(inHand, options, aCaller())
  const record = processed.job === 'ends' ? processed.record : undefined
  return { processed, record, calls: asked.map(({ command }) => command) }
}

const gone: Recorded = { outcome: 'dead_lettered', reason: { code: '30001', text: 'the vendor says no' } }

describe('processing a job', () => {
  it('ends it with all that its receipt says, the calls of earlier attempts included', async () => {
    const { processed, record } = await process()
    expect(processed).toMatchObject({ outcome: { kind: 'cleared', verified: 'yes' }, calls: 2 })
    expect(record).toEqual({
      account: 'user_1',
      requests: ['ticket-1'],
      outcome: 'cleared',
      verified: 'yes',
      calls: 5,
      attempts: 2,
      enqueuedAt: 1000,
    })
  })

  it('ends a job that workers lost more than twenty times, and not one that was handed back as often', async () => {
    const lost = await process({ job: { timesStalled: 21 } })
    expect(lost.record).toMatchObject({
      outcome: 'dead_lettered',
      code: 'crashes',
      why: 'workers lost the job 21 times',
    })
    expect(lost.calls).toEqual([])
    expect((await process({ job: { timesStalled: 20 } })).record).toMatchObject({ outcome: 'cleared' })
  })

  it('ends what never will work as a dead letter with its code', async () => {
    const { record } = await process({ script: scriptedCall({ friend_delete_all: [30001] }) })
    expect(record).toMatchObject({ outcome: 'dead_lettered', verified: 'no', code: '30001' })
  })

  it('ends data that fits no contract under the account it holds, for no request', async () => {
    const { record } = await process({ job: { data: { v: 1, account: 'user_1', request: 'ticket-1' } } })
    expect(record).toMatchObject({ outcome: 'dead_lettered', code: 'invalid_job', account: 'user_1' })
    expect(record?.requests).toEqual([])
    expect((await process({ job: { data: 'nonsense' } })).record).toMatchObject({ account: '' })
  })

  it('ends a job of another app without a call', async () => {
    const data = { v: 1, account: 'user_1', due: 1, app: APP + 1 }
    const { record, calls } = await process({ job: { data } })
    expect(record).toMatchObject({ outcome: 'dead_lettered', code: 'wrong_app', calls: 3 })
    expect(calls).toEqual([])
    expect((await process({ job: { data: { ...data, app: APP } } })).record).toMatchObject({ outcome: 'cleared' })
  })

  it('hands back a job of a version that only a newer worker knows', async () => {
    const { processed, calls } = await process({ job: { data: { v: 2, account: 'user_1', anything: true } } })
    expect(processed).toMatchObject({ job: 'went_back', outcome: { kind: 'snooze', reason: { code: 'newer_job' } } })
    expect(calls).toEqual([])
  })

  it.each([
    { v: 2 },
    { v: 2, account: '' },
    { v: 1.5, account: 'user_1' },
    { v: '2', account: 'user_1' },
    { v: -2, account: 'user_1' },
  ])('ends data of no version: %j', async data => {
    expect((await process({ job: { data } })).record).toMatchObject({ code: 'invalid_job' })
  })

  it('ends a job whose request id is its account, for no request', async () => {
    const { record, calls } = await process({ job: { data: { v: 1, account: 'user_1', request: 'user_1', due: 1 } } })
    expect(record).toMatchObject({ outcome: 'dead_lettered', code: 'invalid_job', requests: [] })
    expect(record?.why).not.toContain('user_1')
    expect(calls).toEqual([])
  })

  it('deletes anew where a duplicate has made the job two-way since a one-way delete', async () => {
    const progress = { calls: 3, deleted: true, oneWay: true, unread: 1 }
    expect((await process({ job: { progress } })).calls).toEqual(['friend_delete_all', 'friend_get'])
    const data = { v: 1, account: 'user_1', type: 'single', due: 1 }
    const oneWay = await process({ job: { progress, data } })
    expect(oneWay.calls).toEqual(['friend_get'])
    expect(oneWay.processed).toMatchObject({ wish: { oneWay: true, text: '' } })
  })

  it('goes back, and uses no attempt, where the settle finds that a duplicate asks for more', async () => {
    const { processed } = await process({})
    if (processed.job !== 'ends') throw new Error('the attempt has not ended the job')
    const after = afterSettle(processed, { kind: 'outgrown' })
    expect(after).toMatchObject({
      job: 'went_back',
      outcome: { kind: 'snooze', waitMs: 0, reason: { code: 'wish_grew' } },
    })
  })

  it('has nothing to settle where the job goes on', async () => {
    const { processed, record } = await process({ script: scriptedCall({ friend_delete_all: [30008] }) })
    expect(processed.outcome.kind).toBe('retry')
    expect(record).toBeUndefined()
  })

  it('keeps count of what was sent before a fault of its own', async () => {
    const { processed } = await process({ script: scriptedCall({ friend_delete_all: [0] }) })
    expect(processed).toMatchObject({ outcome: { kind: 'retry', reason: { code: 'internal_error' } }, calls: 1 })
    expect(processed.progress.calls).toBe(4)
  })

  it('leaves the job as it was where the vendor blames us and is right', async () => {
    const { processed } = await process({ script: scriptedCall({ friend_delete_all: [70051] }) })
    expect(processed).toMatchObject({ job: 'went_back', outcome: { kind: 'stop', reason: { code: '70051' } } })
  })

  it('counts an attempt where the vendor blames us for one account alone, and gives up after the last', async () => {
    const script = scriptedCall({ friend_delete_all: [70051] })
    const { processed } = await process({ script, blame: 'account' })
    expect(processed).toMatchObject({
      outcome: { kind: 'retry', leastWaitMs: 10_000 },
      progress: { atFaultWith: '70051' },
    })
    const { record } = await process({ script, blame: 'account', job: { attemptsMade: 2 } })
    expect(record).toMatchObject({ outcome: 'dead_lettered', code: '70051' })
  })

  it('calls nobody for a job that a lost worker has settled', async () => {
    const { processed, record, calls } = await process({ job: { timesStalled: 1 }, recorded: gone })
    expect(processed.outcome).toEqual({ kind: 'dead', reason: gone.reason })
    expect(record).toBeUndefined()
    expect(calls).toEqual([])
  })

  it('works on a job that was lost before it was settled', async () => {
    const { record } = await process({ job: { timesStalled: 1 } })
    expect(record).toMatchObject({ outcome: 'cleared' })
  })
})

describe('after the settle, an attempt', () => {
  const after = async (result: SettleResult) => {
    const { processed } = await process()
    if (processed.job !== 'ends') throw new Error(`nothing to settle: ${processed.job}`)
    return afterSettle(processed, result)
  }

  it('that settled the job says so, and whether too many accounts are missing', async () => {
    expect(await after({ kind: 'settled', suspicious: false })).toMatchObject({ job: 'settled', suspicious: false })
    expect(await after({ kind: 'settled', suspicious: true })).toMatchObject({ job: 'settled', suspicious: true })
  })

  it('has ended as an earlier settle says, with any outcome', async () => {
    const processed = await after({ kind: 'already', ...gone })
    const outcome = { kind: 'dead', reason: gone.reason }
    expect(processed).toMatchObject({ job: 'settled_before', outcome, calls: 2 })
  })

  it('does not count as the one that settled a job that is gone', async () => {
    expect(await after({ kind: 'gone' })).toMatchObject({ job: 'settled_before' })
  })
})

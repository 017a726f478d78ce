import { describe, expect, it } from 'vitest'
import type { JobEnd, Recorded, Settled, Settlement } from '../../../jobs/index.ts'
import { FaultRows } from '../../../worker/fault-rows.ts'
import { type JobInHand, processJob } from '../../../worker/process-job.ts'
import { friendPage, type ScriptedCall, scriptedCall } from '../../helpers/scripted-call.ts'

interface Given {
  readonly job?: Partial<JobInHand>
  readonly settled?: Settled
  readonly recorded?: Recorded
  readonly script?: ScriptedCall
}

/** Processes a job with a settlement that says its lines; tells what was to be settled and which calls were made. */
async function process({ job, settled = { kind: 'settled', suspicious: false }, recorded, script }: Given = {}) {
  const ends: JobEnd[] = []
  const settlement: Settlement = {
    settle: async (_jobId, end) => {
      ends.push(end)
      return settled
    },
    lookUp: async () => recorded,
  }
  const { call, asked } = script ?? scriptedCall({ friend_delete_all: [0], friend_get: [friendPage()] })
  const inHand: JobInHand = {
    id: 'made-up',
    data: { v: 1, account: 'user_1', request: 'ticket-1', due: 1 },
    progress: { calls: 3 },
    attemptsMade: 1,
    timesStarted: 2,
    timesStalled: 0,
    enqueuedAt: 1000,
    ...job,
  }
  const options = { call, settlement, faultRows: new FaultRows(), maxAttempts: 3, verifyShare: 1 }
  const processed = await processJob(inHand, options, new AbortController().signal)
  return { processed, ends, calls: asked.map(({ command }) => command) }
}

const gone: Recorded = { outcome: 'dead_lettered', reason: { code: '30001', text: 'the vendor says no' } }

describe('processing a job', () => {
  it('settles it with all that its receipt says, the calls of earlier attempts included', async () => {
    const { processed, ends } = await process()
    expect(processed).toMatchObject({ outcome: { kind: 'cleared', verified: 'yes' }, settled: true, calls: 2 })
    expect(ends).toEqual([
      {
        account: 'user_1',
        request: 'ticket-1',
        outcome: 'cleared',
        verified: 'yes',
        calls: 5,
        attempts: 2,
        enqueuedAt: 1000,
      },
    ])
  })

  it('settles what never will work as a dead letter with its code', async () => {
    const { ends } = await process({ script: scriptedCall({ friend_delete_all: [30001] }) })
    expect(ends).toMatchObject([{ outcome: 'dead_lettered', verified: 'no', code: '30001' }])
  })

  it('settles data that fits no contract under the account it holds, for no request', async () => {
    const { ends } = await process({ job: { data: { v: 2, account: 'user_1', request: 'ticket-1' } } })
    expect(ends).toMatchObject([{ outcome: 'dead_lettered', code: 'invalid_job', account: 'user_1' }])
    expect(ends[0]?.request).toBeUndefined()
    expect((await process({ job: { data: 'nonsense' } })).ends).toMatchObject([{ account: '' }])
  })

  it('settles nothing where the job goes on', async () => {
    const { processed, ends } = await process({ script: scriptedCall({ friend_delete_all: [30008] }) })
    expect(processed.outcome.kind).toBe('retry')
    expect(ends).toEqual([])
  })

  it('keeps count of what was sent before a fault of its own', async () => {
    const { processed } = await process({ script: scriptedCall({ friend_delete_all: [0] }) })
    expect(processed).toMatchObject({ outcome: { kind: 'retry', reason: { code: 'internal_error' } }, calls: 1 })
    expect(processed.progress.calls).toBe(4)
  })

  it('ends as an earlier settle says, whatever this attempt came to', async () => {
    const { processed } = await process({ settled: { kind: 'already', ...gone } })
    expect(processed.outcome).toEqual({ kind: 'dead', reason: gone.reason })
    expect(processed.settled).toBeUndefined()
  })

  it('does not count itself as the one that settled a job that is gone', async () => {
    expect((await process({ settled: { kind: 'gone' } })).processed.settled).toBeUndefined()
  })

  it('calls nobody for a job that a lost worker has settled', async () => {
    const { processed, ends, calls } = await process({ job: { timesStalled: 1 }, recorded: gone })
    expect(processed.outcome).toEqual({ kind: 'dead', reason: gone.reason })
    expect({ ends, calls }).toEqual({ ends: [], calls: [] })
  })

  it('works on a job that was lost before it was settled', async () => {
    const { processed } = await process({ job: { timesStalled: 1 } })
    expect(processed).toMatchObject({ outcome: { kind: 'cleared' }, settled: true })
  })
})

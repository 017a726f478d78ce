import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { priorityOfDue } from '../../../jobs/job/due.ts'
import { jobsKeySpace } from './key-space.ts'
import { wishesOf } from './wishes.ts'

const keySpace = jobsKeySpace()
const { enqueue, figures, stored } = wishesOf(keySpace)

describe('the wish of a job', () => {
  const wish = fc.record({
    due: fc.integer({ min: 1_780_000_000, max: 2_400_000_000 }),
    deleteType: fc.constantFrom('both' as const, 'single' as const),
    request: fc.constantFrom('ticket-1', 'ticket 2/"ü"', '票🎫'),
  })

  it('is the strongest of all, in whatever order and however often they come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .array(wish, { minLength: 1, maxLength: 5 })
          .chain(wishes =>
            fc.tuple(
              fc.constant(wishes),
              fc.shuffledSubarray([...wishes, ...wishes], { minLength: 2 * wishes.length }),
            ),
          ),
        async ([wishes, order]) => {
          await keySpace().empty()
          let jobId = ''
          for (const each of order) jobId = (await enqueue(each)).jobId
          const due = Math.min(...wishes.map(each => each.due))
          expect(await stored(jobId)).toEqual({
            due,
            type: wishes.every(each => each.deleteType === 'single') ? 'single' : undefined,
            requests: [...new Set(wishes.map(each => each.request))].toSorted(),
          })
          const job = await keySpace().queue.getJob(jobId)
          expect(job?.priority).toBe(priorityOfDue(due))
          for (const { request } of wishes) expect(await figures(request)).toMatchObject({ accepted: 1, pending: 1 })
        },
      ),
      { numRuns: 40 },
    )
  })
})

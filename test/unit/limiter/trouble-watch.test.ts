import { describe, expect, it } from 'vitest'
import { type HealthSignal, type Trouble, TroubleWatch } from '../../../limiter/trouble-watch.ts'
import { sequence } from '../../../simulator/faults/seeded-random.ts'

function startWatch() {
  const reported: Trouble[] = []
  const each = new TroubleWatch(trouble => void reported.push(trouble))
  const observe = (signal: HealthSignal, times: number): void => {
    for (let n = 0; n < times; n++) each.observe(signal)
  }
  return { reported, observe, watch: each }
}

describe('the watch over the vendor’s health', () => {
  it('takes the missing answers of half the requests for an outage', () => {
    const { reported, observe } = startWatch()
    observe('unanswered', 9)
    expect(reported).toEqual([])
    observe('unanswered', 1)
    expect(reported).toEqual(['outage'])
  })

  it('takes a vendor that fails for nearly everybody for an outage, whatever the form of the failure', () => {
    const { reported, observe, watch } = startWatch()
    observe('failed', 12)
    observe('unanswered', 5)
    expect(reported).toEqual([])
    observe('failed', 1)
    expect(reported).toEqual(['outage'])
    expect(watch.isOutage).toBe(true)
  })

  it('reports the end with the first good answer', () => {
    const { reported, observe, watch } = startWatch()
    observe('failed', 18)
    observe('answered', 1)
    expect(reported).toEqual(['outage', 'recovered'])
    expect(watch.isOutage).toBe(false)
    observe('answered', 5)
    expect(reported).toEqual(['outage', 'recovered'])
  })

  it('takes no number of accounts that fail now and then for an outage', () => {
    const { reported, observe } = startWatch()
    const random = sequence(1, 'trouble')
    for (let n = 0; n < 20_000; n++) observe(random() < 0.3 ? 'failed' : 'answered', 1)
    expect(reported).not.toContain('outage')
  })

  it('passes on that we are too fast', () => {
    const { reported, observe } = startWatch()
    observe('throttled', 2)
    observe('throttled_all', 1)
    expect(reported).toEqual(['throttled', 'throttled', 'throttled_all'])
  })
})

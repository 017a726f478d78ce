import { describe, expect, it } from 'vitest'
import { Patience, type Standstill } from '../../../worker/halt/patience.ts'

const MINUTE = 60_000
const GOING: Standstill = { halted: null, paused: false, pause: null }
const PAUSED: Standstill = { ...GOING, paused: true, pause: { reason: 'maintenance', since: '' } }
const halted = (code: string): Standstill => ({ ...GOING, halted: { code, reason: 'why', since: '', host: 'host-1' } })

/** Looks at each status at its minute, and gives the last answer. */
function lastAnswer(...looks: readonly (readonly [minute: number, status: Standstill])[]): string | undefined {
  let nowMs = 0
  const patience = new Patience({ monotonicMs: () => nowMs })
  return looks
    .map(([minute, status]) => {
      nowMs = minute * MINUTE
      return patience.endedBy(status)
    })
    .at(-1)
}

describe('the patience with a fleet that stands still', () => {
  it('waits ten minutes for a halt that a probe may end, and for the end of a pause', () => {
    expect(lastAnswer([0, halted('60010')], [9.9, halted('60010')])).toBeUndefined()
    expect(lastAnswer([0, halted('60010')], [10, halted('60010')])).toBe('halted for 10 minutes, code 60010: why')
    expect(lastAnswer([0, PAUSED], [9.9, PAUSED])).toBeUndefined()
    expect(lastAnswer([0, PAUSED], [10, PAUSED])).toBe('paused for 10 minutes: maintenance')
  })

  it('begins anew when the fleet has gone on in between', () => {
    expect(lastAnswer([0, PAUSED], [5, GOING], [6, PAUSED], [15, PAUSED])).toBeUndefined()
  })

  it('does not wait where only a person can end the halt', () => {
    expect(lastAnswer([0, halted('too_many_missing')])).toBe('halted, code too_many_missing: why')
  })
})

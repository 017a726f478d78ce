import { describe, expect, it } from 'vitest'
import type { Done } from '../../../../cli/import/files/checkpoint.ts'
import { ImportFigures } from '../../../../cli/import/progress.ts'

const WIDE = Number.POSITIVE_INFINITY

const done = (lines: number): Done => ({
  lines,
  accepted: lines - 3,
  duplicate: 2,
  strengthened: 0,
  rejected: 1,
  entries: lines - 1,
  rejectedBytes: 0,
})

describe('the progress of an import', () => {
  it('tells rate and time left from the last minute, not from the burst that filled the queue', () => {
    let nowMs = 0
    const figures = new ImportFigures(100_000, () => nowMs)
    expect(figures.text(WIDE)).toBe('0 %: 0 of 100,000 lines, 0 lines/s, 0 duplicate, 0 rejected')
    figures.show(done(20_000))
    nowMs = 10_000
    expect(figures.text(WIDE)).toBe(
      '20 %: 20,000 of 100,000 lines, about 40 s left, 2,000 lines/s, 2 duplicate, 1 rejected',
    )
    for (let second = 11; second <= 110; second++) {
      nowMs = second * 1000
      figures.show(done(20_000 + (second - 10) * 100))
      figures.text(WIDE)
    }
    expect(figures.text(WIDE)).toBe(
      '30 %: 30,000 of 100,000 lines, about 12 min left, 100 lines/s, 2 duplicate, 1 rejected',
    )
  })

  it('tells why it stands still, and forgets how fast the queue was filled', () => {
    let nowMs = 0
    const figures = new ImportFigures(200, () => nowMs)
    figures.text(WIDE)
    nowMs = 1000
    figures.show(done(100))
    expect(figures.text(WIDE)).toContain('about 1 s left, 100 lines/s')
    figures.waits(199_800)
    expect(figures.text(WIDE)).toBe(
      '50 %: 100 of 200 lines, waiting: 199,800 jobs in the queue, 0 lines/s, 2 duplicate, 1 rejected',
    )
    figures.show(done(200))
    expect(figures.text(WIDE)).not.toContain('waiting')
  })

  it('tells no share and no end of a pipe', () => {
    let nowMs = 0
    const figures = new ImportFigures(undefined, () => nowMs)
    figures.text(WIDE)
    nowMs = 2000
    figures.show(done(100))
    expect(figures.text(WIDE)).toBe('100 lines, 50 lines/s, 2 duplicate, 1 rejected')
  })

  it.for([20, 40, 59, 80])('leaves figures out rather than cut one off at %d columns', columns => {
    const figures = new ImportFigures(1_000_000, () => 0)
    figures.show(done(412_000))
    figures.waits(199_800)
    const text = figures.text(columns)
    expect(figures.text(WIDE).startsWith(text)).toBe(true)
    expect(figures.text(WIDE).slice(text.length)).toMatch(/^(,|$)/)
    if (columns > 40) expect(text.length).toBeLessThanOrEqual(columns)
  })
})

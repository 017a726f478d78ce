import { describe, expect, it } from 'vitest'
import { ImportFigures } from '../../../../cli/import/progress.ts'

const done = (lines: number): Parameters<ImportFigures['show']>[0] => ({
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
    const figures = new ImportFigures(1_000_000, () => nowMs)
    expect(figures.text()).toBe('0 % read: 0 lines (0 accepted, 0 duplicate, 0 rejected), 0 lines/s')
    figures.read(200_000)
    figures.show(done(20_000))
    nowMs = 10_000
    expect(figures.text()).toBe(
      '20 % read: 20,000 lines (19,997 accepted, 2 duplicate, 1 rejected), 2,000 lines/s, about 40 s left',
    )
    for (let second = 11; second <= 110; second++) {
      nowMs = second * 1000
      figures.read(1000)
      figures.show(done(20_000 + (second - 10) * 100))
      figures.text()
    }
    expect(figures.text()).toBe(
      '30 % read: 30,000 lines (29,997 accepted, 2 duplicate, 1 rejected), 100 lines/s, about 12 min left',
    )
  })

  it('tells why it stands still, and forgets how fast the queue was filled', () => {
    let nowMs = 0
    const figures = new ImportFigures(1000, () => nowMs)
    figures.text()
    nowMs = 1000
    figures.read(500)
    figures.show(done(100))
    expect(figures.text()).toContain('100 lines/s, about 1 s left')
    figures.waits(199_800)
    expect(figures.text()).toMatch(/ 0 lines\/s; waiting, since 199,800 jobs are in the queue$/)
    figures.show(done(200))
    expect(figures.text()).not.toContain('waiting')
  })

  it('tells no share and no end of a pipe', () => {
    let nowMs = 0
    const figures = new ImportFigures(undefined, () => nowMs)
    figures.text()
    nowMs = 2000
    figures.read(1000)
    figures.show(done(100))
    expect(figures.text()).toBe('100 lines (97 accepted, 2 duplicate, 1 rejected), 50 lines/s')
  })
})

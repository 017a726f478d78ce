import { expect, it } from 'vitest'
import { AccountFigures } from '../../../cli/terminal/account-figures.ts'

it('the progress of accounts tells rate and time left from the first outcome of this process on', () => {
  let nowMs = 0
  const figures = new AccountFigures(1000, () => nowMs)
  figures.show({ done: 200, total: 1000, notes: ['importing'] })
  nowMs = 8000
  figures.show({ done: 200, total: 1000, notes: ['importing'] })
  expect(figures.text(200)).toBe('20 %: 200 of 1,000 accounts, 0 accounts/s, importing')
  nowMs = 10_000
  figures.show({ done: 400, total: 1000, notes: [] })
  expect(figures.text(200)).toBe('40 %: 400 of 1,000 accounts, about 6 s left, 100 accounts/s')
  expect(figures.text(40)).toBe('40 %: 400 of 1,000 accounts')
})

import { describe, expect, test } from 'vitest'
import { call, codeOf, withSimulator } from './caller.ts'
import { GRAPH } from './small-graph.ts'

describe('account_check', () => {
  test('tells who is imported, in an envelope without ErrorDisplay', async () => {
    await withSimulator(GRAPH, async simulator => {
      expect(await call(simulator, 'account_check', { CheckItem: [{ UserID: 'anna' }, { UserID: 'nobody' }] })).toEqual(
        {
          ResultItem: [
            { UserID: 'anna', ResultCode: 0, ResultInfo: '', AccountStatus: 'Imported' },
            { UserID: 'nobody', ResultCode: 0, ResultInfo: '', AccountStatus: 'NotImported' },
          ],
          ActionStatus: 'OK',
          ErrorCode: 0,
          ErrorInfo: '',
        },
      )
    })
  })

  test.each([
    {},
    { CheckItem: [] },
    { CheckItem: ['anna'] },
    { CheckItem: [{ UserID: '' }] },
    { CheckItem: Array.from({ length: 101 }, () => ({ UserID: 'anna' })) },
  ])('refuses %j', async body => {
    await withSimulator(GRAPH, async simulator => expect(await codeOf(simulator, 'account_check', body)).toBe(70402))
  })
})

import { expect, it } from 'vitest'
import { FINAL_OUTCOMES } from '../../../jobs/job/outcome.ts'
import { keysOf } from '../../../redis/keys.ts'

it('the final outcomes are those that dashboards and receipts know, in the order in which status shows them', () => {
  expect(FINAL_OUTCOMES).toEqual(['cleared', 'not_imported', 'dead_lettered', 'cancelled'])
})

it('every key begins with the prefix, so that one hash tag puts all of them into one slot', () => {
  const names = Object.values(keysOf('{x}')).map(key => (typeof key === 'string' ? key : key('friend_delete_all')))
  expect(names.filter(name => !name.startsWith('{x}:'))).toEqual([])
  expect(new Set(names).size).toBe(names.length)
})

import { describe, expect, it } from 'vitest'
import { importedJobId, randomJobId } from '../../../jobs/job/job-id.ts'

const imported = Array.from({ length: 2_000 }, (_, index) => importedJobId('a key of the test', index))
const random = Array.from({ length: 2_000 }, randomJobId)

describe.each([
  ['of an import', imported],
  ['of a producer', random],
])('two thousand job ids %s', (_, ids) => {
  it('can each be an argument of a command: none begins with a dash, which would make it an option', () => {
    expect(ids.filter(id => id.startsWith('-'))).toEqual([])
  })

  it('are eleven characters each and all different', () => {
    expect(ids.filter(id => !/^[\w-]{11}$/.test(id))).toEqual([])
    expect(new Set(ids).size).toBe(ids.length)
  })
})

it('an import of the same key and entry has the same job id again', () => {
  expect(Array.from({ length: 2_000 }, (_, index) => importedJobId('a key of the test', index))).toEqual(imported)
})

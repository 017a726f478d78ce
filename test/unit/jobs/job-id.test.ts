import { describe, expect, it } from 'vitest'
import { hasOwnForm, importedJobId, randomJobId } from '../../../jobs/job/job-id.ts'

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

describe('the form of an own id', () => {
  it('is that of all ids of this project', () => {
    expect([...imported, ...random].filter(id => !hasOwnForm(id))).toEqual([])
  })

  it.each([
    '1',
    'user_4711',
    'user-id-of-a-person',
    '-aaaaaaaaaa',
    'a:b:c',
    '7c9e6679-7425-40de-944b-e07fc1f90ae7',
    '',
  ])('is not that of %s', id => {
    expect(hasOwnForm(id)).toBe(false)
  })

  it('is met by one in sixty-four other ids of eleven such characters', () => {
    const others = Array.from({ length: 6400 }, (_, index) => `user_${String(index).padStart(6, '0')}`)
    expect(others.filter(hasOwnForm).length).toBeLessThan(200)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SealerNumbers } from '../../../jobs/receipts/log/sealer-numbers.ts'

interface Step {
  readonly n: number
  readonly open: number
  readonly void: readonly number[]
}

/**
 * What a sealer writes: it gives numbers to entries, some of which are never written; up to four are under way at once,
 * and land in any order.
 */
const histories = fc
  .array(fc.record({ isVoid: fc.boolean(), wait: fc.nat(3) }), { minLength: 1, maxLength: 60 })
  .map(plans => {
    const open = new Set<number>()
    const voids = new Set<number>()
    const landed: Step[] = []
    const underWay: (Step & { readonly isVoid: boolean; left: number })[] = []
    const land = (): void => {
      for (const step of underWay.filter(each => each.left-- <= 0)) {
        underWay.splice(underWay.indexOf(step), 1)
        open.delete(step.n)
        if (step.isVoid) voids.add(step.n)
        else {
          landed.push(step)
          for (const each of step.void) voids.delete(each)
        }
      }
    }
    for (const [index, { isVoid, wait }] of plans.entries()) {
      const n = index + 1
      open.add(n)
      underWay.push({ n, isVoid, left: wait, open: n - Math.min(...open), void: [...voids] })
      land()
    }
    while (underWay.length > 0) land()
    return landed
  })

const follow = (
  steps: readonly Step[],
  numbers = new SealerNumbers(),
): { numbers: SealerNumbers; results: string[] } => ({
  numbers,
  results: steps.map(step => numbers.add({ sealer: 'a', ...step }, 0)),
})

describe('the numbers of a sealer', () => {
  it('fit, whatever is under way at once and whatever was not written', () => {
    fc.assert(
      fc.property(histories, steps => {
        const { numbers, results } = follow(steps)
        expect(results).not.toContain('twice')
        expect(numbers.missing).toEqual([])
      }),
    )
  })

  it('tell of an entry that was taken out, once a later one says that it was written', () => {
    fc.assert(
      fc.property(histories, fc.nat(), (steps, pick) => {
        const gone = steps[pick % steps.length]
        const rest = steps.filter(step => step !== gone)
        const isTold = gone !== undefined && rest.some(step => step.n - step.open > gone.n)
        const { numbers } = follow(rest)
        const missing = numbers.missing.map(({ n }) => n)
        if (isTold) expect(missing).toContain(gone.n)
        // The entry may also have named voids, which then are missing with it.
        else expect(missing).not.toContain(gone?.n)
      }),
    )
  })

  it('tell of an entry that is there twice', () => {
    fc.assert(
      fc.property(histories, fc.nat(), (steps, pick) => {
        const copy = steps[pick % Math.max(1, steps.length)]
        if (copy === undefined) return
        expect(follow([...steps, copy]).results).toContain('twice')
      }),
    )
  })

  it('tell of an entry that is there twice, also where its answer was lost and its sealer took it for not written', () => {
    const first = { n: 1, open: 0, void: [] }
    for (const open of [0, 1]) {
      expect(follow([first, { n: 2, open, void: [1] }, first]).results).toEqual(['good', 'good', 'twice'])
    }
    expect(follow([{ n: 2, open: 0, void: [1] }, first, first]).results).toEqual(['good', 'good', 'twice'])
  })

  it('go on from what was kept', () => {
    fc.assert(
      fc.property(histories, fc.nat(60), (steps, at) => {
        const first = follow(steps.slice(0, at)).numbers
        const { numbers, results } = follow(steps.slice(at), new SealerNumbers(first.state(0)))
        expect(results).not.toContain('twice')
        expect(numbers.missing).toEqual([])
      }),
    )
  })

  it('are explained where the sealer says that Redis has lost them', () => {
    const { numbers } = follow([
      { n: 1, open: 0, void: [] },
      { n: 4, open: 0, void: [] },
    ])
    expect(numbers.missing.map(({ n }) => n)).toEqual([2, 3])
    numbers.lose('a', [[2, 3]])
    expect(numbers.missing).toEqual([])
  })

  it('must begin with 1 in a log that is followed from its beginning', () => {
    expect(follow([{ n: 3, open: 0, void: [] }]).numbers.missing.map(({ n }) => n)).toEqual([1, 2])
    const later = new SealerNumbers({ fromStart: false, sealers: {} })
    expect(follow([{ n: 3, open: 0, void: [] }], later).numbers.missing).toEqual([])
  })

  it('take no memory for a number that no sealer reaches', () => {
    const { numbers } = follow([{ n: Number.MAX_SAFE_INTEGER, open: 0, void: [] }])
    expect(numbers.missing).toHaveLength(1)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cleanJob } from '../../../worker/pool/raw-job.ts'

const NOW = 1_700_000_000_000
const clean = (hash: Readonly<Record<string, string>>) => {
  const { fields, ...rest } = cleanJob(Object.entries(hash).flat(), NOW)
  const pairs = fields.flatMap((field, at) => (at % 2 === 0 ? [[field, fields[at + 1] ?? ''] as const] : []))
  return { hash: Object.fromEntries(pairs), ...rest }
}
const OWN = { name: 'c', data: '{"v":1,"account":"a","due":1}', opts: '{"priority":2}', timestamp: '5', delay: '0' }

describe('a job as BullMQ fetches it', () => {
  it('passes with all that a worker uses when this project enqueued it', () => {
    const job = {
      ...OWN,
      priority: '2',
      processedOn: '6',
      ats: '3',
      atm: '1',
      stc: '1',
      deid: 'a',
      progress: '{"calls":1}',
    }
    expect(clean(job)).toEqual({
      hash: { ...job, opts: '{}' },
      unusable: [],
      scheduler: undefined,
      throttledBy: undefined,
    })
  })

  it('keeps of the producer’s options its trace context and nothing else', () => {
    const opts = JSON.stringify({ tm: '{"traceparent":"x"}', removeOnFail: true, attempts: 9, fpof: true, lifo: true })
    expect(clean({ ...OWN, opts }).hash['opts']).toBe('{"tm":"{\\"traceparent\\":\\"x\\"}"}')
  })

  it('names the counters and links at which BullMQ would break off', () => {
    expect(clean({ ...OWN, atm: '1.5', stc: '-1', ats: '', parent: '{}' }).unusable).toEqual([
      'atm',
      'ats',
      'stc',
      'parent',
    ])
  })

  it('keeps the links of a flow that BullMQ can follow', () => {
    const links = { parent: '{"id":"p","queueKey":"b:q"}', parentKey: 'b:q:p' }
    expect(clean({ ...OWN, ...links })).toMatchObject({ hash: links, unusable: [] })
  })

  it('can be parsed whatever anybody wrote into its hash', () => {
    const names = fc.constantFrom('data', 'opts', 'progress', 'parent', 'atm', 'ats', 'stc', 'timestamp', 'defa', 'rjk')
    const value = fc.oneof(fc.string(), fc.json(), fc.constantFrom('null', '0', '-0', '1e9', '9'.repeat(40), ''))
    fc.assert(
      fc.property(fc.dictionary(names, value), hash => {
        const job = clean(hash).hash
        for (const json of ['data', 'opts', 'progress']) expect(() => JSON.parse(job[json] ?? '')).not.toThrow()
        for (const count of ['atm', 'ats', 'stc', 'timestamp', 'processedOn', 'priority'])
          expect(Number.isSafeInteger(Number(job[count]))).toBe(true)
        expect(Object.keys(job)).not.toContain('defa')
      }),
    )
  })
})

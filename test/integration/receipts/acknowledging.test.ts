import { beforeEach, expect, it } from 'vitest'
import { acknowledge } from '../../../jobs/receipts/keep/acknowledge.ts'
import { verifyReceipts } from '../../../jobs/receipts/verify/verify-receipts.ts'
import { exportedLines, testSeals } from '../../helpers/receipts/receipts.ts'
import { jobsKeySpace } from '../jobs/key-space.ts'
import { logForTest, readStream, writeStream } from './log-for-test.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

type Stream = [string, Buffer[]][]

/** Three workers of one fleet, each with a keeper that knows the log up to another head. */
async function threeWorkers() {
  const { redis, prefix } = keySpace()
  const logs = [1, 2, 3].map(() => logForTest(redis, prefix))
  await logs[0]?.bind()
  const keepers = logs.map(({ keeper }) => keeper())
  const heads: string[] = []
  const round = async (patient = true): Promise<string[]> => {
    const kinds: string[] = []
    for (const [index, keeper] of keepers.entries()) {
      await logs[index]?.write(4)
      const result = await keeper.keep(patient)
      if (result.kind === 'kept') heads.push(result.note)
      kinds.push(result.kind)
    }
    return kinds
  }
  return { redis, prefix, keys: logs[0]?.keys.receipts ?? '', logs, keepers, heads, round }
}

/** Lets time pass for keepers that look at a fault twice. */
async function later<T>(act: () => Promise<T>): Promise<T> {
  const clock = performance.now.bind(performance)
  performance.now = () => clock() + 20_000
  try {
    return await act()
  } finally {
    performance.now = clock
  }
}

it.each([
  ['an entry that a head covers is gone', (all: Stream) => all.toSpliced(4, 1)],
  ['an entry behind the last head is gone', (all: Stream) => all.toSpliced(-2, 1)],
  ['the last entries are gone', (all: Stream) => all.slice(0, -7)],
  [
    'entries that a head covers are gone, and the end of the log with them',
    (all: Stream) => all.toSpliced(4, 2).slice(0, -6),
  ],
] as const)(
  'after it was acknowledged that %s, all three workers sign on one line of history',
  async (_what, change) => {
    const { redis, prefix, keys, logs, keepers, heads, round } = await threeWorkers()
    for (let n = 0; n < 3; n++) expect(await round()).toEqual(['kept', 'kept', 'kept'])
    await logs[0]?.write(3)
    const all = await readStream(redis, keys)
    await writeStream(redis, keys, change(all))
    for (let turn = 0; turn < 2; turn++) {
      for (const keeper of keepers) expect((await keeper.keep(true)).kind).not.toBe('kept')
    }
    const found = await later(async () => Promise.all(keepers.map(keeper => keeper.keep(true))))
    expect(found.map(({ kind }) => kind)).toContain('broken')

    expect(await acknowledge(redis, prefix, testSeals, 'a test did it')).toBeDefined()
    await round()
    for (let n = 0; n < 3; n++) expect(await later(() => round())).toEqual(['kept', 'kept', 'kept'])
    const fresh = logForTest(redis, prefix)
    await fresh.write(1)
    expect(await fresh.keeper().keep(true)).toMatchObject({ kind: 'kept' })
    const { file, troubles } = await exportedLines({ redis, prefix })
    expect(troubles).toEqual([])
    const { findings } = await verifyReceipts([{ name: 'after', open: () => file }], {
      publicKey: testSeals.signing.publicKey,
      against: heads.map(note => ({ name: 'a head of before', note })),
      each: true,
    })
    expect(findings).toEqual([])
  },
)

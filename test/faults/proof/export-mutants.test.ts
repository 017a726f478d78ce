/**
 * Generated changes of an exported file: each is told, or changes nothing that the file says. The same change is told by
 * the verifier of the docs.
 */
import { beforeEach, expect, it } from 'vitest'
import { originOf } from '../../../jobs/receipts/log/origin.ts'
import type { Verification } from '../../../jobs/receipts/verify/findings.ts'
import { verifyReceipts } from '../../../jobs/receipts/verify/verify-receipts.ts'
import { exportedLines, testSeals } from '../../helpers/receipts/receipts.ts'
import { receiptKeyOf } from '../../helpers/receipts/settling.ts'
import { jobsKeySpace } from '../../integration/jobs/key-space.ts'
import { logForTest } from '../../integration/receipts/log-for-test.ts'
import { seededRandom } from './seeded-random.ts'

const MUTANTS = 5000
const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const check = (file: readonly string[], origin: string): Promise<Verification> =>
  verifyReceipts([{ name: 'file', open: () => file }], { publicKey: testSeals.signing.publicKey, origin })

/** What a file says, however it says it. */
const meaning = ({ entries, totals, requests, parts }: Verification): string =>
  JSON.stringify([
    entries,
    totals,
    requests,
    parts.map(({ after, through, head, request }) => [after, through, head, request]),
  ])

it(`of ${MUTANTS} changed exports none passes unseen`, async () => {
  const { redis, prefix } = keySpace()
  const log = logForTest(redis, prefix)
  await log.bind()
  await log.write(9)
  await log.keeper().keep(true)
  await log.write(5)
  const { file } = await exportedLines({ redis, prefix })
  const rest = (await exportedLines({ redis, prefix, after: 6 })).file
  const ofRequest = (await exportedLines({ redis, prefix, request: 'ticket-1' })).file
  const strangers = await strangerLines()
  const origin = originOf(await log.sealer.identity())
  const random = seededRandom(18)
  const unseen: string[] = []
  for (const original of [file, rest, ofRequest, [...file, ...rest]]) {
    const right = await check(original, origin)
    expect(right.findings).toEqual([])
    for (let n = 0; n < MUTANTS / 4; n++) {
      const mutant = mutate(original, strangers, random)
      // Of two exports one is left, whole: what it says holds.
      if ([file, rest].some(each => each.join() === mutant.join())) continue
      const found = await check(mutant, origin)
      // The command fails on a file that holds nothing.
      const isTold = found.findings.length > 0 || found.entries === 0
      if (!isTold && meaning(found) !== meaning(right)) unseen.push(mutant.join('\n'))
    }
  }
  expect(unseen).toEqual([])
})

/** Lines of another fleet with the same key, and of one with another key. */
async function strangerLines(): Promise<string[]> {
  const { redis, prefix } = keySpace()
  const lines: string[] = []
  for (const [name, key] of [
    ['same', undefined],
    ['other', receiptKeyOf('a stranger')],
  ] as const) {
    const elsewhere = `${prefix}:${name}`
    const log = logForTest(redis, elsewhere, key)
    await log.bind()
    await log.write(12)
    await log.keeper().keep(true)
    if (key === undefined) lines.push(...(await exportedLines({ redis, prefix: elsewhere })).file)
  }
  return lines
}

type Random = ReturnType<typeof seededRandom>

function mutate(lines: readonly string[], strangers: readonly string[], random: Random): string[] {
  const [at, to] = [random.below(lines.length), random.below(lines.length)]
  const line = lines[at] ?? ''
  const other = lines[to] ?? ''
  const kinds: (() => string[])[] = [
    () => lines.toSpliced(at, 1),
    () => lines.toSpliced(at, 1 + random.below(4)),
    () => lines.with(at, other).with(to, line),
    () => lines.toSpliced(to, 0, line),
    () => lines.with(at, random.pick(strangers)),
    () => lines.toSpliced(at, 0, random.pick(strangers)),
    () => [...lines.slice(0, at), ...strangers.slice(random.below(strangers.length))],
    () => lines.slice(0, at),
    () => lines.with(at, flip(line, random)),
    () => lines.with(at, flip(flip(line, random), random)),
    () => lines.with(at, changeField(line, random)),
    () => lines.with(at, changeField(line, random)),
    () => lines.with(at, line.slice(0, random.below(line.length))),
  ]
  return random.pick(kinds)()
}

function flip(line: string, random: Random): string {
  const at = random.below(line.length)
  return line.slice(0, at) + String.fromCharCode(32 + random.below(95)) + line.slice(at + 1)
}

const VALUES = [
  0,
  1,
  2,
  7,
  99,
  null,
  '',
  'cleared',
  'cancelled',
  'yes',
  'no',
  [],
  ['ticket-2'],
  '2020-01-01T00:00:00.000Z',
]

function changeField(line: string, random: Random): string {
  const entry: unknown = JSON.parse(line)
  if (typeof entry !== 'object' || entry === null) return line
  return JSON.stringify({ ...entry, [random.pick(Object.keys(entry))]: random.pick(VALUES) })
}

/**
 * Promises 3 and 4 of the design: nothing lost, and proved. A fifth of the accounts meets retryable faults of all
 * kinds, on the delete, on the proof, or on both. Every account ends cleared and proved, and every further call has its
 * reason.
 */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { CommandName, FaultAnswer, FaultRule } from '../../../simulator/index.ts'
import { startVendorAndWorkers, type VendorAndWorkers } from '../../helpers/fleets/vendor-and-workers.ts'

const ACCOUNTS = 3000
const EVERY_NTH_FAILS = 5

/** A fault, its name in the simulator's ledger, and the calls that it costs besides its own repetition. */
interface Kind {
  readonly answer: FaultAnswer
  readonly key: string
  readonly command: CommandName
  readonly apply?: true
  readonly costs?: Partial<Record<CommandName, number>>
}

const code = (number: number, command: CommandName = 'friend_delete_all'): Kind => ({
  answer: { code: number },
  key: String(number),
  command,
})
const other = (answer: FaultAnswer, key: string, command: CommandName = 'friend_delete_all'): Kind => ({
  answer,
  key,
  command,
})

/**
 * Faults of the signature lie a third of the kinds apart. If a second one met the new signature that the first one has
 * caused, the fleet would halt, as it should.
 */
const KINDS: readonly Kind[] = [
  code(70001),
  ...[30006, 30007, 60008, 60013, 60014, 40006, 70169, 70202, 70500, 30008, 60004, 60005].map(each => code(each)),
  ...[60007, 60018, 61234].map(each => code(each)),
  code(70003),
  { ...code(30007), apply: true },
  // The account is imported after all, so the worker checks it once and clears it again.
  { ...code(30003), costs: { account_check: 1 } },
  ...[502, 503, 504].map(status => other({ http: status }, `http_${status}`)),
  other('reset-before', 'reset'),
  other('reset-after-read', 'reset'),
  other('reset-after-apply', 'reset'),
  other('half-body', 'half_body'),
  other('partial', '30007'),
  other({ malformed: 'html' }, 'malformed_html'),
  other({ malformed: 'truncated' }, 'malformed_truncated'),
  other({ malformed: 'ok-nonzero' }, 'malformed_ok_nonzero'),
  code(70052),
  ...[30006, 30007, 70500].map(each => code(each, 'friend_get')),
  other({ http: 502 }, 'http_502', 'friend_get'),
  other('reset-after-read', 'reset', 'friend_get'),
]

const nameOf = (index: number): string => `person_${index + 1}`
const kindOf = (index: number): Kind | undefined =>
  index % EVERY_NTH_FAILS === 0 ? KINDS[(index / EVERY_NTH_FAILS) % KINDS.length] : undefined

const faults: readonly FaultRule[] = KINDS.map(kind => ({
  answer: kind.answer,
  command: kind.command,
  times: 1,
  ...(kind.apply === undefined ? {} : { apply: kind.apply }),
  accounts: {
    list: Array.from({ length: ACCOUNTS }, (_, index) => index)
      .filter(index => kindOf(index) === kind)
      .map(nameOf),
  },
}))

let fleet: VendorAndWorkers

beforeEach(async () => {
  fleet = await startVendorAndWorkers({
    simulator: {
      users: {
        listed: Array.from({ length: ACCOUNTS }, (_, index) => ({
          account: nameOf(index),
          friends: [`${nameOf(index)}_a`, `${nameOf(index)}_b`],
        })),
      },
      latency: { p50Ms: 30, p99Ms: 100 },
      // Other tests check the limit; here a call that this machine delays must not add a refusal.
      limitPerSecond: 100_000,
      faults,
    },
    workers: 2,
  })
})

afterEach(() => fleet.stop())

it('clears and proves every account, loses none, and makes no call that no fault explains', async ({ annotate }) => {
  await fleet.enqueue(Array.from({ length: ACCOUNTS }, (_, index) => nameOf(index)))
  await fleet.untilSettled(ACCOUNTS, 120_000)
  const { outcomes, queue, halted } = await fleet.readStatus()
  expect(outcomes).toEqual({ cleared: ACCOUNTS, not_imported: 0, dead_lettered: 0, cancelled: 0 })
  expect(queue).toMatchObject({ waiting: 0, delayed: 0, failed: 0 })
  expect(halted).toBeNull()

  for (let index = 0; index < ACCOUNTS; index++) {
    const line = fleet.simulator.ledgerOf(nameOf(index))
    expect(line.friendsLeft, `friends left of account ${index}`).toBe(0)
    expect(line.answers, `calls for account ${index}, which met ${JSON.stringify(kindOf(index))}`).toEqual(
      expectedAnswers(kindOf(index)),
    )
  }

  const { friend_delete_all: deletes, friend_get: reads } = fleet.simulator.figures().byCommand
  await annotate(
    `${ACCOUNTS} accounts, ${ACCOUNTS / EVERY_NTH_FAILS} with a fault of ${KINDS.length} kinds: ` +
      `${deletes.calls} deletes, ${reads.calls} reads, 0 dead letters`,
  )
})

function expectedAnswers(kind: Kind | undefined): Partial<Record<CommandName, Record<string, number>>> {
  const answers: Partial<Record<CommandName, Record<string, number>>> = {
    friend_delete_all: { '0': 1 },
    friend_get: { '0': 1 },
  }
  if (kind === undefined) return answers
  answers[kind.command] = { ...answers[kind.command], [kind.key]: 1 }
  for (const [command, calls] of Object.entries(kind.costs ?? {})) {
    answers[command as CommandName] = { '0': calls }
  }
  return answers
}

/** Every class of answer, through a real worker: one run for all rows, and then a test of each. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CommandName, FaultAnswer, FaultRule, LedgerLine } from '../../simulator/index.ts'
import { eventually } from '../helpers/eventually.ts'
import { type SettledLine, startVendorAndWorkers, type VendorAndWorkers } from '../helpers/fleets/vendor-and-workers.ts'

type Answers = Partial<Record<CommandName, Readonly<Record<string, number>>>>

/** One account: the vendor's faults for it, and the outcome, answers and attempts that must follow. */
interface Row {
  readonly what: string
  readonly faults?: readonly Omit<FaultRule, 'accounts'>[]
  /** Whether the vendor knows the account; default yes. */
  readonly imported?: false
  readonly outcome: 'cleared' | 'not_imported' | 'dead_lettered'
  /** Exact number of answers by command and code. */
  readonly answers: Answers
  /** Attempts used, the last included; default 1. */
  readonly attempts?: number
  readonly reason?: string
}

const once = (answer: FaultAnswer, more: Partial<FaultRule> = {}): Omit<FaultRule, 'accounts'> => ({
  answer,
  command: 'friend_delete_all',
  times: 1,
  ...more,
})
const always = (answer: FaultAnswer, more: Partial<FaultRule> = {}): Omit<FaultRule, 'accounts'> =>
  once(answer, { times: 'always', ...more })

const proved = { friend_get: { '0': 1 } }

/** Makes a row of a fault that comes once; the worker clears and proves the account all the same. */
const passes = (
  what: string,
  answer: FaultAnswer,
  key: string,
  more: Partial<Row> & { fault?: Partial<FaultRule> } = {},
): Row => {
  const { fault, ...rest } = more
  const faults = [once(answer, fault)]
  return { what, faults, outcome: 'cleared', answers: { friend_delete_all: { [key]: 1, '0': 1 }, ...proved }, ...rest }
}
const passesCode = (what: string, code: number, more: Partial<Row> & { fault?: Partial<FaultRule> } = {}): Row =>
  passes(`${code}: ${what}`, { code }, String(code), more)

const dies = (what: string, code: number, attempts = 1): Row => ({
  what: `${code}: ${what}`,
  faults: [always({ code })],
  outcome: 'dead_lettered',
  answers: { friend_delete_all: { [code]: attempts } },
  attempts,
  reason: String(code),
})

const missing = (what: string, more: Partial<Row> = {}): Row => ({
  what,
  imported: false,
  outcome: 'not_imported',
  answers: { friend_delete_all: { '30003': 1 }, account_check: { '0': 1 } },
  ...more,
})

/**
 * Rows in the order of their calls. The refused signatures lie far apart: a second refusal, before the vendor has taken
 * the new signature, rightly halts the fleet.
 */
const rows: readonly Row[] = [
  { what: 'an answer of 0', outcome: 'cleared', answers: { friend_delete_all: { '0': 1 }, ...proved } },
  passesCode('the signature has expired', 70001),

  missing('30003: account_check calls it not imported'),
  missing('30003: account_check fails once', {
    faults: [once({ code: 70500 }, { command: 'account_check' })],
    answers: { friend_delete_all: { '30003': 2 }, account_check: { '70500': 1, '0': 1 } },
    attempts: 2,
  }),
  missing('30002: the account was deleted', {
    faults: [always({ code: 30002 })],
    answers: { friend_delete_all: { '30002': 1 }, account_check: { '0': 1 } },
  }),
  missing('70107: not imported', {
    faults: [always({ code: 70107 })],
    answers: { friend_delete_all: { '70107': 1 }, account_check: { '0': 1 } },
  }),
  passesCode('imported after all, so it is tried again', 30003, {
    answers: { friend_delete_all: { '30003': 1, '0': 1 }, account_check: { '0': 1 }, ...proved },
    attempts: 2,
  }),
  {
    ...dies('imported after all, so it is illegal', 30002),
    answers: { friend_delete_all: { '30002': 1 }, account_check: { '0': 1 } },
  },
  passesCode('not friends, for the whole call: a look decides', 31704, {
    fault: { apply: true },
    answers: { friend_delete_all: { '31704': 1 }, ...proved },
  }),

  passesCode('internal error', 30006),
  passesCode('the account check timed out', 60014),
  passesCode('time-out, and it was done', 30007, { fault: { apply: true } }),
  passesCode('time-out, and it was not done', 60008),
  passesCode('the vendor could not read itself', 60013),
  passesCode('profile error', 40006, { attempts: 2 }),
  passesCode('internal time-out', 70169, { attempts: 2 }),
  passesCode('internal error', 70500, { attempts: 2 }),
  passesCode('a code that nobody knows, once', 61234, { attempts: 2 }),
  passesCode('a write conflict', 30008, { attempts: 2 }),

  passesCode('too fast', 60007),
  passesCode('too fast', 60018),
  passesCode('too fast, the whole app', 60011),

  passesCode('could not be checked', 60004),
  passesCode('could not be checked, twice', 60005, {
    fault: { times: 2 },
    answers: { friend_delete_all: { '60005': 2, '0': 1 }, ...proved },
  }),

  passesCode('the signature is illegal', 70003),
  dies('illegal parameter', 30001),
  dies('no JSON, says the vendor, of one account', 60003),
  dies('no string', 60015),
  dies('illegal parameter', 70402),
  dies('the app’s own webhook', 38123),
  dies('cannot come from our calls', 30010),
  dies('cannot come from our calls', 80001),
  dies('a code that nobody knows, for good', 70777, 3),

  passes('a reset before it was done', 'reset-after-read', 'reset'),
  passes('a reset after it was done', 'reset-after-apply', 'reset'),
  passes('no answer in 10 s, and it was done', 'hang-after-apply', 'hang'),
  passes('no answer in 10 s, and it was not done', 'hang', 'hang'),
  passes('half a clear, then a time-out', 'partial', '30007'),
  passes('HTTP 502', { http: 502 }, 'http_502'),
  passes('HTTP 504', { http: 504 }, 'http_504'),
  passes('half a body', 'half-body', 'half_body'),
  passes('HTTP 403 for one account', { http: 403 }, 'http_403', { attempts: 2 }),
  passes('HTTP 429 for one account', { http: 429 }, 'http_429'),
  ...(['empty', 'null', 'array', 'text', 'html', 'truncated', 'no-code', 'ok-nonzero', 'fail-zero'] as const).map(
    kind => passes(`a body that is ${kind}`, { malformed: kind }, `malformed_${kind.replaceAll('-', '_')}`),
  ),
  ...(['utf-16', 'huge', 'duplicate-keys'] as const).map(kind =>
    passes(`a body that is ${kind}`, { malformed: kind }, `malformed_${kind.replaceAll('-', '_')}`),
  ),
  ...(['bom', 'code-string'] as const).map(kind =>
    passes(`a body that is ${kind}, which can be read`, { malformed: kind }, `malformed_${kind.replaceAll('-', '_')}`, {
      answers: { friend_delete_all: { [`malformed_${kind.replaceAll('-', '_')}`]: 1 }, ...proved },
    }),
  ),
  passes('an answer that takes 3.1 s', { delayMs: 3100 }, '0', {
    answers: { friend_delete_all: { '0': 1 }, ...proved },
  }),

  passesCode('the signature was voided', 70052),

  {
    what: 'a proof that fails twice',
    faults: [once({ code: 30006 }, { command: 'friend_get', times: 2 })],
    outcome: 'cleared',
    answers: { friend_delete_all: { '0': 1 }, friend_get: { '30006': 2, '0': 1 } },
  },
  {
    what: 'a proof that can never be read',
    faults: [always({ code: 30001 }, { command: 'friend_get' })],
    outcome: 'cleared',
    answers: { friend_delete_all: { '0': 1 }, friend_get: { '30001': 4 } },
    attempts: 4,
  },
  {
    what: 'a list that is not empty at first',
    faults: [once({ code: 0 }, { apply: false })],
    outcome: 'cleared',
    answers: { friend_delete_all: { '0': 2 }, friend_get: { '0': 4 } },
    attempts: 2,
  },
]

const accountOf = (row: Row): string => `person_${rows.indexOf(row) + 1}`

let fleet: VendorAndWorkers
const jobIdOf = new Map<string, string>()
let settled: ReadonlyMap<string, SettledLine>

beforeAll(async () => {
  fleet = await startVendorAndWorkers({
    simulator: {
      users: {
        listed: rows
          .filter(row => row.imported !== false)
          .map(row => {
            const account = accountOf(row)
            return { account, friends: [`${account}_a`, `${account}_b`, `${account}_c`] }
          }),
      },
      latency: { p50Ms: 20, p99Ms: 40 },
      faults: rows.flatMap(row =>
        (row.faults ?? []).map(fault => ({ ...fault, accounts: { list: [accountOf(row)] } })),
      ),
    },
  })
  for (const row of rows) {
    const account = accountOf(row)
    jobIdOf.set(account, (await fleet.producer.enqueue(account)).jobId)
  }
  await fleet.untilSettled(rows.length)
  settled = new Map((await fleet.settledLines(rows.length)).map(line => [line.jobId, line]))
}, 120_000)

afterAll(() => fleet.stop())

describe('a worker that is answered with', () => {
  it.each(rows.map(row => [row.what, row] as const))('%s', (_, row) => {
    const account = accountOf(row)
    const line: LedgerLine = fleet.simulator.ledgerOf(account)
    const { attempts = 1, outcome, reason } = row
    expect(settled.get(jobIdOf.get(account) ?? '')).toMatchObject({ outcome, attempts, ...(reason && { reason }) })
    expect(line.answers).toEqual(row.answers)
    if (outcome === 'cleared') expect(line.friendsLeft).toBe(0)
    if (outcome === 'dead_lettered') expect(line.friendsLeft).toBe(3)
  })

  it('all of them never halts the fleet, loses no account, and asks nothing that the vendor refuses', async () => {
    const { halted, outcomes, queue } = await fleet.readStatus()
    expect(halted).toBeNull()
    expect(fleet.workers.flatMap(worker => worker.logLines).filter(line => line.includes('fleet halted'))).toEqual([])
    expect(Object.values(outcomes).reduce((sum, jobs) => sum + jobs, 0)).toBe(rows.length)
    expect(queue).toMatchObject({ waiting: 0, active: 0, delayed: 0 })
    expect(fleet.simulator.figures().repeatedRandoms).toBe(0)
  })
})

describe('a list that keeps conflicting', () => {
  it('is deleted by name after five attempts, and proved', async () => {
    const friends = Array.from({ length: 620 }, (_, index) => `peer_${index}`)
    fleet.simulator.importUsers([{ account: 'person_busy', friends }, ...friends])
    fleet.simulator.setFaults([
      { ...always({ code: 30008 }), accounts: { list: ['person_busy'] } },
      { answer: { itemCode: 30008 }, command: 'friend_delete', accounts: { list: ['peer_7'] }, times: 1 },
      { answer: { itemCode: 30001 }, command: 'friend_delete', accounts: { list: ['peer_8'] }, times: 1 },
      { answer: { itemCode: 31704 }, command: 'friend_delete', accounts: { list: ['peer_9'] }, times: 1 },
    ])
    const before = (await fleet.readStatus()).outcomes.cleared
    await fleet.producer.enqueue('person_busy')
    await eventually('the batches to clear it', async () => {
      await fleet.hurry()
      return (await fleet.readStatus()).outcomes.cleared === before + 1
    })
    const { answers, friendsLeft } = fleet.simulator.ledgerOf('person_busy')
    expect(friendsLeft).toBe(0)
    expect(answers.friend_delete_all).toEqual({ '30008': 5 })
    // Two calls for 620 names, and another one for the name that conflicted.
    expect(answers.friend_delete).toEqual({ '0': 3 })
    expect(Object.keys(answers.friend_get ?? {})).toEqual(['0'])
  })
})

describe('too many deletions, says a security policy (31707)', () => {
  it('lets the job come back in minutes, without having used an attempt', async () => {
    fleet.simulator.importUsers([{ account: 'person_policy', friends: ['peer_1'] }])
    fleet.simulator.setFaults([{ ...once({ code: 31707 }), accounts: { list: ['person_policy'] } }])
    const before = (await fleet.readStatus()).outcomes.cleared
    await fleet.producer.enqueue('person_policy')
    await eventually('the job to wait', async () => (await fleet.queue.getDelayed()).length === 1)
    const [job] = await fleet.queue.getDelayed()
    expect(job?.attemptsMade).toBe(0)
    expect(job?.delay).toBeGreaterThan(60_000)
    await fleet.hurry()
    await eventually('it to be cleared', async () => (await fleet.readStatus()).outcomes.cleared === before + 1)
    expect(fleet.simulator.ledgerOf('person_policy').friendsLeft).toBe(0)
  })
})

import { startPrivateRedis } from '../../private-redis/private-redis.ts'
import { CLEAR_COMMAND } from '../../redis/keys.ts'
import type { AnswerRecord } from '../../simulator/index.ts'
import { codeRules } from '../../worker/vendor/error-codes.ts'
import { startVendorAndWorkers, type VendorAndWorkers } from '../helpers/fleets/vendor-and-workers.ts'
import { count, print, say } from './output.ts'
import { machine, toMarkdown } from './table.ts'

const ACCOUNTS = 2000
const WORKERS = 3
const SHARE_PROMISED = 0.95
const TWO_DAYS_MS = 2 * 86_400_000
const BLAMES = new Set(['stop', 'renew_signature', 'recheck_signature'])
/** The codes that blame our credentials or settings. */
const BLAMING = Object.entries(codeRules).flatMap(([code, rule]) => (BLAMES.has(rule.class) ? [Number(code)] : []))
const shiftedClock = new URL('../helpers/processes/shifted-clock.ts', import.meta.url).href

interface Trouble {
  readonly what: string
  /** Settings of the one worker that is sick. */
  readonly sick?: Readonly<Record<string, string>>
  /** Accounts for which alone the vendor blames us. */
  readonly poison?: readonly number[]
}

const TROUBLES: readonly Trouble[] = [
  { what: 'none' },
  { what: `one account for each of ${BLAMING.length} blaming codes`, poison: BLAMING },
  { what: 'one worker has an old key', sick: { IM_SECRET_KEY: 'an-old-key-that-is-not-valid-any-more' } },
  {
    what: 'the clock of one worker is two days behind',
    sick: { NODE_OPTIONS: `--import=${shiftedClock}`, SHIFT_CLOCK_MS: String(-TWO_DAYS_MS) },
  },
  { what: 'one worker has no route to the vendor', sick: { IM_BASE_URL: 'http://127.0.0.1:1' } },
]

/**
 * Clears 2,000 accounts with three workers, undisturbed and with one poisoned account of each kind or one sick worker,
 * and checks that all others are cleared at 95 % of the undisturbed rate and that no job of theirs lost an attempt.
 */
export async function benchMembers(): Promise<boolean> {
  const runs: Run[] = []
  for (const trouble of TROUBLES) {
    say(`clearing ${count(ACCOUNTS)} accounts with ${WORKERS} workers; trouble: ${trouble.what}`)
    runs.push(await clear(trouble))
  }
  const undisturbed = runs[0]?.perSecond ?? 0
  const shareOf = ({ perSecond }: Run): number => perSecond / undisturbed
  print(`\n${machine()}\n`)
  print(
    toMarkdown(
      ['trouble', 'others cleared', 'with attempts lost', 'rate', 'of the undisturbed', 'halts'],
      runs.map(run => [
        run.what,
        `${count(run.cleared)} of ${count(ACCOUNTS)}`,
        count(run.attemptsLost),
        `${run.perSecond.toFixed(1)}/s`,
        `${(shareOf(run) * 100).toFixed(1)} %`,
        String(run.halts),
      ]),
    ),
  )
  return runs.every(
    run => run.cleared === ACCOUNTS && run.attemptsLost === 0 && run.halts === 0 && shareOf(run) >= SHARE_PROMISED,
  )
}

interface Run {
  readonly what: string
  readonly cleared: number
  /** Jobs of other accounts that needed more than one attempt. */
  readonly attemptsLost: number
  /** Clears of other accounts, from the first to the last. */
  readonly perSecond: number
  readonly halts: number
}

async function clear({ what, sick, poison = [] }: Trouble): Promise<Run> {
  const redis = await startPrivateRedis({ report: say })
  const fleet = await startVendorAndWorkers({
    server: redis,
    workers: sick === undefined ? WORKERS : WORKERS - 1,
    simulator: {
      users: { importAll: true },
      latency: 50,
      authFailuresPerMinute: 0,
      faults: poison.map(code => ({ accounts: { list: [poisoned(code)] }, answer: { code }, times: 'always' })),
    },
  })
  try {
    if (sick !== undefined) await fleet.addWorker(sick)
    const everyNth = Math.floor(ACCOUNTS / Math.max(1, poison.length))
    await fleet.enqueue(
      Array.from({ length: ACCOUNTS }, (_, index) => {
        const code = index % everyNth === 0 ? poison[index / everyNth] : undefined
        return code === undefined ? [`user_${index + 1}`] : [`user_${index + 1}`, poisoned(code)]
      }).flat(),
    )
    await fleet.untilSettled(ACCOUNTS)
    return { what, ...(await figuresOf(fleet)) }
  } finally {
    await fleet.stop()
    await redis.stop()
  }
}

const poisoned = (code: number): string => `poison_${code}`

async function figuresOf(fleet: VendorAndWorkers): Promise<Omit<Run, 'what'>> {
  const clears = fleet.answers.filter(isClearOfOther)
  const seconds = ((clears.at(-1)?.at ?? 0) - (clears[0]?.at ?? 0)) / 1000
  const { outcomes } = await fleet.readStatus()
  const lines = await fleet.settledLines(Object.values(outcomes).reduce((sum, jobs) => sum + jobs, 0))
  const halts = fleet.workers.flatMap(worker => worker.logLines).filter(line => line.includes('fleet halted'))
  return {
    cleared: new Set(clears.flatMap(({ accounts }) => accounts)).size,
    attemptsLost: lines.filter(({ outcome, attempts }) => outcome === 'cleared' && attempts > 1).length,
    perSecond: (clears.length - 1) / seconds,
    halts: halts.length,
  }
}

const isClearOfOther = ({ command, answer, accounts }: AnswerRecord): boolean =>
  command === CLEAR_COMMAND && answer === '0' && accounts.every(account => account.startsWith('user_'))

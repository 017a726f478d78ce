import { loadavg } from 'node:os'
import { arrivalFigures } from './arrivals.ts'
import { contest, type Runner, titleOf } from './contest.ts'
import { count, print, say } from './output.ts'
import { startSurroundings } from './surroundings.ts'
import { machine, toMarkdown } from './table.ts'

const ACCOUNTS = 20_000
const ROUNDS = 5
const LIFTED_PER_SECOND = 20_000
/** The vendor refuses no call and answers within a few milliseconds; no account fails. */
const VENDOR = ['--users', String(ACCOUNTS), '--latency', 'p50=2,p99=5', '--limit', '1000000']
/** Our speed, as a share of theirs. */
const PROMISED = { 'rate-limiter-flexible': 1, 'no-limiter': 0.85 } as const
const RUNNERS: readonly Runner[] = ['ours', 'clear-friends-permits', 'rate-limiter-flexible', 'no-limiter']

/**
 * Measures the cost of the limiter under a limit far above any rate. One process of each contestant drains the same
 * accounts, in turn and for several rounds, so that a busy minute hits all of them. The middle round of each counts.
 * Our worker also settles each job with a sealed receipt, as no other does; its permits alone show the limiter's own
 * share.
 *
 * @returns whether our worker is as fast as promised next to the others
 */
export async function benchCost(): Promise<boolean> {
  const [loadBefore = 0] = loadavg()
  const around = await startSurroundings(VENDOR)
  const rates = new Map<Runner, number[]>(RUNNERS.map(runner => [runner, []]))
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      for (const [runner, ofRunner] of rates) {
        say(`round ${round}: ${titleOf(runner)}, ${count(ACCOUNTS)} accounts`)
        const run = { accounts: ACCOUNTS, processes: 1, perSecond: LIFTED_PER_SECOND }
        const { arrivals, cleared } = await contest(around, runner, run)
        if (cleared !== ACCOUNTS) throw new Error(`${titleOf(runner)} cleared ${cleared} accounts of ${ACCOUNTS}`)
        ofRunner.push(arrivalFigures(arrivals, LIFTED_PER_SECOND).steadyPerSecond)
      }
    }
  } finally {
    await around.close()
  }
  const rateOf = (runner: Runner): number => middleOf(rates.get(runner) ?? [])
  const shareOf = (runner: Runner): number => rateOf('ours') / rateOf(runner)
  print(`\n${machine()}, load ${loadBefore.toFixed(2)} before the run\n`)
  print(
    toMarkdown(
      ['', 'jobs per second', 'rounds', 'ours is'],
      RUNNERS.map(runner => [
        titleOf(runner),
        count(Math.round(rateOf(runner))),
        (rates.get(runner) ?? []).map(rate => count(Math.round(rate))).join(', '),
        `${(shareOf(runner) * 100).toFixed(0)} %`,
      ]),
    ),
  )
  return (
    shareOf('rate-limiter-flexible') >= PROMISED['rate-limiter-flexible'] &&
    shareOf('no-limiter') >= PROMISED['no-limiter']
  )
}

const middleOf = (rates: readonly number[]): number =>
  rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)] ?? 0

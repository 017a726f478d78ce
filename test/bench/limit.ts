import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type ArrivalFigures, arrivalFigures, countPerSpan } from './arrivals.ts'
import { contest, JOBS_IN_HAND, type Runner, titleOf } from './contest.ts'
import { drawRows } from './drawing.ts'
import { count, print, say } from './output.ts'
import { startSurroundings } from './surroundings.ts'
import { machine, toMarkdown } from './table.ts'

const ACCOUNTS = 1500
const PROCESSES = 4
const PER_SECOND = 200
const SPAN_MS = 100
const RUNNERS: readonly Runner[] = [
  'ours',
  'bullmq-limiter-p-retry',
  'bullmq-limiter-attempts',
  'bottleneck-clustering',
  'rate-limiter-flexible',
  'p-queue-per-process',
]
/** A fifth of the accounts fails once. The vendor counts every call and refuses none. */
const VENDOR = [
  ...['--users', String(ACCOUNTS), '--latency', '50ms', '--limit', '1000000'],
  ...['--fault', '30006:slice=0..0.08,times=1'],
  ...['--fault', '30007:slice=0.08..0.16,times=1'],
  ...['--fault', '30008:slice=0.16..0.2,times=1'],
]
const pageFile = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url))
const pictureFile = fileURLToPath(new URL('../../docs/benchmarks.svg', import.meta.url))

interface Run extends ArrivalFigures {
  readonly runner: Runner
  readonly cleared: number
  readonly commandsPerCall: number
  /** Calls in each 100 ms since the first. */
  readonly perSpan: readonly number[]
}

/**
 * Runs the ways to hold 200 calls a second one after the other at the same vendor, and writes `docs/benchmarks.md` with
 * its picture.
 *
 * @returns whether our worker kept its promises; the other contestants make none here
 */
export async function benchLimit(): Promise<boolean> {
  const [loadBefore = 0] = loadavg()
  const around = await startSurroundings(VENDOR)
  const runs: Run[] = []
  try {
    for (const runner of RUNNERS) {
      say(`${titleOf(runner)}: ${count(ACCOUNTS)} accounts, ${PROCESSES} processes`)
      const { arrivals, cleared, redisCommands } = await contest(around, runner, {
        accounts: ACCOUNTS,
        processes: PROCESSES,
        perSecond: PER_SECOND,
      })
      runs.push({
        runner,
        cleared,
        ...arrivalFigures(arrivals, PER_SECOND),
        commandsPerCall: redisCommands / Math.max(1, arrivals.length),
        perSpan: countPerSpan(arrivals, SPAN_MS),
      })
    }
    const where = `${machine()}, Redis ${around.redis.version}, load ${loadBefore.toFixed(2)} before the run`
    print(`\n${where}\n\n${toTable(runs)}`)
    writeFileSync(pageFile, toPage(runs, where))
    writeFileSync(pictureFile, toPicture(runs))
  } finally {
    await around.close()
  }
  const ours = runs.find(run => run.runner === 'ours')
  return ours !== undefined && ours.cleared === ACCOUNTS && ours.callsOver === 0 && ours.steadyPerSecond >= 197
}

const toTable = (runs: readonly Run[]): string =>
  toMarkdown(
    ['', 'cleared', 'calls', 'steady rate', 'worst second', 'calls over', 'worst 100 ms', 'Redis commands per call'],
    runs.map(run => [
      titleOf(run.runner),
      count(run.cleared),
      count(run.calls),
      `${run.steadyPerSecond.toFixed(1)}/s`,
      String(run.worstSecond),
      count(run.callsOver),
      String(run.worst100ms),
      run.commandsPerCall.toFixed(1),
    ]),
  )

const toPicture = (runs: readonly Run[]): string =>
  drawRows({
    title: `Calls per ${SPAN_MS} ms at a limit of ${PER_SECOND} a second`,
    spanMs: SPAN_MS,
    evenly: (PER_SECOND * SPAN_MS) / 1000,
    rows: runs.map(run => ({
      label: titleOf(run.runner).replaceAll('`', ''),
      note: `worst second ${run.worstSecond}`,
      values: run.perSpan,
    })),
  })

const toPage = (runs: readonly Run[], where: string): string => `# Benchmarks

Written by \`npm run bench -- limit\`. ${where}.

## Who holds ${PER_SECOND} calls a second

${toTable(runs)}

![Calls per ${SPAN_MS} ms over time, a row for each way to hold the limit](benchmarks.svg)

Everybody drains the same ${count(ACCOUNTS)} accounts with ${PROCESSES} processes of ${JOBS_IN_HAND} jobs in hand each, one after the other, at the same
[simulated vendor](simulator.md) in a process of its own. It answers after 50 ms, lets every fifth account fail once
(30006, 30007, 30008), stamps calls when they arrive, and refuses none: what is over the limit is counted, not punished.

- **Steady rate**: over whole seconds' worth of the limit, without the first and the last tenth of the calls. **Worst
  second**, **worst ${SPAN_MS} ms**: the fullest rolling span. **Calls over**: calls at whose moment the rolling second held
  more than ${PER_SECOND}.
- **Redis commands per call**: all that the server counted (\`INFO commandstats\`), those inside scripts included, and so
  those of BullMQ's queue, which everybody has. Enqueueing is left out.
- **clear-friends** is the real worker with its default settings, apart from \`VERIFY=off\`: the others only delete.
- The others are in \`test/bench/contestants/\`, a file each, written as their own docs say. All of them take jobs with
  BullMQ, and all but BullMQ's attempts repeat a failed call with p-retry and its default waits. Where the tool has its
  own limiter, a repeated call goes through it again.
- p-queue knows only its own process: the limit is divided by a number of processes that has to stay as it is.

The other benchmarks print and write nothing: \`npm run bench -- drain\`, \`urgent\` (an urgent account behind a backlog),
\`cost\` (at the vendor's rate, beside others), \`apps\`, \`members\`, \`import\`, \`million\`, \`loss\`, \`metrics\`, \`idle\` and
\`proof\` (size and cost of a receipt). [figures.md](figures.md) shows what they printed.
`

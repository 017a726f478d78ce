import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { CLEAR_COMMAND } from '../../redis/keys.ts'
import { startSimulatorProcess } from '../helpers/processes/simulator-process.ts'
import { startCommand } from '../helpers/processes/start-command.ts'
import { workerSettingsFor } from '../helpers/processes/worker-process.ts'
import { watchArrivals } from '../helpers/vendor/watched-arrivals.ts'
import { arrivalFigures } from './arrivals.ts'
import { count, print, say } from './output.ts'
import { residentMegabytes } from './process-memory.ts'
import { machine, toMarkdown } from './table.ts'

const ACCOUNTS = 50_000
const CEILING = 200
const VENDOR = ['--users', String(ACCOUNTS), '--private-friends', '2', '--latency', '50ms', '--limit', '1000000']
const LOOK_EVERY_MS = 500
/** Share of the ceiling after the import; duration, as a multiple of the ceiling's own time; seconds to the first call. */
const PROMISED = { share: 0.98, times: 1.07, firstCallSeconds: 5, megabytes: 250 }

const stateSchema = z.object({ imported: z.unknown() })
const summarySchema = z.object({ result: z.literal('done'), cleared: z.literal(ACCOUNTS) })
const certificateSchema = z.object({ complete: z.literal(true), counts: z.object({ cleared: z.literal(ACCOUNTS) }) })

/**
 * Measures `clear-friends run` with a csv of 50,000 accounts, from the start of the command to its certificate. Linux
 * only: reads /proc.
 */
export async function benchRun(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'clear-friends-run-'))
  const file = join(folder, 'departed.csv')
  const rows = Array.from({ length: ACCOUNTS }, (_, index) => `user_${index + 1},Person ${index + 1}\n`)
  await writeFile(file, `user_id,name\n${rows.join('')}`)
  const vendor = await startSimulatorProcess(VENDOR)
  const arrivals = await watchArrivals(vendor.url, CLEAR_COMMAND)
  try {
    say(`${count(ACCOUNTS)} accounts, which the limit alone lets through in ${ACCOUNTS / CEILING} s`)
    const { REDIS_URL: _url, REDIS_PREFIX: _prefix, ...settings } = workerSettingsFor(vendor, { url: '', prefix: '' })
    const beganAt = Date.now()
    const run = startCommand(['run', file, '--column', 'user_id', '--yes', '--json'], settings)
    const watch = watchRun(run.pid, `${file}.state/state.json`)
    const { stdout, stderr, code } = await run.ended
    const seconds = (Date.now() - beganAt) / 1000
    const { importedAt, megabytes } = watch.end()
    if (code !== 0) throw new Error(`the run ended with exit code ${code}: ${stderr}`)
    summarySchema.parse(JSON.parse(stdout))
    certificateSchema.parse(JSON.parse(await readFile(`${file}.certificate.json`, 'utf8')))
    const { stampedBy, stamps } = await arrivals.read()
    const { worstSecond, callsOver } = arrivalFigures(stamps, CEILING)
    const share = rateOf(stamps.filter(at => at > importedAt)) / CEILING
    const times = seconds / (ACCOUNTS / CEILING)
    const firstCallSeconds = ((stamps[0] ?? 0) - beganAt) / 1000
    print(`\n${machine()}; arrivals as ${stampedBy} stamped them\n`)
    const columns = [
      'seconds',
      'of the limit’s own time',
      'after the import',
      'first call after',
      'memory of all',
      'worst second',
    ]
    print(
      toMarkdown(columns, [
        [
          ...[seconds.toFixed(0), `${times.toFixed(2)} times`, `${(share * 100).toFixed(1)} % of the limit`],
          ...[`${firstCallSeconds.toFixed(1)} s`, `${megabytes.toFixed(0)} MB`, String(worstSecond)],
        ],
      ]),
    )
    const isQuick = share >= PROMISED.share && times <= PROMISED.times && firstCallSeconds <= PROMISED.firstCallSeconds
    return isQuick && megabytes <= PROMISED.megabytes && callsOver === 0
  } finally {
    await arrivals.stop()
    await vendor.stop()
    await rm(folder, { recursive: true })
  }
}

/** Watches the memory of a run with its Redis, and when its import ends. */
function watchRun(pid: number, stateFile: string) {
  let importedAt = 0
  let megabytes = 0
  const look = async (): Promise<void> => {
    const resident = [pid, ...(await childrenOf(pid))].reduce((sum, each) => sum + residentMegabytes(each), 0)
    megabytes = Math.max(megabytes, resident)
    if (importedAt === 0 && (await isImported(stateFile))) importedAt = Date.now()
  }
  const timer = setInterval(() => void look(), LOOK_EVERY_MS)
  return {
    end: () => {
      clearInterval(timer)
      return { importedAt, megabytes }
    },
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const all = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number)
  const parents = await Promise.all(all.map(parentOf))
  return all.filter((_, index) => parents[index] === pid)
}

const parentOf = async (pid: number): Promise<number> =>
  Number(/^PPid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1])

async function isImported(stateFile: string): Promise<boolean> {
  const text = await readFile(stateFile, 'utf8').catch(() => '{"imported":null}')
  return stateSchema.parse(JSON.parse(text)).imported !== null
}

const rateOf = (stamps: readonly number[]): number =>
  ((stamps.length - 1) * 1000) / ((stamps.at(-1) ?? 0) - (stamps[0] ?? 0))

import { constants, setPriority } from 'node:os'
import { z } from 'zod'
import { readArrivals, readFigures, type VendorFigures } from '../../../cli/demo/vendor.ts'
import { DEFAULT_APP } from '../../../simulator/index.ts'
import { ApiClient } from '../../../worker/vendor/client.ts'
import { Connections } from '../../../worker/vendor/connections.ts'
import { Signer } from '../../../worker/vendor/signer.ts'
import { entry } from './start-command.ts'
import { type StartedProcess, startProcess } from './start-process.ts'

const addressSchema = z.object({ url: z.string(), port: z.number() })
/**
 * Options of Node.js that keep the simulator's pauses at 6 ms. With the defaults it stood still for up to 19 ms to
 * collect garbage, mostly waiting for helper threads without its priority, and stamped the calls of that time late.
 */
const PROMPT = ['--single-threaded-gc', '--max-semi-space-size=2']
const WARM_UP_CONNECTIONS = 20
const WARM_UP_CALLS_EACH = 20

/** The simulator in a process of its own, so that the tests' work does not delay its stamps. */
export interface SimulatorProcess {
  /** Stays the same over restarts. */
  readonly url: string
  readonly port: number
  figures(): Promise<VendorFigures>
  /** Number of calls of a command that arrived so far. Cheaper than to count {@link arrivals}. */
  calls(command: string): Promise<number>
  /** Times at which they arrived: ms since 1970 on a clock that never jumps, ascending. */
  arrivals(command: string): Promise<number[]>
  /** Changes the simulator as `docs/simulator.md` says: `POST /simulator/<what>`. */
  steer(what: 'faults' | 'latency' | 'limit', change: unknown): Promise<void>
  signal(name: NodeJS.Signals): void
  /** Ends it as a crash would. Its counts so far are kept, except for the calls of the last milliseconds. */
  kill(): Promise<void>
  /** Starts it again on the same port, with the same options. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts `clear-friends simulator` and resolves when it listens and is warm: a process that still compiles its code
 * stamps its first hundred calls up to 90 ms late.
 *
 * @param args its options, apart from `--json`
 */
export async function startSimulatorProcess(args: readonly string[]): Promise<SimulatorProcess> {
  let earlier: Readonly<Record<string, readonly number[]>> = {}
  let running = await launch(args)
  const { url, port } = running
  const isDown = (): boolean => !running.process.isRunning()
  const arrivals = async (command: string): Promise<number[]> => [
    ...(earlier[command] ?? []),
    ...(isDown() ? [] : await readArrivals(url, command)),
  ]
  return {
    url,
    port,
    figures: () => readFigures(url),
    calls: async command => {
      const now = isDown() ? 0 : ((await readFigures(url)).byCommand[command]?.calls ?? 0)
      return (earlier[command]?.length ?? 0) + now
    },
    arrivals,
    steer: (what, change) => post(`${url}/simulator/${what}`, change),
    signal: name => running.process.signal(name),
    kill: async () => {
      const commands = Object.keys((await readFigures(url)).byCommand)
      earlier = Object.fromEntries(await Promise.all(commands.map(async each => [each, await arrivals(each)] as const)))
      await running.process.kill()
    },
    restart: async () => {
      running = await launch([...args, '--port', String(port)])
    },
    stop: () => running.process.kill(),
  }
}

interface Running {
  readonly process: StartedProcess
  readonly url: string
  readonly port: number
}

async function launch(args: readonly string[]): Promise<Running> {
  const started = startProcess(process.execPath, [...PROMPT, entry, 'simulator', '--json', ...args])
  const line = await started.stdout.until(lines => lines[0])
  const { url, port } = addressSchema.parse(JSON.parse(line))
  preferTo(started.pid)
  await warmUp(url)
  return { process: started, url, port }
}

/** Gives it priority on the cores, where this user may: a simulator that waits for a core stamps calls late. */
function preferTo(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_HIGHEST)
  } catch {
    // Only the superuser may. Without priority the figures are right as long as the machine is idle.
  }
}

/** Calls the simulator as a worker does, then resets its counts. Nobody who watches deletes sees these calls. */
async function warmUp(url: string): Promise<void> {
  const { sdkAppId } = DEFAULT_APP
  const admin = DEFAULT_APP.admins?.[0] ?? ''
  const signer = new Signer({ sdkAppId, admin, key: () => DEFAULT_APP.keys?.[0] ?? '', reloadKey: () => false })
  const client = new ApiClient({ sdkAppId, admin, signer })
  const connections = new Connections({ origin: url, connectTimeoutMs: 5000 })
  const callAgainAndAgain = async (): Promise<void> => {
    const connection = await connections.take()
    for (let call = 0; call < WARM_UP_CALLS_EACH; call++) {
      await client.send(connection, 'friend_get', { From_Account: 'nobody', StartIndex: 0 })
    }
  }
  await Promise.all(Array.from({ length: WARM_UP_CONNECTIONS }, callAgainAndAgain))
  connections.close()
  await post(`${url}/simulator/reset`, {})
}

async function post(url: string, change: unknown): Promise<void> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(change) })
  if (!response.ok) throw new Error(`the simulator answered ${response.status}: ${await response.text()}`)
}

import { createWriteStream, readFileSync, type WriteStream } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import {
  type AnswerRecord,
  type BackendTimeoutChange,
  DEFAULT_APP,
  type FaultRule,
  InvalidSimulatorInput,
  type LatencyProfile,
  type LimitAlgorithm,
  parseCeilings,
  parseDurationMs,
  parseFaultRule,
  parseLatency,
  parseUsers,
  type SimulatorOptions,
  startSimulator,
  toReport,
  type UsersOptions,
} from '../simulator/index.ts'
import { print, say } from './output.ts'

/** Options as commander hands them over, read already. */
interface Flags {
  readonly host: string
  readonly port: number
  readonly users: UsersOptions
  readonly groupsOf?: number
  readonly privateFriends?: number
  readonly missing?: number
  readonly fault: readonly FaultRule[]
  readonly limit?: NonNullable<SimulatorOptions['limitPerSecond']>
  readonly appLimit?: number
  readonly algorithm: LimitAlgorithm
  readonly countRefused: boolean
  readonly burst?: number
  readonly latency: LatencyProfile
  readonly lock?: number
  readonly conflict?: number
  readonly readLag?: number
  readonly backendTimeout?: BackendTimeoutChange | false
  readonly pageSize?: number
  readonly sdkAppId: number
  readonly secretKey: readonly string[]
  readonly admin: readonly string[]
  readonly region?: string
  readonly seed: number
  readonly tlsKey?: string
  readonly tlsCert?: string
  readonly control: boolean
  readonly log?: string
  readonly json: boolean
}

/** `clear-friends simulator`: runs the stand-in of the vendor's API until SIGTERM or SIGINT, then prints its figures. */
export function simulatorCommand(): Command {
  return new Command('simulator')
    .description("Runs a stand-in of the vendor's API on a port of this machine; it can be steered under /simulator.")
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on, 0 for any free one', wholeNumber(0, 65_535), 0)
    .option(
      '--users <n|all|file>',
      'user_1 to user_<n>, every account, or a JSON file with a friend graph',
      readUsers,
      {
        count: 1_000,
      },
    )
    .option('--groups-of <n>', 'all in a group are friends of each other', wholeNumber(0, 3_001))
    .option('--private-friends <n>', 'friends that every account has for itself', wholeNumber(0, 3_000))
    .option('--missing <share>', 'share of the accounts that is not imported', share)
    .option('--fault <rule>', 'such as 30006:share=0.1,times=1 (repeatable, the first that fits decides)', addFault, [])
    .option(
      '--limit <n>',
      'calls per second, for all or as friend_get=100,friend_delete_all=50',
      reading(parseCeilings),
    )
    .option('--app-limit <n>', 'calls per second over all calls of the app', wholeNumber(0))
    .option('--algorithm <name>', 'aligned, sliding or bucket', readAlgorithm, 'sliding')
    .option('--count-refused', 'refused calls count against the limit too', false)
    .option('--burst <n>', 'depth of the bucket', wholeNumber(1))
    .option('--latency <profile>', 'such as 50ms, p50=30,p99=1000 or 50;10s-20s=2900', reading(parseLatency), 0)
    .option('--lock <duration>', 'how long a write locks its accounts (default: the latency)', duration)
    .option('--conflict <duration>', 'after how long 30008 is answered (default: the latency)', duration)
    .option('--read-lag <duration>', 'for so long reads see the list before a write', duration)
    .option('--backend-timeout <duration|off>', 'after how long a call is answered with 60008', readTimeout)
    .option('--page-size <n>', 'friends on a page of friend_get', wholeNumber(1, 3_000))
    .option('--sdk-app-id <n>', 'app', wholeNumber(1), DEFAULT_APP.sdkAppId)
    .option('--secret-key <key>', 'key that signatures are checked with (repeatable)', addText, [])
    .option('--admin <account>', 'app admin (repeatable)', addText, [])
    .option('--region <name>', 'data centre of the app, such as singapore')
    .option('--seed <n>', 'decides who is hit by faults', wholeNumber(0), 1)
    .option('--tls-key <file>', 'serve HTTPS with this key (PEM)', reading(readText))
    .option('--tls-cert <file>', 'and this certificate (PEM)', reading(readText))
    .option('--no-control', 'cannot be steered over HTTP')
    .option('--log <file>', 'write every answer as a JSON line, signatures cut out')
    .option('--json', 'print the address and the figures as JSON lines', false)
    .action(async (flags: Flags, command: Command) => run(flags, command))
}

async function run(flags: Flags, command: Command): Promise<void> {
  if ((flags.tlsKey === undefined) !== (flags.tlsCert === undefined)) {
    command.error('error: --tls-key and --tls-cert are needed together', { exitCode: 2 })
  }
  const log = flags.log === undefined ? undefined : createWriteStream(flags.log)
  const simulator = await startSimulator(toOptions(flags, log)).catch((error: unknown) => {
    if (error instanceof InvalidSimulatorInput) command.error(`error: ${error.message}`, { exitCode: 2 })
    throw error
  })
  const stopped = untilSignal()
  print(flags.json ? JSON.stringify({ url: simulator.url, port: simulator.port }) : simulator.url)
  if (flags.control) say(`The simulator is steered under ${simulator.url}/simulator and ends with SIGTERM or Ctrl-C.`)
  await stopped
  const figures = simulator.figures()
  await simulator.close()
  await ended(log)
  print(flags.json ? JSON.stringify(figures) : toReport(figures))
}

function toOptions(flags: Flags, log: WriteStream | undefined): SimulatorOptions {
  const { groupsOf, privateFriends, missing, tlsKey, tlsCert } = flags
  return {
    host: flags.host,
    port: flags.port,
    tls: tlsKey === undefined || tlsCert === undefined ? undefined : { key: tlsKey, cert: tlsCert },
    apps: [
      {
        sdkAppId: flags.sdkAppId,
        keys: flags.secretKey.length === 0 ? DEFAULT_APP.keys : flags.secretKey,
        admins: flags.admin.length === 0 ? DEFAULT_APP.admins : flags.admin,
        region: flags.region,
      },
    ],
    users: {
      ...flags.users,
      ...(groupsOf === undefined ? {} : { groupsOf }),
      ...(privateFriends === undefined ? {} : { privateFriends }),
      ...(missing === undefined ? {} : { missingShare: missing }),
    },
    limitPerSecond: flags.limit,
    limitAlgorithm: flags.algorithm,
    countRefused: flags.countRefused,
    burst: flags.burst,
    appLimitPerSecond: flags.appLimit,
    latency: flags.latency,
    lockMs: flags.lock,
    conflictMs: flags.conflict,
    readLagMs: flags.readLag,
    backendTimeout: flags.backendTimeout,
    state: flags.pageSize === undefined ? undefined : { pageSize: flags.pageSize },
    faults: flags.fault,
    seed: flags.seed,
    control: flags.control,
    onAnswer: log === undefined ? undefined : (record: AnswerRecord) => log.write(`${JSON.stringify(record)}\n`),
  }
}

function untilSignal(): Promise<void> {
  return new Promise(resolve => {
    process.once('SIGTERM', () => resolve())
    process.once('SIGINT', () => resolve())
  })
}

async function ended(stream: WriteStream | undefined): Promise<void> {
  if (stream !== undefined) await new Promise<void>(resolve => stream.end(resolve))
}

/** Makes a reader whose faults become one line of usage error. */
function reading<T>(parse: (text: string) => T): (text: string) => T {
  return text => {
    try {
      return parse(text)
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : 'not understood')
    }
  }
}

function wholeNumber(min: number, max = 4_294_967_295): (text: string) => number {
  return text => {
    const number = Number(text)
    if (/^\d+$/.test(text) && number >= min && number <= max) return number
    throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}`)
  }
}

function share(text: string): number {
  const number = Number(text)
  if (/^[\d.]+$/.test(text) && number <= 1) return number
  throw new InvalidArgumentError('expected a share from 0 to 1')
}

function duration(text: string): number {
  const durationMs = parseDurationMs(text)
  if (durationMs !== undefined) return durationMs
  throw new InvalidArgumentError('expected a duration such as 250ms, 3s or 2m')
}

function readTimeout(text: string): BackendTimeoutChange | false {
  return text === 'off' ? false : { afterMs: duration(text) }
}

function readAlgorithm(text: string): LimitAlgorithm {
  if (text === 'aligned' || text === 'sliding' || text === 'bucket') return text
  throw new InvalidArgumentError('expected aligned, sliding or bucket')
}

function addFault(text: string, before: readonly FaultRule[]): readonly FaultRule[] {
  return [...before, reading(parseFaultRule)(text)]
}

function addText(text: string, before: readonly string[]): readonly string[] {
  return [...before, text]
}

function readUsers(text: string): UsersOptions {
  if (text === 'all') return { importAll: true }
  return /^\d+$/.test(text) ? { count: Number(text) } : reading(path => parseUsers(readText(path)))(text)
}

function readText(path: string): string {
  return readFileSync(path, 'utf8')
}

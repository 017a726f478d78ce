import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { Command } from 'commander'
import {
  DEFAULT_APP,
  InvalidSimulatorInputError,
  parseCeilings,
  parseLatency,
  startSimulator,
  toReport,
} from '../../simulator/index.ts'
import { EXIT } from '../exit-codes.ts'
import { reading } from '../job-options.ts'
import type { Shell } from '../shell.ts'
import { type Flags, toOptions } from './flags.ts'
import {
  addFault,
  addText,
  duration,
  readAlgorithm,
  readText,
  readTimeout,
  readUsers,
  share,
  wholeNumber,
} from './readers.ts'

/** `clear-friends simulator`: runs the stand-in of the vendor's API until SIGTERM or SIGINT, then prints its figures. */
export function simulatorCommand(shell: Shell): Command {
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
    .action(shell.action((flags: Flags, command: Command) => run(flags, command, shell)))
}

async function run(flags: Flags, command: Command, { print, say, listen }: Shell): Promise<number> {
  if ((flags.tlsKey === undefined) !== (flags.tlsCert === undefined)) {
    command.error('error: --tls-key and --tls-cert are needed together', { exitCode: EXIT.usage })
  }
  const log = flags.log === undefined ? undefined : createWriteStream(flags.log)
  const simulator = await startSimulator(toOptions(flags, log)).catch((error: unknown) => {
    if (error instanceof InvalidSimulatorInputError) command.error(`error: ${error.message}`, { exitCode: EXIT.usage })
    throw error
  })
  const stopped = once(listen(), 'abort')
  print(flags.json ? JSON.stringify({ url: simulator.url, port: simulator.port }) : simulator.url)
  if (flags.control)
    say([`The simulator is steered under ${simulator.url}/simulator.`, 'It ends with SIGTERM or Ctrl-C.'])
  await stopped
  const figures = simulator.figures()
  await simulator.close()
  await ended(log)
  print(flags.json ? JSON.stringify(figures) : toReport(figures).split('\n'))
  return EXIT.done
}

async function ended(stream: WriteStream | undefined): Promise<void> {
  if (stream !== undefined) await new Promise<void>(resolve => stream.end(resolve))
}

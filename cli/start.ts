/** Runs the command line of this process. Only `bin/clear-friends.js` loads this file. */
import { setFlagsFromString } from 'node:v8'
import { describeError } from '../worker/observe/describe-error.ts'
import { readEnvFile } from './env-file.ts'
import { EXIT } from './exit-codes.ts'
import { isCommand, main } from './main.ts'
import { watchOutputs } from './outputs.ts'
import { abortOnSignals } from './surroundings.ts'

const { argv, env: environment, stdin, stdout, stderr } = process

// The bin has hidden all arguments. A command's name may show; any other word may be a user id in the wrong place.
const wanted = argv[2] ?? ''
if (isCommand(wanted)) process.title = `clear-friends ${wanted}`

// The demo takes no settings.
const { told, fault } = wanted === 'demo' ? {} : readEnvFile()

// V8 lets the heap grow to the size of the machine, and these need a fraction of that. V8's own switch for small heaps
// would cost a third of an import's time. A run holds an import and a worker, and shall fit beside others on a laptop.
const HEAP_GROWTH_PERCENT: Readonly<Record<string, number>> = { import: 50, worker: 35, run: 12 }
const heapGrowth = HEAP_GROWTH_PERCENT[wanted]
if (heapGrowth !== undefined) {
  setFlagsFromString(`--heap-growing-percent=${heapGrowth}`)
  // V8 takes no size of its space for young objects any more once it runs, but it can be kept from growing.
  setFlagsFromString('--semi-space-growth-factor=1')
}
const exitCodeFor = watchOutputs(argv.slice(2), { stdout, stderr })
// Node would print such an error with all its fields, and drivers keep user ids in them. A worker has its own handler,
// since it drains first.
if (argv[2] !== 'worker') {
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, (error: unknown) => {
      stderr.write(`clear-friends: an error that nobody caught: ${JSON.stringify(describeError(error, true))}\n`)
      process.exit(EXIT.failed)
    })
  }
}
if (told !== undefined) stderr.write(`${told}\n`)
if (fault !== undefined) stderr.write(`clear-friends: ${fault}\n`)
process.exitCode =
  fault === undefined
    ? exitCodeFor(
        await main(argv.slice(2), {
          environment,
          folder: process.cwd(),
          stdin,
          stdout,
          stderr,
          listen: abortOnSignals,
        }),
      )
    : EXIT.settings
// Like a worker, a run has jobs in hand after a drain that took too long. They must not keep the process alive.
if (wanted === 'run') process.exit()

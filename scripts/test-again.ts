/**
 * Runs `npm test` several times in a row, beside processes that keep cores busy, and lists the runs that fail. It shows
 * tests that pass by luck on a quiet machine.
 *
 *     npm run test:again -- 20 --busy 1
 *     npm run test:again -- 5 --busy 2 --command 'npx vitest run --project e2e test/e2e/stopping.test.ts'
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, stripVTControlCharacters } from 'node:util'

const HELP = "usage: npm run test:again -- [runs, default 5] [--busy processes, default 0] [--command 'npm test']"
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Keeps one core busy. It looks ten times a second whether its parent is gone, and then ends. */
const BUSY_PROGRAM = `
  process.once('disconnect', () => process.exit())
  const spin = () => {
    const until = performance.now() + 100
    while (performance.now() < until);
    setImmediate(spin)
  }
  spin()`

const say = (line: string): void => void process.stdout.write(`${line}\n`)

interface Run {
  readonly number: number
  readonly seconds: number
  readonly passed: boolean
  /** Vitest's counts of passed and failed tests; empty if none ran. */
  readonly tests: string
  /** Names of failed tests and the file of the output; empty if the run passed. */
  readonly failed: readonly string[]
}

/** Runs a command and returns its whole output. Its own process group lets {@link endGroup} end all of it. */
async function capture(command: string, stop: AbortSignal): Promise<{ code: number | null; output: string }> {
  const child = spawn(command, { shell: true, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const end = (): void => signalGroup(child, 'SIGTERM')
  stop.addEventListener('abort', end)
  const closed = once(child, 'close')
  await once(child, 'exit')
  stop.removeEventListener('abort', end)
  // A worker that a test has frozen does not hear of the end, and holds the output open.
  signalGroup(child, 'SIGKILL')
  await closed
  return { code: child.exitCode, output: stripVTControlCharacters(output) }
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // Nobody of it is left.
  }
}

/** Lists the failed tests, each once. Without one, for instance after a failed check, it gives the last three lines. */
function failuresIn(output: string): readonly string[] {
  const named = [...output.matchAll(/^ *FAIL +(.+)$/gm)].map(([, name = '']) => name.trim())
  if (named.length > 0) return [...new Set(named)]
  return output
    .split('\n')
    .filter(line => line.trim() !== '')
    .slice(-3)
}

async function runOnce(number: number, command: string, folder: string, stop: AbortSignal): Promise<Run> {
  const startedAt = performance.now()
  const { code, output } = await capture(command, stop)
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  const tests = /^ *Tests +(.+)$/m.exec(output)?.[1] ?? ''
  if (code === 0) return { number, seconds, passed: true, tests, failed: [] }
  const file = join(folder, `run-${number}.log`)
  await writeFile(file, output)
  return { number, seconds, passed: false, tests, failed: [...failuresIn(output), `output: ${file}`] }
}

function tellRun({ number, seconds, passed, tests, failed }: Run): void {
  say(`${String(number).padStart(4)} ${String(seconds).padStart(6)} s  ${passed ? 'passed' : 'FAILED'}  ${tests}`)
  for (const line of failed) say(`               ${line}`)
}

function tellAll(runs: readonly Run[], busy: number): void {
  const failed = runs.filter(run => !run.passed)
  const seconds = runs.map(run => run.seconds).toSorted((a, b) => a - b)
  say(`\n${runs.length} runs beside ${busy} busy processes: ${failed.length} failed`)
  say(`seconds: ${seconds[0]} to ${seconds.at(-1)}, median ${seconds[Math.floor(seconds.length / 2)]}`)
  const times = Map.groupBy(
    failed.flatMap(run => run.failed.filter(line => !line.startsWith('output: '))),
    line => line,
  )
  for (const [line, all] of times) say(`${String(all.length).padStart(4)} x ${line}`)
}

const keepBusy = (): ChildProcess =>
  spawn(process.execPath, ['-e', BUSY_PROGRAM], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })

async function runAll(count: number, busy: number, command: string): Promise<readonly Run[]> {
  const folder = await mkdtemp(join(tmpdir(), 'clear-friends-test-again-'))
  const stop = new AbortController()
  for (const name of SIGNALS) process.once(name, () => stop.abort())
  const busyProcesses = Array.from({ length: busy }, keepBusy)
  const runs: Run[] = []
  for (let number = 1; number <= count && !stop.signal.aborted; number++) {
    const run = await runOnce(number, command, folder, stop.signal)
    // It says nothing of the tests.
    if (stop.signal.aborted) break
    tellRun(run)
    runs.push(run)
  }
  for (const each of busyProcesses) if (each.connected) each.disconnect()
  return runs
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { busy: { type: 'string', default: '0' }, command: { type: 'string', default: 'npm test' } },
})
const [count, busy] = [Number(positionals[0] ?? '5'), Number(values.busy)]
if (!Number.isInteger(count) || count < 1 || !Number.isInteger(busy) || busy < 0) {
  process.stderr.write(`${HELP}\n`)
  process.exit(2)
}
const runs = await runAll(count, busy, values.command)
if (runs.length > 0) tellAll(runs, busy)
process.exitCode = runs.length === count && runs.every(run => run.passed) ? 0 : 1

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { CollectedText } from '../commands/collected-text.ts'

/** A program in a process of its own, which ends with the tests at the latest. */
export interface StartedProcess {
  readonly pid: number
  readonly stdin: Writable
  readonly stdout: CollectedText
  readonly stderr: CollectedText
  isRunning(): boolean
  signal(name: NodeJS.Signals): void
  /** Closes the reading end of its stdout, as `head` does. */
  stopReading(): void
  /** Resolves when it has ended and all its output was read. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  /** Ends it as `kill -9` does, unless it has ended. */
  kill(): Promise<void>
}

/** Environment and folder of a program. */
export interface ProcessOptions {
  /** Its whole environment; default: that of the tests. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Default: one without a `.env`, which the checkout may have. */
  readonly folder?: string
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a program with its stdin open. */
export function startProcess(file: string, args: readonly string[], options: ProcessOptions = {}): StartedProcess {
  const child = spawn(file, args, {
    env: options.environment ?? process.env,
    cwd: options.folder ?? import.meta.dirname,
  })
  running.add(child)
  child.stdin.on('error', () => {})
  const stdout = child.stdout.setEncoding('utf8').pipe(new CollectedText())
  const stderr = child.stderr.setEncoding('utf8').pipe(new CollectedText())
  const ended = endOf(child)
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  return {
    pid: child.pid ?? 0,
    stdin: child.stdin,
    stdout,
    stderr,
    isRunning,
    signal: name => void child.kill(name),
    stopReading: () => void child.stdout.destroy(),
    ended,
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function endOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  await once(child, 'close')
  running.delete(child)
  return { code: child.exitCode, signal: child.signalCode }
}

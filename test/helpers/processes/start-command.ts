import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { eventually } from '../eventually.ts'

const entry = fileURLToPath(new URL('../../../bin/clear-friends.js', import.meta.url))

/** What every command of a test gets: a place to keep compiled sources, which halves the time it takes to start. */
const commandEnvironment: Readonly<NodeJS.ProcessEnv> = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../../.cache/test-commands', import.meta.url)),
}

/** What a command of this program wrote, and how it ended. */
export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs until the test has seen enough. */
export interface StartedCommand {
  readonly stdin: Writable
  /** What it wrote to stdout so far. */
  stdout(): string
  /** Resolves when its stdout holds so many lines. */
  linesPrinted(count: number): Promise<readonly string[]>
  signal(name: NodeJS.Signals): void
  /** Closes the reading end of its stdout, as `head` does. */
  stopReading(): void
  readonly ended: Promise<CommandResult>
}

/** Commands do not outlive the tests that started them. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts `clear-friends …` with its stdin open; `settings` are the whole environment, apart from PATH. */
export function startCommand(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
  folder?: string,
): StartedCommand {
  const child = spawn(process.execPath, [entry, ...args], {
    env: { ...commandEnvironment, ...settings },
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: folder,
  })
  running.add(child)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', piece => {
    stdout += String(piece)
  })
  child.stderr.on('data', piece => {
    stderr += String(piece)
  })
  child.stdin.on('error', () => {})
  const ended = codeOf(child).then(code => {
    running.delete(child)
    return { code, stdout, stderr }
  })
  const lines = (): readonly string[] => stdout.split('\n').slice(0, -1)
  return {
    stdin: child.stdin,
    stdout: () => stdout,
    linesPrinted: async count => {
      await eventually(`${count} lines on stdout`, async () => lines().length >= count)
      return lines()
    },
    signal: name => void child.kill(name),
    stopReading: () => void child.stdout.destroy(),
    ended,
  }
}

async function codeOf(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, 'close')
  return typeof code === 'number' ? code : null
}

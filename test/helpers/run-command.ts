import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../../bin/clear-friends.js', import.meta.url))

/** What every command of a test gets: a place to keep compiled sources, which halves the time it takes to start. */
export const commandEnvironment: Readonly<NodeJS.ProcessEnv> = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../.cache/test-commands', import.meta.url)),
}

/** What a command of this program wrote, and how it ended. */
export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs `clear-friends …` as a process of its own and waits for its end.
 *
 * @param args command line
 * @param settings the whole environment, apart from PATH
 * @param input what it gets on stdin
 */
export async function runCommand(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  input?: string | Buffer,
): Promise<CommandResult> {
  const child = spawn(process.execPath, [entry, ...args], {
    env: { ...commandEnvironment, ...settings },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += String(chunk)
  })
  child.stderr.on('data', chunk => {
    stderr += String(chunk)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  return { code: typeof code === 'number' ? code : null, stdout, stderr }
}

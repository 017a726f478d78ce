import { execFile } from 'node:child_process'

/** End of a program: `done` with exit code 0, or `failed` with the reason in one line for people. */
export type ProgramEnd =
  | { readonly kind: 'done'; readonly stdout: string }
  | { readonly kind: 'failed'; readonly stdout: string; readonly reason: string }

/** Place and time limit of a run. */
export interface RunOptions {
  /** The program is killed after this time, and the run counts as failed. */
  readonly timeoutMs: number
  readonly directory?: string
  /** Environment variables on top of this process' own. */
  readonly environment?: Readonly<Record<string, string>>
}

const LARGEST_OUTPUT_BYTES = 16 * 1024 * 1024

/**
 * Runs a program to its end and returns the outcome as a value; never throws.
 *
 * The program prints English in every system language, because callers parse its messages.
 *
 * @param command a name on the PATH, or a path
 */
export async function runProgram(command: string, args: readonly string[], options: RunOptions): Promise<ProgramEnd> {
  try {
    return await runToItsEnd(command, args, options)
  } catch (error) {
    // Node throws some faults at once instead of reporting them, for instance a file where the path needs a folder.
    return { kind: 'failed', stdout: '', reason: error instanceof Error ? error.message : String(error) }
  }
}

function runToItsEnd(command: string, args: readonly string[], options: RunOptions): Promise<ProgramEnd> {
  return new Promise(resolve => {
    const child = execFile(
      command,
      [...args],
      {
        encoding: 'utf8',
        timeout: options.timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: LARGEST_OUTPUT_BYTES,
        env: { ...process.env, LC_ALL: 'C', ...options.environment },
        ...(options.directory === undefined ? {} : { cwd: options.directory }),
      },
      (error, stdout, stderr) => {
        if (error === null) resolve({ kind: 'done', stdout })
        else resolve({ kind: 'failed', stdout, reason: whyItFailed(error, stderr, options.timeoutMs) })
      },
    )
    child.stdin?.end()
  })
}

function whyItFailed(error: Error, stderr: string, timeoutMs: number): string {
  const code: unknown = 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'not there'
  if (code === 'EACCES' || code === 'ENOEXEC') return `cannot be run (${code})`
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'printed more than can be read'
  if ('killed' in error && error.killed === true) return `took longer than ${timeoutMs / 1000} s`
  const lastLine = stderr.trim().split('\n').at(-1)
  return lastLine === undefined || lastLine === '' ? `ended with ${String(code ?? error.message)}` : lastLine
}

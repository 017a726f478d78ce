import { type ExecFileException, execFile } from 'node:child_process'
import { promisify } from 'node:util'

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
    const running = promisify(execFile)(command, [...args], {
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: LARGEST_OUTPUT_BYTES,
      env: { ...process.env, LC_ALL: 'C', ...options.environment },
      cwd: options.directory,
    })
    running.child.stdin?.end()
    return { kind: 'done', stdout: (await running).stdout }
  } catch (error) {
    // Node throws some faults at once, without an output, for instance a file where the path needs a folder.
    const fault: ExecFileException = error instanceof Error ? error : new Error(String(error))
    return { kind: 'failed', stdout: fault.stdout ?? '', reason: whyItFailed(fault, options.timeoutMs) }
  }
}

function whyItFailed({ code, killed, stderr = '', message }: ExecFileException, timeoutMs: number): string {
  if (code === 'ENOENT') return 'not there'
  if (code === 'EACCES' || code === 'ENOEXEC') return `cannot be run (${code})`
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'printed more than can be read'
  if (killed) return `took longer than ${timeoutMs / 1000} s`
  return stderr.trim().split('\n').at(-1) || `ended with ${code ?? message}`
}

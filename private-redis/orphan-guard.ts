/**
 * Cleans up after this process when it cannot do so itself (kill -9, crash, a forgotten stop).
 *
 * A shell waits at the other end of a pipe. The system closes the pipe when this process ends in any way. The shell
 * then runs the last command that it got.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'

/** A guard on duty. */
export interface OrphanGuard {
  /** Sets the shell command to run when this process is gone, in one line; replaces the one before. */
  onOrphaned(command: string): void
  /** Ends the guard without running the command; resolves when its process is gone. */
  dismiss(): Promise<void>
}

const script = 'last=; while IFS= read -r line; do last=$line; done; [ "$last" = dismissed ] || eval "$last"'

/** Puts a guard on duty. It does not keep this process alive. */
export function startOrphanGuard(): OrphanGuard {
  // The guard has a session of its own: else Ctrl-C in the terminal would end it together with this process.
  const shell = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  const gone = once(shell, 'exit').catch(() => undefined)
  shell.stdin.on('error', () => {})
  shell.unref()
  if (shell.stdin instanceof Socket) shell.stdin.unref()
  return {
    onOrphaned: command => shell.stdin.write(`${command}\n`),
    dismiss: async () => {
      shell.ref()
      shell.stdin.end('dismissed\n')
      await gone
    },
  }
}

/** Quotes a text as one word of a shell command. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * Cleans up after this process when it can no longer do so itself (kill -9, crash, a forgotten stop).
 *
 * A shell waits at the other end of a pipe. The pipe closes with this process, however that ends, and then the shell runs
 * the command that it was given last.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'

/** A guard on duty. */
export interface OrphanGuard {
  /** Sets what a shell is to run when this process is gone; replaces what was set before. One line. */
  onOrphaned(command: string): void
  /** Ends the guard without running anything; resolves when its process is gone. */
  dismiss(): Promise<void>
}

const script = 'last=; while IFS= read -r line; do last=$line; done; [ "$last" = dismissed ] || eval "$last"'

/** Puts a guard on duty. It does not keep this process alive. */
export function startOrphanGuard(): OrphanGuard {
  // A session of its own, or Ctrl-C in the terminal would end the guard together with what it guards against.
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

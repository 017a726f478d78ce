import closeWithGrace from 'close-with-grace'
import { describeError } from './observe/describe-error.ts'
import type { Logger } from './observe/log.ts'
import type { QueueEnd } from './until-empty.ts'

/** Why a process is to end. */
export type EndReason =
  /** Somebody wants it to. */
  | { readonly kind: 'signal'; readonly signal: string }
  /** npm or npx has started it, and is gone. */
  | { readonly kind: 'parent_gone' }
  /** The fleet turned out to be another app's. */
  | { readonly kind: 'foreign_fleet' }
  /** The queue is empty, which was waited for, or the wait for that is over. */
  | QueueEnd
  /** An error that no part caught, so that nobody knows what still works. */
  | { readonly kind: 'fault' }

/** Listens for what ends the process. */
export interface ProcessEnd {
  /** Resolves at the first reason. A second signal or fault ends the process at once, with exit code 1. */
  readonly begun: Promise<EndReason>
  /** Ends the process for another reason. */
  readonly end: (reason: EndReason) => void
  /** Stops listening, when the process does not run a worker after all. */
  readonly close: () => void
}

/** Faults of the program that no handler may outlive, and events that are no end of a worker. */
const LEFT_TO_NODE = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV', 'SIGUSR2', 'beforeExit'] as const

/**
 * Listens for signals (SIGTERM, SIGINT, SIGHUP, SIGQUIT) and for errors that no part caught. Node itself would print such
 * an error with all its fields, and drivers keep the arguments of a command in them, which may be user ids; see
 * `describe-error.ts`.
 */
export function listenForEnd(log: Logger): ProcessEnd {
  const { promise, resolve } = Promise.withResolvers<EndReason>()
  const noteFault = (error: unknown): void =>
    log.fatal({ fault: describeError(error, true) }, 'an error that nobody caught')
  const options = {
    // The worker keeps its own deadline, and closes its parts before the process ends.
    delay: false as const,
    logger: false as const,
    skip: [...LEFT_TO_NODE],
    onSecondSignal: (signal: string) =>
      log.warn({ signal }, 'second signal: ends at once; the rest runs again when its locks end'),
    onSecondError: noteFault,
  }
  // Never calls `done`, with which the library would end the process: the caller ends it after the drain.
  const { uninstall } = closeWithGrace(options, ({ signal, err }: { signal?: string; err?: Error }, _done: unknown) => {
    if (signal === undefined) noteFault(err)
    resolve(signal === undefined ? { kind: 'fault' } : { kind: 'signal', signal })
  })
  return { begun: promise, end: resolve, close: uninstall }
}

import { readFileSync } from 'node:fs'

/** Longest time that a worker works on without its parent. Half would tell the same, since a drain takes seconds. */
const LOOK_EVERY_MS = 1000
/** npm and npx put at most a shell between themselves and the worker. */
const ANCESTORS = 2

/** Where the watch learns of processes; a test gives its own. */
export interface Ancestry {
  readonly parentOf: (pid: number) => number | undefined
  /** Calls a function again and again, without keeping the process running; gives a function that stops it. */
  readonly every: (ms: number, act: () => void) => () => void
}

const ownAncestry: Ancestry = {
  parentOf: pid => (pid === process.pid ? process.ppid : parentInProc(pid)),
  every: (ms, act) => {
    const timer = setInterval(act, ms).unref()
    return () => clearInterval(timer)
  },
}

/**
 * Calls `onGone` when the npm or npx that has started this process is gone. npx dies of SIGTERM and passes it on to
 * nobody, so the worker would run for ever, unseen by whoever started it.
 *
 * @param environment variables; npm sets some for what it starts. Without them nothing is watched: a process of a service
 *   manager, or one that was put into the background, may outlive its parent
 * @returns a function that stops the watch
 */
export function watchParent(
  environment: Readonly<Record<string, string | undefined>>,
  onGone: () => void,
  { parentOf, every }: Ancestry = ownAncestry,
): () => void {
  if (environment['npm_lifecycle_event'] === undefined && environment['npm_command'] === undefined) return () => {}
  const ancestors = (): string => {
    const pids: (number | undefined)[] = []
    for (let pid: number | undefined = process.pid; pids.length < ANCESTORS && pid !== undefined; ) {
      pid = parentOf(pid)
      pids.push(pid)
    }
    return pids.join(' ')
  }
  const atFirst = ancestors()
  const stop = every(LOOK_EVERY_MS, () => {
    if (ancestors() === atFirst) return
    stop()
    onGone()
  })
  return stop
}

/** Reads the parent of a process from `/proc`; nothing on a system without it, or where the process is gone. */
function parentInProc(pid: number): number | undefined {
  try {
    // The name of the program stands in parentheses and may hold any character.
    const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1)?.trim().split(' ') ?? []
    return parent === undefined ? undefined : Number(parent)
  } catch {
    return undefined
  }
}

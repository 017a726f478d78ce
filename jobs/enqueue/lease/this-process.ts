import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process that owns something in Redis, so that others can see whether it still lives. */
export interface ProcessName {
  readonly host: string
  readonly pid: number
  /** Where process ids mean the same processes: a running system, and a container in it. Empty where that is not known. */
  readonly place: string
}

/** Names the process that asks. */
export function thisProcess(): ProcessName {
  return { host: hostname(), pid: process.pid, place: placeOf() }
}

/**
 * Whether a process has surely ended. Answers `false` for one of another host, container or start of the system, where
 * its id says nothing.
 */
export function isGone({ host, pid, place }: ProcessName): boolean {
  const here = thisProcess()
  if (place === '' || place !== here.place || host !== here.host) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}

/** Two containers of one host name may each have a process 7, so the name of the host is not enough. Linux only. */
function placeOf(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return ''
  }
}

import { readFileSync } from 'node:fs'

const LOOK_EVERY_MS = 100

/** Watches the peak of a process's memory. */
export interface MemoryWatch {
  /** The peak so far, in megabytes. */
  peakMegabytes(): number
  stop(): void
}

/** Reads the peak of a process's memory from /proc while it runs. */
export function watchMemory(pid: number): MemoryWatch {
  let peakKilobytes = 0
  const look = (): void => {
    peakKilobytes = Math.max(peakKilobytes, Number(/VmHWM:\s+(\d+)/.exec(readStatus(pid))?.[1] ?? 0))
  }
  const timer = setInterval(look, LOOK_EVERY_MS)
  return { peakMegabytes: () => peakKilobytes / 1024, stop: () => clearInterval(timer) }
}

/** Reads the memory that a process holds now, in megabytes. */
export const residentMegabytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readStatus(pid))?.[1] ?? 0) / 1024

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}

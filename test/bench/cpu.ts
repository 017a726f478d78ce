import { readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100
/** Place of the stolen time in the line of all cores (proc(5)). */
const STEAL = 8

/** Reads the processor time that a process has used, in seconds, exact to a hundredth. Linux only: reads /proc. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/**
 * Reads for how long the host has given this machine's cores to others since its start, in seconds over all cores; NaN
 * on a system that does not count it.
 */
export function stolenSeconds(): number {
  if (process.platform !== 'linux') return Number.NaN
  const [allCores = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  return Number(allCores.trim().split(/\s+/)[STEAL]) / TICKS_PER_SECOND
}

/** Readers of the simulator's options: each gives the value, or throws what becomes one line of usage error. */
import { readFileSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import {
  type BackendTimeoutChange,
  type FaultRule,
  type LimitAlgorithm,
  parseDurationMs,
  parseFaultRule,
  parseUsers,
  type UsersOptions,
} from '../../simulator/index.ts'

/** Makes a reader whose faults become one line of usage error. */
export function reading<T>(parse: (text: string) => T): (text: string) => T {
  return text => {
    try {
      return parse(text)
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : 'not understood')
    }
  }
}

/** Reads a whole number of a range. */
export function wholeNumber(min: number, max = 4_294_967_295): (text: string) => number {
  return text => {
    const number = Number(text)
    if (/^\d+$/.test(text) && number >= min && number <= max) return number
    throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}`)
  }
}

/** Reads a share from 0 to 1. */
export function share(text: string): number {
  const number = Number(text)
  if (/^[\d.]+$/.test(text) && number <= 1) return number
  throw new InvalidArgumentError('expected a share from 0 to 1')
}

/** Reads a duration, in ms. */
export function duration(text: string): number {
  const durationMs = parseDurationMs(text)
  if (durationMs !== undefined) return durationMs
  throw new InvalidArgumentError('expected a duration such as 250ms, 3s or 2m')
}

/** Reads after how long a call is answered with 60008. */
export function readTimeout(text: string): BackendTimeoutChange | false {
  return text === 'off' ? false : { afterMs: duration(text) }
}

/** Reads how the limit counts. */
export function readAlgorithm(text: string): LimitAlgorithm {
  if (text === 'aligned' || text === 'sliding' || text === 'bucket') return text
  throw new InvalidArgumentError('expected aligned, sliding or bucket')
}

/** Reads a further fault rule. */
export function addFault(text: string, before: readonly FaultRule[]): readonly FaultRule[] {
  return [...before, reading(parseFaultRule)(text)]
}

/** Takes a further text. */
export function addText(text: string, before: readonly string[]): readonly string[] {
  return [...before, text]
}

/** Reads which accounts there are. */
export function readUsers(text: string): UsersOptions {
  if (text === 'all') return { importAll: true }
  return /^\d+$/.test(text) ? { count: Number(text) } : reading(path => parseUsers(readText(path)))(text)
}

/** Reads a file. */
export function readText(path: string): string {
  return readFileSync(path, 'utf8')
}

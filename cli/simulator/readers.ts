/** Readers of the simulator's options. Each returns the value, or throws an error that commander prints in one line. */
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
import { reading } from '../job-options.ts'

/** Makes a reader of whole numbers within a range. */
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

/** Reads a duration; returns ms. */
export function duration(text: string): number {
  const durationMs = parseDurationMs(text)
  if (durationMs !== undefined) return durationMs
  throw new InvalidArgumentError('expected a duration such as 250ms, 3s or 2m')
}

/** Reads the time after which the simulator answers a call with 60008. */
export function readTimeout(text: string): BackendTimeoutChange | false {
  return text === 'off' ? false : { afterMs: duration(text) }
}

/** Reads the algorithm of the limit. */
export function readAlgorithm(text: string): LimitAlgorithm {
  if (text === 'aligned' || text === 'sliding' || text === 'bucket') return text
  throw new InvalidArgumentError('expected aligned, sliding or bucket')
}

/** Adds a fault rule to those of earlier options. */
export function addFault(text: string, before: readonly FaultRule[]): readonly FaultRule[] {
  return [...before, reading(parseFaultRule)(text)]
}

/** Adds a text to those of earlier options. */
export function addText(text: string, before: readonly string[]): readonly string[] {
  return [...before, text]
}

/** Reads the simulator's accounts: a count, `all`, or a file. */
export function readUsers(text: string): UsersOptions {
  if (text === 'all') return { importAll: true }
  return /^\d+$/.test(text) ? { count: Number(text) } : reading(path => parseUsers(readText(path)))(text)
}

/** Reads a file. */
export function readText(path: string): string {
  return readFileSync(path, 'utf8')
}

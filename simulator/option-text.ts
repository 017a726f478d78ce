import { type UsersOptions, usersSchema } from './accounts/users.ts'
import { COMMAND_NAMES, type CommandName, isCommandName } from './calls/commands.ts'
import { check, InvalidSimulatorInputError, parseJson } from './check.ts'
import { parseDurationMs } from './faults/fault-text.ts'
import { type LatencyProfile, type LatencyWindow, latencySchema, type Spread } from './faults/latency.ts'

/**
 * Reads a latency profile from text: `50`, `50ms`, `p50=30,p99=1000`, or several with spans of time, such as
 * `50;10s-20s=2900;30s-40s=p50=30,p99=1000`, where the first holds outside of all spans. Spans count from the start.
 *
 * @throws {InvalidSimulatorInputError} when the text is none of these
 */
export function parseLatency(text: string): LatencyProfile {
  const [base = '', ...windows] = text.split(';')
  const profile: LatencyProfile =
    windows.length === 0 ? readSpread(text, base) : { base: readSpread(text, base), windows: windows.map(readWindow) }
  return check(`latency "${text}"`, latencySchema, profile)
}

function readWindow(text: string): LatencyWindow {
  const [, from = '', to = '', spread = ''] = /^([^-=]+)-([^-=]+)=(.+)$/.exec(text.trim()) ?? []
  return { fromMs: readDuration(text, from), toMs: readDuration(text, to), latency: readSpread(text, spread) }
}

function readSpread(whole: string, text: string): Spread {
  const [, p50, p99] = /^p50=([^,]+),p99=([^,]+)$/.exec(text.trim()) ?? []
  if (p50 !== undefined && p99 !== undefined) {
    return { p50Ms: readDuration(whole, p50), p99Ms: readDuration(whole, p99) }
  }
  return readDuration(whole, text)
}

function readDuration(whole: string, text: string): number {
  const durationMs = parseDurationMs(text.trim())
  if (durationMs !== undefined) return durationMs
  throw new InvalidSimulatorInputError(
    `latency "${whole}": "${text.trim()}" is no duration; write 50ms, p50=30,p99=1000 or 50;10s-20s=2900`,
  )
}

/**
 * Reads ceilings from text: `200` for all calls, `friend_get=100,friend_delete_all=50` for some, or both.
 *
 * @throws {InvalidSimulatorInputError} when the text is none of these
 */
export function parseCeilings(text: string): Readonly<Partial<Record<CommandName, number>>> {
  const ceilings: Partial<Record<CommandName, number>> = {}
  for (const part of text.split(',')) {
    const [, command, amount] = /^(?:([a-z_]+)=)?(\d{1,9})$/.exec(part.trim()) ?? []
    if (amount === undefined) {
      throw new InvalidSimulatorInputError(`limit "${text}": "${part}" is no ceiling; write 200 or friend_get=100`)
    }
    if (command !== undefined && !isCommandName(command)) {
      throw new InvalidSimulatorInputError(`limit "${text}": "${command}" is no vendor call`)
    }
    for (const name of command === undefined ? COMMAND_NAMES : [command]) ceilings[name] = Number(amount)
  }
  return ceilings
}

/**
 * Reads users from JSON: an array of accounts with their lists, or an object as `UsersOptions` describes it.
 *
 * @throws {InvalidSimulatorInputError} when the text is no JSON or describes no users
 */
export function parseUsers(text: string): UsersOptions {
  const value = parseJson(text, 'users: the file is no JSON')
  return check('users', usersSchema, Array.isArray(value) ? { listed: value } : value)
}

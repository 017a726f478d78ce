/**
 * The real scripts in a real Redis whose clock and identity the test decides: what the scripts ask the server for
 * (`TIME`, and the run id of `INFO`) is replaced in their text by what comes with the call. Everything else stays as it is.
 */
import type { Redis } from 'ioredis'

/** What the server believes at a moment. */
export interface Believed {
  /** Microseconds since 1970. */
  readonly now: number
  /** Another one after a restart or a failover. */
  readonly runId: string
}

const REPLACED: readonly (readonly [asked: string, given: string])[] = [
  ["redis.call('TIME')", "{ string.match(KEYS[#KEYS], '^(%d+):(%d+)') }"],
  ["redis.call('INFO', 'server')", "('run_id:' .. string.match(KEYS[#KEYS], '%w+$'))"],
]

/** Changes the text of a script so that {@link runSteered} can run it. */
export function steer(lua: string): string {
  const steered = REPLACED.reduce((text, [asked, given]) => text.replaceAll(asked, () => given), lua)
  if (!steered.includes('KEYS[#KEYS]')) throw new Error('the script does not ask for the time')
  return steered
}

/** Runs a text of {@link steer} at the given time of the server. */
export function runSteered(
  redis: Redis,
  steered: string,
  { now, runId }: Believed,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const seconds = Math.floor(now / 1_000_000)
  const believed = `${seconds}:${Math.floor(now - seconds * 1_000_000)}:${runId}`
  return redis.eval(steered, keys.length + 1, ...keys, believed, ...args)
}

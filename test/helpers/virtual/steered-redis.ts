/**
 * The real scripts in a real Redis, with a clock and a run id of the test's choice. In the text of the scripts, values
 * that come with the call replace `TIME` and the run id of `INFO`; all else stays as it is.
 */
import type { Redis } from 'ioredis'

/** Clock and run id of the server at a moment. */
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

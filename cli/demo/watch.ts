import { setTimeout as sleep } from 'node:timers/promises'
import type { FleetStatus } from '../../jobs/status/fleet-status.ts'
import type { Shell } from '../shell.ts'
import { count } from '../words.ts'
import { readFigures, type VendorFigures } from './vendor.ts'
import { pendingOf } from './verdict.ts'

const GIVE_UP_AFTER_MS = 120_000
const LOOK_EVERY_MS = 500

/** Shows the fleet's progress until no job is left, for two minutes at most; returns the last status. */
export async function watchUntilEmpty(
  accounts: number,
  vendorUrl: string,
  readStatus: () => Promise<FleetStatus>,
  shell: Shell,
): Promise<FleetStatus> {
  const giveUpAt = performance.now() + GIVE_UP_AFTER_MS
  for (;;) {
    const [status, figures] = await Promise.all([readStatus(), readFigures(vendorUrl)])
    show(describe(accounts, status, figures), shell)
    const over = pendingOf(status) === 0 || performance.now() > giveUpAt
    if (over) {
      if (shell.stderr.isTTY) shell.say('')
      return status
    }
    await sleep(LOOK_EVERY_MS)
  }
}

/** Writes a line; on a terminal it replaces the line before. */
function show(line: string, { stderr, say }: Shell): void {
  if (stderr.isTTY) stderr.write(`\r\x1b[K${line}`)
  else say(line)
}

function describe(accounts: number, status: FleetStatus, figures: VendorFigures): string {
  const calls = figures.byCommand['friend_delete_all']
  const done = Object.values(status.outcomes).reduce((sum, n) => sum + n, 0)
  const repeated = Object.entries(calls?.byCode ?? {}).reduce((sum, [code, n]) => sum + (ENDS.has(code) ? 0 : n), 0)
  return `${count(done)} of ${count(accounts)} done | ${status.rate.lastSecond} calls/s now | ${count(repeated)} repeated | worst second ${calls?.worstSecond.calls ?? 0}`
}

/** Codes after which no call for the account follows: OK, and unknown to the vendor. */
const ENDS = new Set(['0', '30003'])

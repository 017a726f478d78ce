/**
 * A worker that asks once more before it clears an account: those on legal hold are not cleared. Run it in place of
 * `clear-friends worker`, with the same settings:
 *
 *     LEGAL_HOLD_FILE=/etc/legal-hold.txt node worker-with-veto.ts
 */
import { readFile } from 'node:fs/promises'
import { runWorker } from 'clear-friends/worker'

const { LEGAL_HOLD_FILE = '' } = process.env

async function beforeClear(account: string): Promise<'clear' | 'veto'> {
  // Read each time, so that a hold counts from the moment it is written down. A file that cannot be read throws: then
  // nothing is cleared, and the job is tried again later.
  const held = (await readFile(LEGAL_HOLD_FILE, 'utf8')).split('\n')
  return held.includes(account) ? 'veto' : 'clear'
}

process.exit(await runWorker({ environment: process.env, beforeClear }))

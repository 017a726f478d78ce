import { readFileSync } from 'node:fs'
import { keysOf } from '../../redis/keys.ts'

/** The Lua functions that end jobs and count them, to be joined in front of a script that needs them. */
export const ledgerLua: string = readFileSync(new URL('./ledger.lua', import.meta.url), 'utf8')

/** Gives the keys that {@link ledgerLua} expects as the first keys of a script. */
export function ledgerKeys(prefix: string): readonly string[] {
  const keys = keysOf(prefix)
  return [
    keys.queue,
    keys.outcomes,
    keys.receipts,
    keys.receiptChain,
    keys.deadLetterCodes,
    keys.requests,
    keys.batches,
  ]
}

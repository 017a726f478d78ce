import { readFileSync } from 'node:fs'
import { keysOf } from '../../redis/keys.ts'
import { timeLua } from './log-lua.ts'

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8')

/** The Lua functions that count jobs, to be joined in front of a script that needs them. */
export const countsLua: string = timeLua + read('./counts.lua')

/** The Lua functions that end jobs, with {@link countsLua}, to be joined in front of a script that needs them. */
export const ledgerLua: string = countsLua + read('./log.lua') + read('./ledger.lua')

/** Gives the keys that {@link countsLua} expects as the first keys of a script. A producer may write all of them. */
export function countsKeys(prefix: string): readonly string[] {
  const keys = keysOf(prefix)
  return [keys.queue, keys.requests, keys.batches]
}

/** Gives the keys that {@link ledgerLua} expects as the first keys of a script. */
export function ledgerKeys(prefix: string): readonly string[] {
  const keys = keysOf(prefix)
  return [
    ...countsKeys(prefix),
    ...[keys.outcomes, keys.receipts, keys.receiptLog, keys.deadLetterCodes, keys.fleet, keys.fleetId],
  ]
}

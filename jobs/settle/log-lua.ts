import { readFileSync } from 'node:fs'

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8')

/** The Lua functions of time, to be joined in front of the others. */
export const timeLua: string = read('./time.lua')

/** The Lua functions that write into the log of receipts, with {@link timeLua}. */
export const logLua: string = timeLua + read('./log.lua')

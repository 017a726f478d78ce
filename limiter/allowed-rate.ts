import { readFileSync } from 'node:fs'

/** The Lua function `allowedRate`, to be joined in front of a script that needs it. */
export const allowedRateLua: string = readFileSync(new URL('./allowed-rate.lua', import.meta.url), 'utf8')

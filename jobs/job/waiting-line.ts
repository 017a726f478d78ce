import { readFileSync } from 'node:fs'
import { FIRST_PRIORITY, FIRST_STEP_AT, LAST_PRIORITY, STEP_SECONDS } from './due.ts'

const constants = Object.entries({ FIRST_PRIORITY, FIRST_STEP_AT, LAST_PRIORITY, STEP_SECONDS })
  .map(([name, value]) => `local ${name} = ${value}\n`)
  .join('')

/** The Lua functions that put jobs into the waiting line, to be joined behind `countsLua` in scripts that do so. */
export const waitingLineLua: string = constants + readFileSync(new URL('./waiting-line.lua', import.meta.url), 'utf8')

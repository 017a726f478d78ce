#!/usr/bin/env node
// Starts the sources in a checkout (Node strips their types), the compiled files in an installed package.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { privateCacheFolder } from './private-cache-folder.js'

// First of all: arguments may be user ids, and every user of the host may read the process list.
process.title = 'clear-friends'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `clear-friends needs Node.js 22.19 or newer, this is ${process.version}. In a checkout run it with npx or npm run.\n`,
  )
  process.exit(1)
}
// Halves the time that a command needs to start. The operator's NODE_COMPILE_CACHE goes before, and Node has taken it.
const cache = process.env.NODE_COMPILE_CACHE === undefined ? privateCacheFolder(process.env, homedir()) : undefined
if (cache !== undefined) module.enableCompileCache(cache)
const source = new URL('../cli/start.ts', import.meta.url)
await import(existsSync(source) ? source.href : new URL('../dist/cli/start.js', import.meta.url).href)

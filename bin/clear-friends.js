#!/usr/bin/env node
// Starts the sources in a checkout (Node strips their types), the compiled files in an installed package.
import { existsSync } from 'node:fs'
import module from 'node:module'

// First of all: arguments may be user ids, and every user of the host may read the process list.
process.title = 'clear-friends'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `clear-friends needs Node.js 22.19 or newer, this is ${process.version}. In a checkout run it with npx or npm run.\n`,
  )
  process.exit(1)
}
// Halves the time that a command needs to start. Without a folder to write to, Node goes on without it.
module.enableCompileCache()
const source = new URL('../cli/start.ts', import.meta.url)
await import(existsSync(source) ? source.href : new URL('../dist/cli/start.js', import.meta.url).href)

import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'

/** Reads the version from the package's own `package.json`, which stands one folder higher than sources, two than `dist`. */
export function readVersion(): string {
  const near = new URL('../package.json', import.meta.url)
  const file = existsSync(near) ? near : new URL('../../package.json', import.meta.url)
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version
}

import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'

/** Reads the version from the package's `package.json`: one folder above a source's folder, two above one in `dist`. */
export function readVersion(): string {
  const near = new URL('../package.json', import.meta.url)
  const file = existsSync(near) ? near : new URL('../../package.json', import.meta.url)
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version
}

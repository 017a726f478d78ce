import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const folder = new URL('../../../simulator/', import.meta.url)

/** The imports of a file: the names of packages, and the addresses of files. */
function importsOf(file: URL): string[] {
  const text = readFileSync(file, 'utf8')
  const names = [...text.matchAll(/^(?:import|export)\b[^'"]*?from '([^']+)'/gms)].map(([, name = '']) => name)
  return names.map(name => (name.startsWith('.') ? new URL(name, file).href : name))
}

test('the simulator imports nothing of this project outside of its own folder, and zod alone besides Node', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
  const all = files.flatMap(file => importsOf(new URL(file, folder)))
  expect(all.length).toBeGreaterThan(files.length)
  expect(all.filter(name => !(name.startsWith(folder.href) || name.startsWith('node:') || name === 'zod'))).toEqual([])
})

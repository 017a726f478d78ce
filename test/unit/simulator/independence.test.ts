import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('../../../simulator/', import.meta.url))

const importsOf = (file: string): string[] =>
  [...readFileSync(`${folder}${file}`, 'utf8').matchAll(/^(?:import|export)\b[^'"]*?from '([^']+)'/gms)].flatMap(
    match => (match[1] === undefined ? [] : [match[1]]),
  )

test('the simulator imports nothing of this project outside of its own folder, and zod alone besides Node', () => {
  const files = readdirSync(folder).filter(name => name.endsWith('.ts'))
  const all = files.flatMap(importsOf)
  expect(all.length).toBeGreaterThan(files.length)
  expect(all.filter(name => !(name.startsWith('./') || name.startsWith('node:') || name === 'zod'))).toEqual([])
})

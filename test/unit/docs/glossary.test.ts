import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('docs/glossary.md lists its words in alphabetical order, each once', () => {
  const page = readFileSync(new URL('../../../docs/glossary.md', import.meta.url), 'utf8')
  const words = [...page.matchAll(/^\| ([a-z].*?) +\|/gm)].map(([, word = '']) => word).filter(word => word !== 'word')
  expect(words.length).toBeGreaterThan(40)
  expect(words).toEqual([...new Set(words)].toSorted((a, b) => a.localeCompare(b, 'en')))
})

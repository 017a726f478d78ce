import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const root = new URL('../../../', import.meta.url)
const inDocs = readdirSync(new URL('docs/', root)).filter(name => name.endsWith('.md'))
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', ...inDocs.map(name => `docs/${name}`)]
const read = (page: string): string => readFileSync(new URL(page, root), 'utf8')

/** Gives the targets of a page's links, except those to other sites and within the page. */
const linksIn = (page: string): readonly string[] =>
  [...read(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, link = '']) => link)
    .filter(link => !link.startsWith('http') && link !== '')

it.each(pages)('%s links only to what there is', page => {
  expect(linksIn(page).filter(link => !existsSync(new URL(link, new URL(page, root))))).toEqual([])
})

it.each(inDocs)('a reader of the README finds docs/%s', name => {
  const found = new Set(['README.md'])
  for (const page of found) {
    for (const link of linksIn(page)) {
      if (link.endsWith('.md')) found.add(new URL(link, new URL(page, 'file:///')).pathname.slice(1))
    }
  }
  expect([...found]).toContain(`docs/${name}`)
})

describe('the README', () => {
  const lines = read('README.md').split('\n')

  it('is read in three minutes: 130 lines and 1,000 words', () => {
    expect(lines.length).toBeLessThanOrEqual(131)
    expect(lines.join(' ').trim().split(/\s+/).length).toBeLessThanOrEqual(1000)
  })

  it('has no line wider than 120 characters outside its tables', () => {
    expect(lines.filter(line => line.length > 120 && !line.startsWith('|'))).toEqual([])
  })
})

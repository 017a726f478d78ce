import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const read = (file: string): string => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')
const page = read('docs/library.md')

/** The doors of the package, each with the file behind it. */
const DOORS: Readonly<Record<string, string>> = {
  'clear-friends': 'jobs/index.ts',
  'clear-friends/permits': 'limiter/index.ts',
  'clear-friends/worker': 'worker/main.ts',
  'clear-friends/simulator': 'simulator/index.ts',
}

/** Gives the names that a file exports, types included: by lists, and by declarations of its own. */
function exportedNames(file: string): readonly string[] {
  const source = read(file).replaceAll(/\/\*[\s\S]*?\*\//g, '')
  const lists = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = '']) => list.split(','))
  const listed = lists.map(name => name.trim().replace(/^type /, '')).filter(name => name !== '')
  const declared = [...source.matchAll(/^export (?:async )?(?:const|function|class|interface|type) (\w+)/gm)]
  return [...listed, ...declared.map(([, name = '']) => name)].toSorted()
}

/** Gives the names in the first cells of the tables below a door's heading. */
function documentedNames(door: string): readonly string[] {
  const section = page.split(/^## /m).find(text => text.startsWith(`\`${door}\`\n`)) ?? ''
  const cells = [...section.matchAll(/^\| (`.+?`) +\|/gm)].map(([, cell = '']) => cell)
  return cells.flatMap(cell => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)).toSorted()
}

/** Gives the names that the examples of a page import from the package, with their doors. */
const importsIn = (text: string): readonly { readonly door: string; readonly names: readonly string[] }[] =>
  [...text.matchAll(/^import \{ (.+?) \} from '(clear-friends[\w/]*)'/gm)].map(([, names = '', door = '']) => ({
    door,
    names: names.split(', '),
  }))

describe('docs/library.md', () => {
  it.each(Object.entries(DOORS))('lists the names that %s exports, and no others', (door, file) => {
    expect(documentedNames(door)).toEqual(exportedNames(file))
  })
})

it.each(['README.md', 'docs/library.md'])('the examples of %s import only what there is', file => {
  const imports = importsIn(read(file))
  expect(imports).not.toEqual([])
  for (const { door, names } of imports)
    expect(exportedNames(DOORS[door] ?? 'no door')).toEqual(expect.arrayContaining([...names]))
})

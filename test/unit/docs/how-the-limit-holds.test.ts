import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { RULES } from '../../helpers/virtual/limiter-rules.ts'

it('docs/how-the-limit-holds.md explains exactly the rules that the fault suite switches off', async () => {
  const page = await readFile(new URL('../../../docs/how-the-limit-holds.md', import.meta.url), 'utf8')
  const [, section = ''] = /\n## The rules\n(.*?)\nThree rules have tests/s.exec(page) ?? []
  const explained = [...section.matchAll(/^- \*\*(.+?)\.\*\*/gms)].map(([, name = '']) => name.replaceAll(/\s+/g, ' '))
  expect(explained.map(name => name.toLowerCase())).toEqual(RULES.map(({ name }) => name.toLowerCase()))
})

it.each(RULES)('the sources hold the place that carries the rule “$name”', async ({ without }) => {
  for (const { file, from } of without) {
    const text = await readFile(new URL(`../../../limiter/${file}`, import.meta.url), 'utf8')
    expect(text.split(from), `${file}, split at what the fault suite replaces`).toHaveLength(2)
  }
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { configurationPage, errorsPage } from '../../../scripts/docs-pages.ts'
import { metricsPage } from '../../../scripts/metrics-page.ts'

const read = (page: string): string => readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8')

describe('the docs', () => {
  it.each([
    ['configuration.md', configurationPage],
    ['errors.md', errorsPage],
    ['metrics.md', metricsPage],
  ])('%s says what the code says; `npm run docs` writes it', (page, make) => {
    expect(read(page)).toBe(make())
  })
})

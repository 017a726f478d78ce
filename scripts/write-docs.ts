/** Writes the pages in docs/ that are tables of the code from the code; a test fails where they disagree. */
import { writeFileSync } from 'node:fs'
import { configurationPage, errorsPage } from './docs-pages.ts'
import { metricsPage } from './metrics-page.ts'

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage())
writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsPage())
writeFileSync(new URL('../docs/metrics.md', import.meta.url), metricsPage())

/** Writes the pages in docs/ that are made from tables in the code. A test fails if they differ. */
import { writeFileSync } from 'node:fs'
import { configurationPage, errorsPage } from './docs-pages.ts'
import { metricsPage } from './metrics-page.ts'

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage())
writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsPage())
writeFileSync(new URL('../docs/metrics.md', import.meta.url), metricsPage())

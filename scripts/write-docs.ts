/** Writes the tables of docs/configuration.md and docs/errors.md from the code; a test fails where they disagree. */
import { writeFileSync } from 'node:fs'
import { configurationPage, errorsPage } from './docs-pages.ts'

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage())
writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsPage())

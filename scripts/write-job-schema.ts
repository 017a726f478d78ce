/**
 * Writes `jobs/job/clear-friends-job.schema.json`, which is published for producers in other languages. Run it after a
 * change of the contract.
 */
import { writeFileSync } from 'node:fs'
import { jobJsonSchema } from '../jobs/job/clear-friends-job.ts'

const file = new URL('../jobs/job/clear-friends-job.schema.json', import.meta.url)
writeFileSync(file, `${JSON.stringify(jobJsonSchema(), null, 2)}\n`)

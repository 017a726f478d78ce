/**
 * One process of a contestant: `node run.ts <name>`, settings in the environment. Drains the queue until SIGTERM.
 */
import { Worker } from 'bullmq'
import { z } from 'zod'
import { print, say } from '../output.ts'
import type { Contestant } from './contestant.ts'
import { FIELD } from './field.ts'
import { openVendor } from './vendor-call.ts'

const settings = z
  .object({
    REDIS_PORT: z.coerce.number(),
    VENDOR_URL: z.string(),
    PER_SECOND: z.coerce.number(),
    PROCESSES: z.coerce.number(),
    CONCURRENCY: z.coerce.number(),
    QUEUE: z.string(),
  })
  .parse(process.env)

const contestant = Object.entries<Contestant>(FIELD).find(([name]) => name === process.argv[2])?.[1]
if (contestant === undefined) throw new Error(`there is no contestant ${process.argv[2]}`)
const redis = { host: '127.0.0.1', port: settings.REDIS_PORT }
const vendor = openVendor(settings.VENDOR_URL)
const prepare = await contestant.load()
const prepared = await prepare({
  redis,
  perSecond: settings.PER_SECOND,
  processes: settings.PROCESSES,
  call: vendor.call,
})
const jobSchema = z.object({ account: z.string() })
const worker = new Worker(settings.QUEUE, job => prepared.clear(jobSchema.parse(job.data).account), {
  connection: { ...redis, maxRetriesPerRequest: null },
  concurrency: settings.CONCURRENCY,
  ...(prepared.limiter === undefined ? {} : { limiter: prepared.limiter }),
})
worker.on('error', error => say(String(error)))
await worker.waitUntilReady()
print('ready')

process.once('SIGTERM', async () => {
  await worker.close()
  await prepared.close?.()
  await vendor.close()
})

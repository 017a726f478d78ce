/** Traces as a collector gets them, from the producer through the job to each call; set up as docs/tracing.md says. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openQueue } from '../../jobs/job/queue.ts'
import { startSimulator } from '../../simulator/index.ts'
import { eventually } from '../helpers/eventually.ts'
import { startCommand } from '../helpers/processes/start-command.ts'
import { startWorkerProcess, workerSettingsFor } from '../helpers/processes/worker-process.ts'
import { testRedis } from '../helpers/redis/redis.ts'

const valueSchema = z.object({ stringValue: z.string().optional(), intValue: z.number().optional() })
const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  attributes: z.array(z.object({ key: z.string(), value: valueSchema })).default([]),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
  status: z.object({ code: z.number().default(0) }),
})
const exportSchema = z.object({
  resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })) })),
})
type Span = z.infer<typeof spanSchema>

/** The kinds and the error status of OpenTelemetry's protocol. */
const KIND = { client: 3, producer: 4, consumer: 5 }
const ERROR = 2
const setup = fileURLToPath(new URL('../../docs/examples/tracing-setup.mjs', import.meta.url))

/** All requests that the collector got, as they were sent. */
let received = ''
let spans: Span[] = []
const collector = createServer(async (request, response) => {
  const body = await text(request)
  received += body
  const batches = exportSchema.parse(JSON.parse(body)).resourceSpans.flatMap(each => each.scopeSpans)
  spans.push(...batches.flatMap(each => each.spans))
  response.end('{}')
})
const keySpace = testRedis()
const redis = new Redis(keySpace.url, { maxRetriesPerRequest: null })

beforeAll(async () => {
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
})

afterAll(async () => {
  collector.close()
  collector.closeAllConnections()
  await keySpace.cleanUp()
  redis.disconnect()
})

function tracedEnvironment(): Record<string, string> {
  const address = collector.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { NODE_OPTIONS: `--import ${setup}`, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }
}

const attributesOf = (span: Span): Record<string, unknown> =>
  Object.fromEntries(span.attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]))
const named = (name: string): Span[] => spans.filter(span => span.name === name)

describe('traces', () => {
  it('lead from the batch through each attempt to each call, without a user id or a signature', async () => {
    const simulator = await startSimulator({
      users: { count: 3 },
      faults: [{ accounts: { list: ['user_2'] }, answer: { code: 30008 }, times: 1 }],
    })
    const settings = workerSettingsFor(simulator, keySpace)
    const producerSettings = { REDIS_URL: keySpace.url, REDIS_PREFIX: keySpace.prefix, ...tracedEnvironment() }
    const { code } = await startCommand(['enqueue', 'user_1', 'user_2'], producerSettings).ended
    expect(code).toBe(0)
    const worker = await startWorkerProcess({ ...settings, ...tracedEnvironment(), LOG_LEVEL: 'info' })
    await eventually('three attempts', async () => named('process clear-friends').length === 3)
    await eventually('five calls', async () => spans.filter(({ kind }) => kind === KIND.client).length === 5)
    await worker.stop()
    await simulator.close()

    const sends = named('send clear-friends')
    expect(sends.every(({ kind }) => kind === KIND.producer)).toBe(true)
    const sent = new Set(sends.map(({ traceId, spanId }) => `${traceId} ${spanId}`))
    const attempts = named('process clear-friends')
    for (const attempt of attempts) {
      expect(attempt.kind).toBe(KIND.consumer)
      expect(attempt.parentSpanId ?? '').toBe('')
      expect(attempt.links.map(({ traceId, spanId }) => sent.has(`${traceId} ${spanId}`))).toEqual([true])
      expect(attributesOf(attempt)).toMatchObject({
        'messaging.system': 'bullmq',
        'messaging.destination.name': 'clear-friends',
        'messaging.operation.type': 'process',
        'messaging.message.id': expect.stringMatching(/^.{11}$/),
      })
    }
    const failed = attempts.filter(({ status }) => status.code === ERROR).map(attributesOf)
    expect(failed).toMatchObject([{ 'clear_friends.outcome': 'retry', 'clear_friends.code': '30008' }])
    const calls = spans.filter(({ kind }) => kind === KIND.client)
    const attemptIds = attempts.map(({ spanId }) => spanId)
    expect(calls.filter(({ parentSpanId = '' }) => !attemptIds.includes(parentSpanId))).toEqual([])
    expect(calls.map(({ name }) => name).sort()).toEqual([
      ...Array(3).fill('POST friend_delete_all'),
      ...Array(2).fill('POST friend_get'),
    ])
    expect(received).not.toMatch(/user_\d|usersig/i)
  })

  it('are off otherwise, and jobs do not grow by them', async () => {
    spans = []
    const { code } = await startCommand(['enqueue', 'user_3'], {
      REDIS_URL: keySpace.url,
      REDIS_PREFIX: keySpace.prefix,
    }).ended
    expect(code).toBe(0)
    const queue = await openQueue(redis, keySpace.prefix)
    const [job] = await queue.getPrioritized()
    await queue.close()
    expect(job?.opts).not.toHaveProperty('telemetry')
    expect(spans).toEqual([])
  })
})

import { readFileSync } from 'node:fs'
import { fastify } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { jobJsonSchema, parseJobData } from '../../../jobs/job/clear-friends-job.ts'

const published: unknown = JSON.parse(
  readFileSync(new URL('../../../jobs/job/clear-friends-job.schema.json', import.meta.url), 'utf8'),
)
const { $schema: dialect, ...schema } = z.record(z.string(), z.unknown()).parse(published)

// Fastify checks bodies with a JSON Schema validator that is independent of ours. It must not change the bodies.
const server = fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } } })

beforeAll(async () => {
  server.post('/', { schema: { body: schema } }, async () => 'taken')
  await server.ready()
})
afterAll(() => server.close())

async function isTaken(data: unknown): Promise<boolean> {
  const headers = { 'content-type': 'application/json' }
  const reply = await server.inject({ method: 'POST', url: '/', headers, payload: JSON.stringify(data) })
  if (reply.statusCode !== 200 && reply.statusCode !== 400) throw new Error(`an unforeseen answer: ${reply.body}`)
  return reply.statusCode === 200
}

const job = { v: 1, account: 'user_1', due: 1_800_000_000 }

describe('the published JSON Schema', () => {
  it('is what the code says; `npm run schema` writes it anew', () => {
    expect(published).toEqual(jobJsonSchema())
  })

  it('names its dialect', () => {
    expect(dialect).toBe('https://json-schema.org/draft/2020-12/schema')
  })

  it.each<[string, unknown, boolean]>([
    ['the least there can be', job, true],
    ['everything there can be', { ...job, type: 'single', request: 'ticket-12' }, true],
    ['an account of 32 letters', { ...job, account: 'a'.repeat(32) }, true],
    ['spaces in an account', { ...job, account: ' user 1 ' }, true],
    ['letters of any script', { ...job, account: '用户é🦊' }, true],
    ['an empty account', { ...job, account: '' }, false],
    ['an account of 33 letters', { ...job, account: 'a'.repeat(33) }, false],
    ['a line feed', { ...job, account: 'a\n' }, false],
    ['a tab', { ...job, account: 'a\tb' }, false],
    ['a zero-width space', { ...job, account: 'a\u200bb' }, false],
    ['a line separator', { ...job, account: 'a\u2028' }, false],
    ['an account that is a number', { ...job, account: 1 }, false],
    ['no account', { v: 1, due: 1 }, false],
    ['no version', { account: 'a', due: 1 }, false],
    ['version 2', { ...job, v: 2 }, false],
    ['the version as text', { ...job, v: '1' }, false],
    ['no due date', { v: 1, account: 'a' }, false],
    ['half a second', { ...job, due: 1.5 }, false],
    ['a due date as text', { ...job, due: '1' }, false],
    ['a due date before 1970', { ...job, due: -1 }, false],
    ['a due date in milliseconds', { ...job, due: 1_800_000_000_000 }, false],
    ['a type that is to be left out', { ...job, type: 'both' }, false],
    ['an empty request', { ...job, request: '' }, false],
    ['a request of 64 letters', { ...job, request: 'r'.repeat(64) }, true],
    ['a request of 65 letters', { ...job, request: 'r'.repeat(65) }, false],
    ['an unknown field', { ...job, x: 1 }, false],
    ['an array', [job], false],
    ['a text', 'user_1', false],
  ])('and the code agree on %s', async (_, data, expected) => {
    expect({ code: parseJobData(data).ok, schema: await isTaken(data) }).toEqual({ code: expected, schema: expected })
  })

  it('lets through what JSON Schema cannot say, bytes instead of characters, and the worker refuses it', async () => {
    const data = { ...job, account: '用'.repeat(11) }
    expect({ code: parseJobData(data).ok, schema: await isTaken(data) }).toEqual({ code: false, schema: true })
  })

  it('lets through a request id that is the account, and the worker refuses it', async () => {
    const data = { ...job, request: job.account }
    expect({ code: parseJobData(data).ok, schema: await isTaken(data) }).toEqual({ code: false, schema: true })
  })
})

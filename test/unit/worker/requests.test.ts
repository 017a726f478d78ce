/** What goes over the wire with every request, and where it goes. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readVersion } from '../../../config/version.ts'
import { ApiClient } from '../../../worker/vendor/client.ts'
import { Connections } from '../../../worker/vendor/connections.ts'
import { Signer } from '../../../worker/vendor/signer.ts'

const APP = { sdkAppId: 1_400_000_000, admin: 'administrator' }
const userAgents: (string | undefined)[] = []
const server = createServer((request, response) => {
  userAgents.push(request.headers['user-agent'])
  response.end('{"ActionStatus":"OK","ErrorCode":0}')
})

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterAll(() => server.close())

const portOf = (): number => (server.address() as AddressInfo).port

it('names program and version to the vendor, whose support looks for them', async () => {
  const signer = new Signer({ ...APP, key: () => 'a'.repeat(64), reloadKey: () => false })
  const connections = new Connections({ origin: `http://127.0.0.1:${portOf()}`, connectTimeoutMs: 5000 })
  const connection = await connections.take()
  await new ApiClient({ ...APP, signer }).send(connection, 'friend_get', { From_Account: 'user_1' })
  connections.close()
  expect(userAgents).toEqual([`clear-friends/${readVersion()}`])
})

it('takes an IPv6 address for an address, and asks no name server for it', async () => {
  const connections = new Connections({ origin: `http://[::1]:${portOf()}`, connectTimeoutMs: 5000 })
  // Nothing listens there, and a host without IPv6 has no such address.
  await expect(connections.take()).rejects.toMatchObject({
    code: expect.stringMatching(/ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH/),
  })
})

it.each([
  ['7', 7000],
  ['0', 0],
  ['86400', 300_000],
  [new Date(Date.now() - 60_000).toUTCString(), 0],
  ['soon', undefined],
  [undefined, undefined],
])('takes a Retry-After of %j for %j ms', async (header, retryAfterMs) => {
  const proxy = createServer((_request, response) => {
    response.writeHead(429, header === undefined ? {} : { 'retry-after': header }).end('slow down')
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const connections = new Connections({
    origin: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    connectTimeoutMs: 5000,
  })
  const signer = new Signer({ ...APP, key: () => 'a'.repeat(64), reloadKey: () => false })
  const reply = await new ApiClient({ ...APP, signer }).send(await connections.take(), 'friend_get', {})
  connections.close()
  proxy.close()
  expect(reply).toEqual({ kind: 'http', status: 429, retryAfterMs })
})

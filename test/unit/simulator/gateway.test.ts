import { request as rawRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Simulator, startSimulator } from '../../../simulator/index.ts'
import {
  APP_ID,
  type CallInput,
  call,
  clear,
  codeOf,
  pack,
  queryOf,
  SAMPLE_KEY,
  send,
  sign,
  withSimulator,
} from './caller.ts'

const NOW = 1_700_000_000

describe('the way in', () => {
  let simulator: Simulator
  beforeAll(async () => {
    simulator = await startSimulator({ authFailuresPerMinute: 0 })
  })
  afterAll(() => simulator.close())

  test('a proper call is let in', async () => {
    expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(0)
  })

  test.each<[string, CallInput, number]>([
    ['no sdkappid', { query: { sdkappid: undefined } }, 60012],
    ['an empty sdkappid', { query: { sdkappid: '' } }, 60012],
    ['an sdkappid that is no number', { query: { sdkappid: '14e8' } }, 60025],
    ['an sdkappid twice', { rawQuery: `${queryOf()}&sdkappid=1` }, 60012],
    ['an SdkAppId in another case', { query: { sdkappid: undefined, SdkAppId: String(APP_ID) } }, 60012],
    ['no identifier', { query: { identifier: undefined } }, 60025],
    ['an empty identifier', { query: { identifier: '' } }, 60025],
    ['an identifier over 32 bytes', { query: { identifier: 'a'.repeat(33) } }, 60025],
    ['an identifier twice', { rawQuery: `${queryOf()}&identifier=administrator` }, 60025],
    ['no usersig', { query: { usersig: undefined } }, 60025],
    ['an empty usersig', { query: { usersig: '' } }, 60025],
    ['no contenttype', { query: { contenttype: undefined } }, 60025],
    ['contenttype JSON', { query: { contenttype: 'JSON' } }, 60025],
    ['no random', { query: { random: undefined } }, 60025],
    ['an empty random', { query: { random: '' } }, 60025],
    ['a random of 2^32', { query: { random: '4294967296' } }, 60025],
    ['a negative random', { query: { random: '-1' } }, 60025],
    ['a random with a fraction', { query: { random: '1.5' } }, 60025],
    ['a random in hex', { query: { random: 'ff' } }, 60025],
    ['the largest random', { query: { random: '4294967295' } }, 0],
    ['the smallest random', { query: { random: '0' } }, 0],
    ['a parameter nobody knows', { rawQuery: `${queryOf()}&more=1` }, 0],
    ['broken percent-encoding', { rawQuery: `${queryOf()}&x=%zz` }, 60002],
    ['GET', { method: 'GET', rawBody: '' }, 60009],
    ['PUT', { method: 'PUT' }, 60009],
    ['a service nobody knows', { service: 'SNS' }, 60009],
    ['an unknown app', { query: { sdkappid: '1400000001' } }, 70020],
    ['a usersig that is none', { query: { usersig: 'abc' } }, 70003],
    [
      'a usersig in standard base64',
      { query: { usersig: `${sign().replaceAll('*', '+').replaceAll('_', '=').replaceAll('-', '/')}AA==` } },
      70003,
    ],
    ['a usersig of another app', { query: { usersig: sign({ sdkAppId: 1_400_000_001 }) } }, 70014],
    ['a usersig of another account', { query: { usersig: sign({ identifier: 'somebody' }) } }, 70013],
    ['an expired usersig', { query: { usersig: sign({ issuedAt: NOW, expireSeconds: 60 }) } }, 70001],
    ['a usersig with another key', { query: { usersig: sign({ key: 'f'.repeat(64) }) } }, 70009],
    [
      'a usersig at level 0 with a newline, as Go makes it',
      { query: { usersig: sign({ level: 0, trailer: '\n' }) } },
      0,
    ],
    ['a usersig that inflates to 10 MB', { query: { usersig: pack(' '.repeat(10_000_000)) } }, 70003],
    ['somebody who is no admin', { query: { identifier: 'user_1', usersig: sign({ identifier: 'user_1' }) } }, 60010],
    ['an empty body', { rawBody: '' }, 60003],
    ['a body that is no JSON', { rawBody: '{"From_Account":' }, 60003],
    ['a body that is an array', { rawBody: '[]' }, 60003],
    ['a body that is null', { rawBody: 'null' }, 60003],
    ['a wrong method before a wrong signature', { method: 'GET', query: { usersig: 'abc' }, rawBody: '' }, 60009],
    ['a wrong key before a bad body', { query: { usersig: sign({ key: 'x' }) }, rawBody: '' }, 70009],
  ])('%s is answered with HTTP 200 and its code', async (_, input, code) => {
    const answer = await call(simulator, 'friend_delete_all', clear('user_1'), input)
    expect(answer.ErrorCode).toBe(code)
    expect(answer.ActionStatus).toBe(code === 0 ? 'OK' : 'FAIL')
    expect(answer.ErrorInfo === '').toBe(code === 0)
  })

  test('a command nobody knows is answered with 60009', async () => {
    expect(await codeOf(simulator, 'friend_add', {})).toBe(60009)
  })

  test('a body over 1 MB is turned away by the proxy with 413', async () => {
    const answer = await send(simulator, 'friend_delete_all', undefined, { rawBody: Buffer.alloc(1_100_000, 0x20) })
    expect(answer.status).toBe(413)
  })

  test('a request that is no HTTP ends with 400', async () => {
    const answer = new Promise<number>((resolve, reject) => {
      const request = rawRequest({
        host: '127.0.0.1',
        port: simulator.port,
        method: 'POST',
        path: '/v4/sns/friend_get',
        headers: { 'Content-Length': 'x' },
      })
      request.on('response', response => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      request.on('error', reject)
      request.end()
    })
    expect(await answer).toBe(400)
  })

  test('answers carry no Content-Type and the headers of the sample', async () => {
    const { headers, body } = await send(simulator, 'friend_delete_all', clear('user_1'))
    expect(headers).not.toHaveProperty('content-type')
    expect(headers).not.toHaveProperty('keep-alive')
    expect(headers).toMatchObject({
      server: 'nginx',
      connection: 'keep-alive',
      'content-length': String(body.length),
      'access-control-allow-origin': '*',
    })
  })
})

describe('the standing of an app', () => {
  test.each([
    ['disabled', 60016],
    ['plan_expired', 60020],
    ['ip_refused', 60021],
    ['trial_used_up', 60028],
  ] as const)('%s is answered with %i until it is repaired', async (standing, code) => {
    await withSimulator({}, async simulator => {
      simulator.setApp({ standing })
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(code)
      simulator.setApp({ standing: 'good' })
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(0)
    })
  })

  test('an address that is not on the list is refused', async () => {
    await withSimulator({}, async simulator => {
      simulator.setApp({ allowedIps: ['192.0.2.1'] })
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(60021)
      simulator.setApp({ allowedIps: ['192.0.2.1', '127.0.0.1'] })
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(0)
    })
  })

  test('an app called on a host of another region is refused, on its own host and on any other it is not', async () => {
    await withSimulator(
      { apps: [{ sdkAppId: APP_ID, keys: [SAMPLE_KEY], admins: ['administrator'], region: 'singapore' }] },
      async simulator => {
        const at = (host: string): Promise<number> =>
          codeOf(simulator, 'friend_delete_all', clear('user_1'), { headers: { host } })
        expect(await at('console.tim.qq.com')).toBe(60026)
        expect(await at('adminapisgp.im.qcloud.com:443')).toBe(0)
        expect(await at('adminapisgp.my-imcloud.com')).toBe(0)
        expect(await at('127.0.0.1')).toBe(0)
      },
    )
  })

  test('the admin right can be taken away and given back', async () => {
    await withSimulator({}, async simulator => {
      simulator.setApp({ admins: [] })
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(60010)
      simulator.setApp({ admins: ['administrator'] })
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(0)
    })
  })

  test('two apps have ceilings and keys of their own', async () => {
    const apps = [
      { sdkAppId: 1, keys: ['key one'], admins: ['a'] },
      { sdkAppId: 2, keys: ['key two'], admins: ['a'] },
    ]
    await withSimulator({ apps, limitPerSecond: 1, monotonic: () => 5000 }, async simulator => {
      const as = (sdkAppId: number, key: string): Promise<number> =>
        codeOf(simulator, 'friend_delete_all', clear('user_1'), {
          query: { sdkappid: String(sdkAppId), identifier: 'a', usersig: sign({ sdkAppId, identifier: 'a', key }) },
        })
      expect([await as(1, 'key one'), await as(2, 'key one'), await as(2, 'key two'), await as(1, 'key one')]).toEqual([
        0, 70009, 0, 60007,
      ])
    })
  })
})

describe('signatures over time', () => {
  test('hold up to and including the second of their end, by the simulator’s own clock', async () => {
    await withSimulator({ now: () => NOW * 1000 }, async simulator => {
      const usersig = sign({ issuedAt: NOW, expireSeconds: 60 })
      const at = (seconds: number): Promise<number> => {
        simulator.setClock({ at: (NOW + seconds) * 1000 + 999 })
        return codeOf(simulator, 'friend_delete_all', clear('user_1'), { query: { usersig } })
      }
      expect([await at(0), await at(60), await at(61), await at(30)]).toEqual([0, 0, 70001, 0])
    })
  })

  test('a clock that is skewed by a day finds a fresh signature expired', async () => {
    await withSimulator({ skewMs: 86_500_000 }, async simulator => {
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(70001)
    })
  })

  test('a key can be changed while the server runs, with or without a time in which both work', async () => {
    await withSimulator({}, async simulator => {
      const withKey = (key: string): Promise<number> =>
        codeOf(simulator, 'friend_delete_all', clear('user_1'), { query: { usersig: sign({ key }) } })
      simulator.setKey([SAMPLE_KEY, 'new key'])
      expect([await withKey(SAMPLE_KEY), await withKey('new key')]).toEqual([0, 0])
      simulator.setKey('new key')
      expect([await withKey(SAMPLE_KEY), await withKey('new key')]).toEqual([70009, 0])
    })
  })

  test('too many bad signatures within a minute make everybody wait for a minute', async () => {
    await withSimulator({ now: () => NOW * 1000, authFailuresPerMinute: 3 }, async simulator => {
      const use = (key: string): Promise<number> =>
        codeOf(simulator, 'friend_delete_all', clear('user_1'), { query: { usersig: sign({ key, issuedAt: NOW }) } })
      expect([await use('x'), await use('x'), await use('x'), await use(SAMPLE_KEY)]).toEqual([70009, 70009, 70009, 0])
      simulator.setClock({ at: (NOW + 61) * 1000, frozen: true })
      expect([await use('x'), await use(SAMPLE_KEY)]).toEqual([70009, 0])
      expect([await use('x'), await use('x'), await use('x'), await use(SAMPLE_KEY)]).toEqual([
        70009, 70009, 70009, 70050,
      ])
      simulator.setClock({ at: (NOW + 120) * 1000 })
      expect(await use(SAMPLE_KEY)).toBe(70050)
      simulator.setClock({ at: (NOW + 121) * 1000 })
      expect(await use(SAMPLE_KEY)).toBe(0)
    })
  })
})

import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, expect, test } from 'vitest'
import {
  InvalidFaultRuleError,
  InvalidSimulatorInputError,
  type Simulator,
  startSimulator,
} from '../../../simulator/index.ts'
import { eventually } from '../../helpers/eventually.ts'
import { clear, codeOf, queryOf, SAMPLE_KEY, sign, withSimulator } from './caller.ts'
import { selfSigned } from './self-signed.ts'

/** Reads something under `/simulator`. */
const read = async (simulator: Simulator, path: string): Promise<unknown> =>
  (await fetch(`${simulator.url}/simulator/${path}`)).json()

/** Changes something under `/simulator`; gives the status and the answer. */
async function change(simulator: Simulator, name: string, body: unknown): Promise<[number, unknown]> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await fetch(`${simulator.url}/simulator/${name}`, { method: 'POST', body: text })
  return [answer.status, await answer.json()]
}

const OK = [200, { ok: true }]

describe('steering over HTTP', () => {
  test('lists what can be read and changed', async () => {
    await withSimulator({}, async simulator => {
      const answer = await fetch(`${simulator.url}/simulator`)
      expect(await answer.json()).toEqual({
        read: ['figures', 'faults', 'arrivals', 'friends', 'ledger'],
        change: ['faults', 'limit', 'key', 'app', 'clock', 'users', 'latency', 'timing', 'reset'],
      })
    })
  })

  test('reads the same figures, arrivals, friends and ledger as the library, and is not counted itself', async () => {
    await withSimulator({ users: { count: 3, groupsOf: 3 }, faults: ['30006:accounts=user_2'] }, async simulator => {
      await codeOf(simulator, 'friend_delete_all', clear('user_1', 'Delete_Type_Single'))
      await codeOf(simulator, 'friend_delete_all', clear('user_2'))
      const { uptimeMs: _, connections: __, openConnections: ___, ...figures } = simulator.figures()
      expect(await read(simulator, 'figures')).toMatchObject(JSON.parse(JSON.stringify(figures)))
      expect(await read(simulator, 'faults')).toMatchObject([{ hits: 1 }])
      expect(await read(simulator, 'arrivals?command=friend_delete_all')).toEqual({
        command: 'friend_delete_all',
        stamps: simulator.arrivals('friend_delete_all'),
      })
      expect(await read(simulator, 'friends?account=user_2')).toEqual({
        account: 'user_2',
        friends: ['user_1', 'user_3'],
      })
      const lines = (await (await fetch(`${simulator.url}/simulator/ledger`)).text()).trim().split('\n')
      expect(lines.map(line => JSON.parse(line))).toEqual([...simulator.ledger()])
      expect(lines).toHaveLength(2)
      expect(await read(simulator, 'ledger?account=user_2')).toEqual(simulator.ledgerOf('user_2'))
      expect(simulator.figures().requests).toBe(2)
    })
  })

  test('streams a ledger of many lines whole', async () => {
    await withSimulator({ users: { importAll: true } }, async simulator => {
      const accounts = Array.from({ length: 1234 }, (_, index) => ({ UserID: `a${index}` }))
      for (let from = 0; from < accounts.length; from += 100) {
        await codeOf(simulator, 'account_check', { CheckItem: accounts.slice(from, from + 100) })
      }
      const text = await (await fetch(`${simulator.url}/simulator/ledger`)).text()
      expect(
        new Set(
          text
            .trim()
            .split('\n')
            .map(line => JSON.parse(line).account),
        ).size,
      ).toBe(1234)
    })
  })

  test('changes faults, limits, latency and timing', async () => {
    await withSimulator({}, async simulator => {
      const once = (): Promise<number> => codeOf(simulator, 'friend_delete_all', clear('user_1'))
      expect(await change(simulator, 'faults', { rules: ['30006', { answer: { code: 30007 } }] })).toEqual(OK)
      expect(await once()).toBe(30006)
      expect(await change(simulator, 'faults', { rules: [] })).toEqual(OK)
      expect(await change(simulator, 'timing', { backendTimeout: { afterMs: 10 } })).toEqual(OK)
      expect(await change(simulator, 'latency', { latency: 1000 })).toEqual(OK)
      expect(await once()).toBe(60008)
      expect(await change(simulator, 'latency', { latency: { p50Ms: 1, p99Ms: 2 } })).toEqual(OK)
      expect(await once()).toBe(0)
      expect(
        await change(simulator, 'limit', { command: 'friend_delete_all', perSecond: 0, algorithm: 'aligned' }),
      ).toEqual(OK)
      expect(await once()).toBe(60007)
    })
  })

  test('changes the key, the app, the clock and the users', async () => {
    await withSimulator({}, async simulator => {
      const once = (account = 'user_1'): Promise<number> => codeOf(simulator, 'friend_delete_all', clear(account))
      expect(await change(simulator, 'key', { keys: 'another' })).toEqual(OK)
      expect(await once()).toBe(70009)
      expect(await change(simulator, 'key', { keys: ['another', SAMPLE_KEY], sdkAppId: 1_400_000_000 })).toEqual(OK)
      expect(await change(simulator, 'app', { change: { standing: 'plan_expired' } })).toEqual(OK)
      expect(await once()).toBe(60020)
      expect(await change(simulator, 'app', { change: { standing: 'good' } })).toEqual(OK)
      expect(await change(simulator, 'clock', { skewMs: 100_000_000 })).toEqual(OK)
      expect(await once()).toBe(70001)
      expect(await change(simulator, 'clock', { skewMs: 0 })).toEqual(OK)
      expect(await once('zoe')).toBe(30003)
      expect(await change(simulator, 'users', { users: ['zoe', { account: 'yves', friends: ['zoe'] }] })).toEqual(OK)
      expect([await once('zoe'), await once('yves')]).toEqual([0, 0])
    })
  })

  test('resets figures and users, together or apart, and keeps the rules', async () => {
    await withSimulator(
      {
        users: { count: 4, groupsOf: 4 },
        limitPerSecond: 1,
        faults: ['30006:accounts=user_4,times=1'],
        monotonic: () => 5000,
      },
      async simulator => {
        const once = (account: string): Promise<number> => codeOf(simulator, 'friend_delete_all', clear(account))
        expect([await once('user_1'), await once('user_2')]).toEqual([0, 60007])
        expect(await change(simulator, 'reset', { users: false })).toEqual(OK)
        expect(simulator.figures()).toMatchObject({ requests: 0, byCode: {} })
        expect([[...simulator.ledger()], simulator.friendsOf('user_1')]).toEqual([[], []])
        expect(await once('user_4')).toBe(30006)
        expect(await change(simulator, 'reset', '')).toEqual(OK)
        expect(simulator.friendsOf('user_1')).toHaveLength(3)
        expect(await once('user_4')).toBe(30006)
      },
    )
  })

  test.each([
    ['faults', 'nonsense', 'faults: the body is no JSON'],
    ['faults', {}, 'faults: rules: '],
    ['faults', { rules: ['30006:shre=1'] }, 'fault "30006:shre=1": unknown option "shre"'],
    ['faults', { rules: [{ answer: { cod: 30006 } }] }, 'fault {"answer":{"cod":30006}}: answer: expected { code }'],
    ['limit', { perSecond: -1 }, 'limit: perSecond: '],
    ['limit', { command: 'friend_add' }, 'limit: command: '],
    ['limit', { persecond: 1 }, 'limit: Unrecognized key: "persecond"'],
    ['key', { keys: [] }, 'key: keys: '],
    ['key', { keys: 'x', sdkAppId: 5 }, 'sdkAppId: there is no app 5'],
    ['app', { change: { standing: 'bad' } }, 'app: change.standing: '],
    ['clock', { at: 'noon' }, 'clock: at: '],
    ['users', { users: [{ account: 5 }] }, 'users: users.0.account: '],
    ['latency', { latency: 'fast' }, 'latency: latency: expected ms'],
    ['timing', { lockMs: -1 }, 'timing: lockMs: '],
    ['reset', { all: true }, 'reset: Unrecognized key: "all"'],
  ])('refuses a bad change of %s with one clear error', async (name, body, problem) => {
    await withSimulator({}, async simulator => {
      const [status, answer] = await change(simulator, name, body)
      expect(status).toBe(400)
      expect(answer).toEqual({ error: expect.stringContaining(problem) })
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(0)
    })
  })

  test('knows no other names and methods', async () => {
    await withSimulator({}, async simulator => {
      const status = async (path: string, method: string): Promise<number> =>
        (await fetch(`${simulator.url}/simulator/${path}`, { method })).status
      expect([
        await status('secrets', 'GET'),
        await status('secrets', 'POST'),
        await status('constructor', 'GET'),
        await status('constructor', 'POST'),
        await status('faults', 'DELETE'),
        await status('arrivals?command=x', 'GET'),
      ]).toEqual([404, 404, 404, 404, 405, 400])
    })
  })

  test('is closed to callers from other machines', async () => {
    const outside = Object.values(networkInterfaces())
      .flatMap(addresses => addresses ?? [])
      .find(address => address.family === 'IPv4' && !address.internal)?.address
    await withSimulator({ host: '0.0.0.0' }, async simulator => {
      const host = outside ?? '127.0.0.1'
      const answer = await fetch(`http://${host}:${simulator.port}/simulator/figures`)
      expect(answer.status).toBe(outside === undefined ? 200 : 403)
    })
  })

  test('can be switched off; the path is then as unknown as to the vendor', async () => {
    await withSimulator({ control: false }, async simulator => {
      expect(await read(simulator, 'figures')).toMatchObject({ ErrorCode: 60009 })
    })
  })
})

describe('starting', () => {
  test.each([
    [{ users: { count: -1 } }, InvalidSimulatorInputError, 'users: count: '],
    [{ latency: -5 }, InvalidSimulatorInputError, 'latency: '],
    [{ apps: [] }, InvalidSimulatorInputError, 'apps: at least one app is needed'],
    [{ limitPerSecond: 1.5 }, InvalidSimulatorInputError, 'limit: perSecond: '],
    [{ faults: ['nonsense'] }, InvalidFaultRuleError, 'fault "nonsense": '],
  ])('with %j is refused', async (options, kind, problem) => {
    await expect(startSimulator(options)).rejects.toThrow(kind)
    await expect(startSimulator(options)).rejects.toThrow(problem)
  })

  test('on a port that is taken is refused with the system’s error', async () => {
    await withSimulator({}, async simulator => {
      await expect(startSimulator({ port: simulator.port })).rejects.toThrow('EADDRINUSE')
    })
  })

  test('a bad change by the library changes nothing', async () => {
    await withSimulator({ faults: ['30006'] }, async simulator => {
      expect(() => simulator.setFaults(['30007', 'nonsense'])).toThrow(InvalidFaultRuleError)
      expect(() => simulator.setApp({ admins: [] }, 5)).toThrow(InvalidSimulatorInputError)
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(30006)
    })
  })
})

describe('over TLS', () => {
  const tls = selfSigned()

  const post = (simulator: Simulator, signal?: AbortSignal): Promise<number> =>
    new Promise((resolve, reject) => {
      const path = `/v4/sns/friend_delete_all?${queryOf({ usersig: sign() })}`
      const request = httpsRequest(
        {
          host: '127.0.0.1',
          port: simulator.port,
          method: 'POST',
          path,
          ca: tls.cert,
          servername: 'localhost',
          checkServerIdentity: () => undefined,
          agent: false,
          signal,
        },
        response => {
          response.resume()
          response.on('end', () => resolve(response.statusCode ?? 0))
        },
      )
      request.on('error', reject)
      request.end(JSON.stringify(clear('user_1')))
    })

  test('calls are answered, reset and left in the handshake', async () => {
    await withSimulator({ tls }, async simulator => {
      expect(simulator.url).toMatch(/^https:/)
      expect(await post(simulator)).toBe(200)
      simulator.setFaults(['reset-after-apply'])
      await expect(post(simulator)).rejects.toThrow()
      expect(simulator.ledgerOf('user_1')).toMatchObject({ deletesApplied: 2, okAnswers: 1 })
      simulator.setFaults(['stall-connection'])
      const before = simulator.figures().connections
      const caller = new AbortController()
      const stalled = post(simulator, caller.signal)
      await eventually('the connection', async () => simulator.figures().connections > before)
      caller.abort()
      await expect(stalled).rejects.toThrow('aborted')
      expect(simulator.figures().requests).toBe(2)
    })
  })

  test('a caller that speaks no TLS does no harm', async () => {
    await withSimulator({ tls }, async simulator => {
      await new Promise<void>(resolve => {
        const socket = connect(simulator.port, '127.0.0.1', () => socket.end('GET / HTTP/1.1\r\n\r\n'))
        socket.on('error', () => {})
        socket.on('close', () => resolve())
        socket.resume()
      })
      expect(await post(simulator)).toBe(200)
    })
  })
})

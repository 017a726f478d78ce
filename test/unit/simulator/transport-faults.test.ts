import { Agent } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { AnswerRecord, SimulatorOptions } from '../../../simulator/index.ts'
import { eventually } from '../../helpers/eventually.ts'
import { clear, codeOf, send, startClear, withSimulator } from './caller.ts'

const USERS: SimulatorOptions = { users: { count: 10, privateFriends: 3 } }

describe('broken connections', () => {
  test.each([
    ['reset-before', 3, 'reset'],
    ['reset-after-read', 3, 'reset'],
    ['reset-after-apply', 0, 'reset'],
    ['reset-before:accounts=user_1', 3, 'reset'],
    ['half-body', 0, 'half_body'],
    ['half-body:apply=no', 3, 'half_body'],
  ])('%s ends the call without an answer and leaves %i friends', async (fault, friendsLeft, key) => {
    await withSimulator(
      { ...USERS, faults: [`${fault}${fault.includes(':') ? ',' : ':'}total=1`] },
      async simulator => {
        await expect(send(simulator, 'friend_delete_all', clear('user_1'))).rejects.toThrow()
        expect(simulator.ledgerOf('user_1')).toMatchObject({
          friendsLeft,
          deletesApplied: friendsLeft === 0 ? 1 : 0,
          okAnswers: 0,
        })
        expect(simulator.figures().byCommand.friend_delete_all).toMatchObject({ calls: 1, byCode: { [key]: 1 } })
        expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(0)
      },
    )
  })

  test.each([
    ['hang', 3],
    ['hang-after-apply', 0],
  ])('%s never answers and leaves %i friends', async (fault, friendsLeft) => {
    await withSimulator({ ...USERS, faults: [`${fault}:total=1`] }, async simulator => {
      const hangUp = startClear(simulator)
      await eventually('the call to hang', async () => simulator.figures().faults[0]?.hits === 1)
      // A later call has its answer, while the first one still has none.
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_2'))).toBe(0)
      expect(await hangUp()).toBe('no answer')
      expect(simulator.ledgerOf('user_1').friendsLeft).toBe(friendsLeft)
    })
  })

  test('fin-after-answer answers properly and then ends the connection unannounced', async () => {
    const agent = new Agent({ keepAlive: true })
    await withSimulator({ ...USERS, faults: ['fin-after-answer:total=1'] }, async simulator => {
      const answer = await send(simulator, 'friend_delete_all', clear('user_1'), { agent })
      expect([answer.status, answer.headers.connection]).toEqual([200, 'keep-alive'])
      await eventually('the connection to end', async () => simulator.figures().openConnections === 0)
    })
    agent.destroy()
  })

  test('stall-connection leaves a new connection without any answer, the next one is served', async () => {
    await withSimulator({ ...USERS, faults: ['stall-connection:total=1'] }, async simulator => {
      const hangUp = startClear(simulator)
      await eventually('the connection', async () => simulator.figures().connections === 1)
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(0)
      expect(await hangUp()).toBe('no answer')
      expect(simulator.figures()).toMatchObject({ connections: 2, requests: 1 })
    })
  })

  test('an idle connection is ended when its time is over', async () => {
    const agent = new Agent({ keepAlive: true })
    await withSimulator({ ...USERS, keepAliveMs: 50 }, async simulator => {
      await codeOf(simulator, 'friend_delete_all', clear('user_1'), { agent })
      await eventually('the connection to end', async () => simulator.figures().openConnections === 0)
    })
    agent.destroy()
  })

  test('a caller who hangs up before the answer is counted as gone, the change is made all the same', async () => {
    await withSimulator({ ...USERS, latency: 1500 }, async simulator => {
      const hangUp = startClear(simulator)
      await eventually('the call to arrive', async () => simulator.figures().requests === 1)
      expect(await hangUp()).toBe('no answer')
      await eventually('the change', async () => simulator.ledgerOf('user_1').deletesApplied === 1)
      expect(simulator.ledgerOf('user_1')).toMatchObject({
        friendsLeft: 0,
        okAnswers: 0,
        answers: { friend_delete_all: { client_gone: 1 } },
      })
    })
  })
})

describe('answers of a proxy', () => {
  test.each([302, 403, 429, 500, 502, 503, 504])(
    'HTTP %i comes with a page of HTML and changes nothing',
    async status => {
      await withSimulator({ ...USERS, faults: [`http-${status}:times=1`] }, async simulator => {
        const answer = await send(simulator, 'friend_delete_all', clear('user_1'))
        expect([answer.status, answer.headers['content-type']]).toEqual([status, 'text/html'])
        expect(answer.body.toString()).toContain(`<h1>${status}`)
        expect('location' in answer.headers).toBe(status === 302)
        expect(simulator.ledgerOf('user_1')).toMatchObject({
          friendsLeft: 3,
          answers: { friend_delete_all: { [`http_${status}`]: 1 } },
        })
      })
    },
  )

  test('HTTP 504 can come although the change was made', async () => {
    await withSimulator({ ...USERS, faults: ['http-504:times=1,apply=yes'] }, async simulator => {
      expect((await send(simulator, 'friend_delete_all', clear('user_1'))).status).toBe(504)
      expect(simulator.ledgerOf('user_1')).toMatchObject({ friendsLeft: 0, deletesApplied: 1, okAnswers: 0 })
    })
  })
})

describe('broken bodies', () => {
  const OK = '{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","ErrorDisplay":""}'

  test.each([
    ['empty', ''],
    ['null', 'null'],
    ['array', `[${OK}]`],
    ['text', 'OK'],
    ['html', '<html><body>OK</body></html>'],
    ['truncated', OK.slice(0, 34)],
    ['code-string', OK.replace(':0', ':"0"')],
    ['no-code', OK.replace('"ErrorCode":0,', '')],
    ['ok-nonzero', OK.replace(':0', ':30006')],
    ['fail-zero', OK.replace('"OK"', '"FAIL"')],
    ['bom', `\uFEFF${OK}`],
    ['duplicate-keys', `{"ActionStatus":"FAIL","ErrorCode":30006,${OK.slice(1)}`],
  ])('%s', async (kind, body) => {
    await withSimulator({ ...USERS, faults: [`malformed-${kind}`] }, async simulator => {
      const answer = await send(simulator, 'friend_delete_all', clear('user_1'))
      expect([answer.status, answer.body.toString('utf8')]).toEqual([200, body])
      expect(simulator.ledgerOf('user_1')).toMatchObject({ deletesApplied: 1, okAnswers: 0 })
    })
  })

  test('utf-16 is the proper answer in the wrong encoding', async () => {
    await withSimulator({ ...USERS, faults: ['malformed-utf-16'] }, async simulator => {
      const { body } = await send(simulator, 'friend_delete_all', clear('user_1'))
      expect(body.toString('utf16le')).toBe(`\uFEFF${OK}`)
    })
  })

  test('huge is 5 MB of valid JSON', async () => {
    await withSimulator({ ...USERS, faults: ['malformed-huge'] }, async simulator => {
      const { body } = await send(simulator, 'friend_delete_all', clear('user_1'))
      expect(body.length).toBeGreaterThan(5 * 1024 * 1024)
      expect(JSON.parse(body.toString('utf8'))).toMatchObject({ ErrorCode: 0 })
    })
  })
})

describe('codes by rule', () => {
  test.each([30006, 60018, 60019, 61234, 70346, 38123])(
    '%i is answered as often as told, then the call goes through',
    async code => {
      await withSimulator({ ...USERS, faults: [`${code}:accounts=user_1,times=2`] }, async simulator => {
        const codes = [1, 2, 3].map(() => () => codeOf(simulator, 'friend_delete_all', clear('user_1')))
        const seen: number[] = []
        for (const next of codes) seen.push(await next())
        expect(seen).toEqual([code, code, 0])
        expect(simulator.ledgerOf('user_1')).toMatchObject({
          deletesApplied: 1,
          okAnswers: 1,
          answers: { friend_delete_all: { [code]: 2, 0: 1 } },
        })
        expect(simulator.figures().faults).toMatchObject([{ hits: 2 }])
      })
    },
  )

  test('30007 can hide that the change was made, and partial that half of it was', async () => {
    await withSimulator(
      { ...USERS, faults: ['30007:accounts=user_1,apply=yes', 'partial:accounts=user_2'] },
      async simulator => {
        expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(30007)
        expect(await codeOf(simulator, 'friend_delete_all', clear('user_2'))).toBe(30007)
        expect([simulator.friendsOf('user_1'), simulator.friendsOf('user_2')]).toEqual([[], ['user_2~3']])
        expect([simulator.friendsOf('user_2~1'), simulator.friendsOf('user_2~3')]).toEqual([[], ['user_2']])
      },
    )
  })

  test('0 without the change is a lie that only a read can uncover', async () => {
    await withSimulator({ ...USERS, faults: ['0:accounts=user_1,command=friend_delete_all'] }, async simulator => {
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(0)
      expect(simulator.ledgerOf('user_1')).toMatchObject({ okAnswers: 1, deletesApplied: 0, friendsLeft: 3 })
    })
  })

  test('a delay holds back the answer, not the change', async () => {
    await withSimulator({ ...USERS, faults: ['delay-60s:accounts=user_1'] }, async simulator => {
      const answer = send(simulator, 'friend_delete_all', clear('user_1')).catch(() => undefined)
      await eventually('the change', async () => simulator.friendsOf('user_1').length === 0)
      expect(simulator.ledgerOf('user_1').answers).toEqual({})
      await simulator.close()
      expect(await answer).toBeUndefined()
    })
  })
})

test('with a mix of faults every extra call is explained by a hit of a rule', async () => {
  const answers = [
    '30006',
    '30007',
    '60008',
    'http-502',
    'reset-before',
    'reset-after-apply',
    'half-body',
    'malformed-html',
  ]
  const faults = answers.map(
    (answer, index) => `${answer}:slice=${index * 0.1}..${(index + 1) * 0.1},times=${1 + (index % 2)}`,
  )
  await withSimulator(
    { users: { count: 150, privateFriends: 1 }, limitPerSecond: 1_000_000, faults },
    async simulator => {
      const clearUntilOk = async (account: string): Promise<void> => {
        while ((await codeOf(simulator, 'friend_delete_all', clear(account)).catch(() => -1)) !== 0);
      }
      const accounts = Array.from({ length: 150 }, (_, index) => `user_${index + 1}`)
      await Promise.all(accounts.map(clearUntilOk))
      const figures = simulator.figures()
      const hits = figures.faults.reduce((sum, rule) => sum + rule.hits, 0)
      expect(figures.byCommand.friend_delete_all.calls).toBe(150 + hits)
      expect(figures.faults.every(rule => rule.hits > 0)).toBe(true)
      expect([...simulator.ledger()].every(line => line.okAnswers === 1 && line.friendsLeft === 0)).toBe(true)
    },
  )
})

describe('what is seen of connections and requests', () => {
  test('calls over one pooled connection are counted as one connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    await withSimulator(USERS, async simulator => {
      for (let index = 1; index <= 5; index += 1)
        await codeOf(simulator, 'friend_delete_all', clear(`user_${index}`), { agent })
      expect(simulator.figures()).toMatchObject({ connections: 1, openConnections: 1, requests: 5 })
    })
    agent.destroy()
  })

  test('a caller who wants no keep-alive gets none', async () => {
    await withSimulator(USERS, async simulator => {
      const answer = await send(simulator, 'friend_delete_all', clear('user_1'), { headers: { connection: 'close' } })
      expect(answer.headers.connection).toBe('close')
      await eventually('the connection to end', async () => simulator.figures().openConnections === 0)
    })
  })

  test('random values used twice are counted', async () => {
    await withSimulator(USERS, async simulator => {
      for (const random of ['7', '8', '7'])
        await codeOf(simulator, 'friend_delete_all', clear('user_1'), { query: { random } })
      expect(simulator.figures().repeatedRandoms).toBe(1)
    })
  })

  test('every answer is handed to the log, with the signature cut out and the latency it took', async () => {
    const records: AnswerRecord[] = []
    await withSimulator({ ...USERS, latency: 30, onAnswer: record => records.push(record) }, async simulator => {
      await codeOf(simulator, 'friend_delete_all', clear('user_1'))
      await codeOf(simulator, 'friend_add', {})
      expect(records).toMatchObject([
        { command: 'friend_delete_all', accounts: ['user_1'], answer: '0' },
        { command: undefined, accounts: [], answer: '60009' },
      ])
      expect(records.map(record => record.url).join()).toMatch(/usersig=\[redacted\].*usersig=\[redacted\]/)
      // Timers may fire a millisecond early.
      for (const { tookMs } of records) expect(tookMs).toBeGreaterThan(28)
    })
  })

  test('closing ends everything that is still open, and can be done twice', async () => {
    await withSimulator({ ...USERS, latency: 60_000, backendTimeout: false }, async simulator => {
      const idle = connect(simulator.port, '127.0.0.1')
      const ended = new Promise(resolve => idle.once('close', resolve))
      idle.on('error', () => {})
      const call = send(simulator, 'friend_delete_all', clear('user_1')).then(
        () => 'answered',
        () => 'broken',
      )
      await eventually('both connections', async () => simulator.figures().openConnections === 2)
      await Promise.all([simulator.close(), simulator.close()])
      await ended
      expect(await call).toBe('broken')
    })
  })
})

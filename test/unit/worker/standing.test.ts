import { describe, expect, it, vi } from 'vitest'
import type { Member } from '../../../jobs/status/fleet-members.ts'
import { systemClock } from '../../../limiter/clock.ts'
import { Gate } from '../../../worker/halt/gate.ts'
import type { ProbeResult } from '../../../worker/halt/prober.ts'
import { type Accusation, Standing } from '../../../worker/halt/standing.ts'
import { createLog } from '../../../worker/observe/log.ts'
import { classify } from '../../../worker/vendor/classify.ts'
import { Traffic } from '../../../worker/vendor/traffic.ts'
import { envelopeReply } from '../../helpers/vendor/scripted-call.ts'

const SICK: ProbeResult = { kind: 'sick', verdict: classify(envelopeReply(60010, {})) }
const HEALTHY: ProbeResult = { kind: 'healthy' }
const call = { command: 'friend_delete_all' as const, sentAt: 10 }
const accusation: Accusation = { reason: { code: '60010', text: 'no admin' }, call, isKnown: false }

/** A worker beside others, at a vendor whose answers to probes are given. */
function aWorker({ probes = [SICK] as readonly ProbeResult[], others = [] as readonly (string | null)[] } = {}) {
  const left = [...probes]
  const probe = vi.fn(async () => left.shift() ?? SICK)
  const halts: string[] = []
  const shown: (string | undefined)[] = []
  const beside = others.map(code => member(code))
  const traffic = new Traffic()
  const gate = new Gate()
  gate.add(traffic)
  const standing = new Standing({
    bond: { holds: async () => true },
    members: { read: async () => beside, speak: async me => [me, ...beside], leave: async () => {} },
    control: {
      halt: async halt => {
        halts.push(halt.code)
        return true
      },
    },
    readFleet: async () => ({ paused: null, halted: null, resumed: null }),
    prober: { probe, canConnect: async () => true },
    traffic,
    gate,
    clock: systemClock,
    log: createLog('silent'),
    ceilingPerSecond: 200,
    onAside: code => void shown.push(code),
  })
  return { standing, traffic, probe, halts, shown }
}

const member = (code: string | null): Member => ({
  ...{ id: 'another', host: 'host-2', pid: 1, version: '1', ceilingPerSecond: 200, startedAtMs: 0 },
  aside: code === null ? null : { code, reason: '', sinceMs: 0 },
})

describe('a worker that the vendor blames', () => {
  it('finds the account at fault when a later call succeeds, and probes nothing', async () => {
    const { standing, traffic, probe } = aWorker()
    const ended = traffic.left({ ...call, sentAt: 100 })
    const judged = standing.judge(accusation)
    expect(traffic.isFree).toBe(false)
    ended(true)
    expect(await judged).toBe('account')
    expect([traffic.isFree, probe.mock.calls.length]).toEqual([true, 0])
  })

  it('finds the account at fault when nothing else is under way and a probe succeeds', async () => {
    const { standing, traffic, halts } = aWorker({ probes: [HEALTHY] })
    expect(await standing.judge(accusation)).toBe('account')
    expect([traffic.isFree, standing.asideCode, halts]).toEqual([true, undefined, []])
  })

  it('holds up nobody for an account that was found at fault before', async () => {
    const { standing, traffic, probe } = aWorker()
    traffic.left({ ...call, sentAt: systemClock.monotonicMs() })(true)
    expect(await standing.judge({ ...accusation, isKnown: true })).toBe('account')
    expect(probe).not.toHaveBeenCalled()
  })

  it('stands aside when the probe is refused too, and probes once for all that were under way', async () => {
    const { standing, traffic, probe, shown } = aWorker({ others: [null] })
    const judged = await Promise.all([standing.judge(accusation), standing.judge({ ...accusation, call: undefined })])
    expect(judged).toEqual(['ours', 'ours'])
    expect([traffic.isFree, standing.asideCode, shown]).toEqual([false, '60010', ['60010']])
    expect(probe).toHaveBeenCalledTimes(1)
    await standing.close()
  })

  it('halts the fleet when no other worker works, and not while one does', async () => {
    for (const [others, halted] of [
      [[], ['60010']],
      [['60010', '70009'], ['60010']],
      [[null, '60010'], []],
    ] as const) {
      const { standing, halts } = aWorker({ others })
      await standing.judge(accusation)
      expect(halts, JSON.stringify(others)).toEqual(halted)
      await standing.close()
    }
  })

  it('spends no attempt where a probe shows nothing, and stands by', async () => {
    const { standing, traffic } = aWorker({ probes: [{ kind: 'unclear' }] })
    expect(await standing.judge(accusation)).toBe('ours')
    expect([traffic.isFree, standing.asideCode]).toEqual([true, undefined])
  })

  it('stands aside where something on the way refuses the probe as it refused the accounts', async () => {
    const refused = classify({ kind: 'http', status: 403 })
    const { standing } = aWorker({ probes: [{ kind: 'unclear', verdict: refused }], others: [null] })
    expect(await standing.judge({ ...accusation, reason: refused.reason })).toBe('ours')
    expect(standing.asideCode).toBe('http_403')
    await standing.close()
  })

  it('does not ask a probe about what no probe can see', async () => {
    const { standing, probe } = aWorker({ probes: [HEALTHY], others: [null] })
    expect(await standing.judge({ ...accusation, reason: { code: '60003', text: 'a body' } })).toBe('ours')
    expect([standing.asideCode, probe.mock.calls.length]).toEqual(['60003', 0])
    await standing.close()
  })

  it('works again when it is told to', async () => {
    const { standing, traffic, shown } = aWorker({ others: [null] })
    await standing.judge(accusation)
    await standing.comeBack()
    expect([traffic.isFree, standing.asideCode, shown]).toEqual([true, undefined, ['60010', undefined]])
    await standing.close()
  })
})

describe('a worker that cannot connect', () => {
  it('stands aside after some seconds without any connection, halts nobody, and comes back when it can', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'Date'] })
    try {
      const { standing, halts } = aWorker()
      standing.connectFailed('refused')
      await vi.advanceTimersByTimeAsync(3000)
      standing.connected()
      standing.connectFailed('refused')
      await vi.advanceTimersByTimeAsync(4000)
      standing.connectFailed('refused')
      expect(standing.asideCode).toBeUndefined()
      await vi.advanceTimersByTimeAsync(1500)
      standing.connectFailed('refused')
      expect([standing.asideCode, halts]).toEqual(['unreachable', []])
      await vi.advanceTimersByTimeAsync(2000)
      expect(standing.asideCode).toBeUndefined()
      await standing.close()
    } finally {
      vi.useRealTimers()
    }
  })
})

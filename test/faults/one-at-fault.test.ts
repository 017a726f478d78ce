/**
 * Promise 5 of the design: one account's fault and one worker's fault are not everybody's. Three real workers, of which
 * one is sick, or at a vendor that blames us for some accounts alone.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createDeadLetters } from '../../jobs/dead-letters/dead-letters.ts'
import { DEFAULT_APP } from '../../simulator/index.ts'
import { codeRules } from '../../worker/vendor/error-codes.ts'
import { eventually } from '../helpers/eventually.ts'
import { fleetForTest, type VendorAndWorkers } from '../helpers/fleets/vendor-and-workers.ts'

const BLAMES = new Set(['stop', 'renew_signature', 'recheck_signature'])
/** The codes that blame our credentials or settings. */
const BLAMING = Object.entries(codeRules).flatMap(([code, rule]) => (BLAMES.has(rule.class) ? [Number(code)] : []))
const OTHERS = 400
const others = Array.from({ length: OTHERS }, (_, index) => `user_${index + 1}`)

const linesOf = ({ workers }: VendorAndWorkers, text: string): string[] =>
  workers.flatMap(worker => worker.logLines).filter(line => line.includes(text))

const aside = async (fleet: VendorAndWorkers): Promise<readonly string[]> =>
  (await fleet.readStatus()).aside.map(({ code }) => code)

describe('a fleet', () => {
  it('clears all others while the vendor blames us for one account of each code', async () => {
    const fleet = await fleetForTest({
      workers: 3,
      simulator: {
        users: { importAll: true },
        latency: 40,
        authFailuresPerMinute: 0,
        faults: BLAMING.map(code => ({
          accounts: { list: [`poison_${code}`] },
          answer: { code },
          times: 'always' as const,
        })),
      },
      settings: { MAX_ATTEMPTS: '3' },
    })
    const every = Math.floor(OTHERS / BLAMING.length)
    await fleet.enqueue(
      others.flatMap((account, index) => {
        const code = index % every === 0 ? BLAMING[index / every] : undefined
        return code === undefined ? [account] : [account, `poison_${code}`]
      }),
    )
    // Their quick attempts would take calls from the others.
    const delays = async (): Promise<number[]> => (await fleet.queue.getDelayed()).map(job => job.delay)
    await eventually('poisoned accounts to wait', async () => (await delays()).length >= 3)
    expect(Math.min(...(await delays()))).toBeGreaterThanOrEqual(10_000)
    await eventually(
      'all jobs to end',
      async () => {
        await fleet.hurry()
        const { outcomes } = await fleet.readStatus()
        return outcomes.cleared + outcomes.dead_lettered === OTHERS + BLAMING.length
      },
      90_000,
    )

    const { outcomes, halted } = await fleet.readStatus()
    expect({ halted, cleared: outcomes.cleared }).toEqual({ halted: null, cleared: OTHERS })
    expect(linesOf(fleet, 'stands aside')).toEqual([])
    expect(linesOf(fleet, 'fleet halted')).toEqual([])
    const dead = new Map<string | null, string>()
    for await (const { account, code } of createDeadLetters(fleet.redis, fleet.prefix).read()) dead.set(account, code)
    expect(Object.fromEntries(dead)).toEqual(Object.fromEntries(BLAMING.map(code => [`poison_${code}`, String(code)])))
    const lines = await fleet.settledLines(OTHERS + BLAMING.length)
    expect(lines.filter(line => line.outcome === 'cleared' && line.attempts > 1)).toEqual([])
  })

  it('goes on without a worker that has an old key; that one says so, burns nothing, and comes back with the right key', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'clear-friends-old-key-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const keyFile = join(folder, 'key')
    await writeFile(keyFile, 'an-old-key-that-is-not-valid-any-more')
    const fleet = await fleetForTest({ workers: 2, simulator: { users: { importAll: true }, latency: 40 } })
    const sick = await fleet.addWorker({ IM_SECRET_KEY: '', IM_SECRET_KEY_FILE: keyFile })
    await fleet.enqueue(others)
    await eventually('the worker to stand aside', async () => (await aside(fleet)).includes('70009'))
    expect((await fetch(`${sick.url}/readyz`)).status).toBe(503)
    expect(await (await fetch(`${sick.url}/metrics`)).text()).toContain('clear_friends_stood_aside{code="70009"} 1')
    await fleet.untilSettled(OTHERS)
    expect((await fleet.readStatus()).outcomes.cleared).toBe(OTHERS)
    expect((await fleet.settledLines(OTHERS)).filter(line => line.attempts > 1)).toEqual([])

    await writeFile(keyFile, DEFAULT_APP.keys?.[0] ?? '')
    await eventually('it to work again', async () => sick.logLines.some(line => line.includes('works again')), 30_000)
    await eventually('the status to say so', async () => (await aside(fleet)).length === 0)
    expect((await fetch(`${sick.url}/readyz`)).status).toBe(200)
  })

  it('goes on without a worker that cannot reach the vendor; that one gives its jobs back', async () => {
    const fleet = await fleetForTest({ workers: 2, simulator: { users: { importAll: true }, latency: 40 } })
    const lost = await fleet.addWorker({ IM_BASE_URL: 'http://127.0.0.1:1' })
    await fleet.enqueue(others)
    await eventually('the worker to stand aside', async () => (await aside(fleet)).includes('unreachable'))
    await fleet.untilSettled(OTHERS)
    expect(await lost.untilLogged('the vendor cannot be reached')).toContain('refused')
    expect(await (await fetch(`${lost.url}/metrics`)).text()).toMatch(
      /vendor_connect_failures_total\{reason="refused"\} [1-9]/,
    )
    const lines = await fleet.settledLines(OTHERS)
    expect(lines.filter(line => line.outcome !== 'cleared' || line.attempts > 1)).toEqual([])
  })
})

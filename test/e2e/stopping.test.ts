/** The end of a worker process: at a signal, in time, and with its receipts sealed. */
import { describe, expect, it } from 'vitest'
import { openLog } from '../../jobs/receipts/read/open-log.ts'
import { eventually } from '../helpers/eventually.ts'
import { fleetForTest, type VendorAndWorkers } from '../helpers/fleets/vendor-and-workers.ts'
import { entry } from '../helpers/processes/start-command.ts'
import { startProcess } from '../helpers/processes/start-process.ts'
import { CanarySearch, canary } from '../helpers/receipts/canary.ts'
import { exportedLines, findingsIn, testSeals } from '../helpers/receipts/receipts.ts'

const accounts = (count: number): string[] => Array.from({ length: count }, (_, index) => `user_${index + 1}`)
const deletesOf = ({ simulator }: VendorAndWorkers): number => simulator.figures().byCommand.friend_delete_all.calls

describe('a worker at SIGTERM', () => {
  it('finishes what is sent, hands back the rest unspent, seals the receipts, and exits with 0', async () => {
    const fleet = await fleetForTest({
      simulator: { users: { count: 400 }, latency: 300 },
      settings: { DRAIN_SECONDS: '60', VERIFY: 'off' },
    })
    await fleet.producer.enqueueMany(accounts(400), { request: 'ticket-1' })
    await eventually('calls to be under way', async () => deletesOf(fleet) > 50)
    expect(await fleet.workers[0]?.stop()).toBe(0)

    const calls = deletesOf(fleet)
    expect(calls).toBeLessThan(400)
    const { queue, outcomes } = await fleet.readStatus()
    expect(queue).toEqual({ waiting: 400 - calls, active: 0, delayed: 0, failed: 0 })
    expect(outcomes.cleared).toBe(calls)
    expect(new Set((await fleet.queue.getPrioritized()).map(job => job.attemptsMade))).toEqual(new Set([0]))

    const log = await openLog(fleet.redis, fleet.prefix, testSeals)
    expect(log).toMatchObject({ newest: calls + 1, head: { size: calls + 1 }, troubles: [] })
    const { file, lines, troubles } = await exportedLines({ redis: fleet.redis, prefix: fleet.prefix })
    expect(troubles).toEqual([])
    expect(lines.map(line => JSON.parse(line))).toMatchObject(
      Array.from({ length: calls }, (_, index) => ({
        ...{ v: 2, seq: index + 2, requests: ['ticket-1'], outcome: 'cleared', verified: 'skipped', code: null },
        ...{ calls: 1, attempts: 1 },
      })),
    )
    expect(await findingsIn(file)).toEqual([])
  })

  it('whose calls hang stops within DRAIN_SECONDS, or at once at the second signal', async () => {
    const fleet = await fleetForTest({
      simulator: { users: { count: 10 }, faults: [{ accounts: 'all', answer: 'hang', times: 'always' }] },
      settings: { DRAIN_SECONDS: '1' },
    })
    await fleet.enqueue(accounts(5))
    await eventually('calls to hang', async () => deletesOf(fleet) === 5)
    expect(await fleet.workers[0]?.stop()).toBe(1)
    expect((await fleet.readStatus()).queue.active).toBe(5)

    const impatient = await fleet.addWorker({ DRAIN_SECONDS: '3600' })
    await fleet.enqueue(accounts(10).slice(5))
    await eventually('further calls to hang', async () => deletesOf(fleet) === 10)
    impatient.signal('SIGTERM')
    await eventually('the drain to begin', async () => impatient.logLines.some(line => line.includes('"draining"')))
    impatient.signal('SIGTERM')
    expect(await impatient.ended).toBe(1)
  })
})

/** Makes the process throw, or reject without a handler, at SIGUSR2. The error holds a user id as a driver's does. */
const faultAtSignal = (how: string): string =>
  `--import=data:text/javascript,${encodeURIComponent(
    `process.on('SIGUSR2', () => {
       const error = Object.assign(new TypeError('${canary('message')}'), { command: { args: ['${canary('argument')}'] } });
       ${how}
     })`,
  )}`

describe('a worker in which an error is caught by nobody', () => {
  it.each([
    ['thrown', 'setImmediate(() => { throw error })'],
    ['rejected', 'Promise.reject(error)'],
  ])('(%s) logs it without what it holds, drains and exits with 1', async (_, how) => {
    const fleet = await fleetForTest({ workers: 0 })
    const worker = await fleet.addWorker({ NODE_OPTIONS: faultAtSignal(how) })
    worker.signal('SIGUSR2')
    expect(await worker.ended).toBe(1)
    const log = worker.logLines.join('\n')
    expect(log).toContain('"type":"TypeError"')
    expect(log).toContain('"drained"')
    expect(worker.errorText()).toBe('')
    expect(new CanarySearch(['message', 'argument']).find('the log', log)).toEqual([])
  })
})

describe('a worker that npm started', () => {
  it.each([
    ['itself', `${process.execPath} ${entry} worker & wait`],
    ['through a shell', `sh -c '${process.execPath} ${entry} worker; :' & wait`],
  ])('%s drains and ends when npm is gone', async (_, script) => {
    const fleet = await fleetForTest({ workers: 0 })
    const environment = { PATH: process.env['PATH'], ...fleet.settings, npm_command: 'exec' }
    const npm = startProcess('sh', ['-c', script], { environment })
    await npm.stdout.until(lines => lines.find(line => line.includes('"ready"')))
    npm.signal('SIGKILL')
    // The output ends with the last process that holds it, which is the worker.
    await npm.ended
    expect(npm.stdout.text).toContain('"kind":"parent_gone"')
    expect(npm.stdout.text).toContain('"drained"')
  })
})

/** Promise 5 of the design: a vendor that fails for all accounts for 20 minutes costs hardly any account its attempts. */
import { expect, it } from 'vitest'
import { processJob } from '../../../worker/attempt/process-job.ts'
import { fullJitterMs } from '../../../worker/vendor/backoff.ts'
import { classify, type Verdict } from '../../../worker/vendor/classify.ts'
import type { Reply } from '../../../worker/vendor/client.ts'
import { FaultStreaks } from '../../../worker/vendor/fault-streaks.ts'
import type { PacedCall } from '../../../worker/vendor/paced-call.ts'
import {
  ATTEMPT_BACKOFF,
  IN_CALL_BACKOFF,
  isWorthRepeating,
  REQUESTS_PER_CALL,
} from '../../../worker/vendor/retry-policy.ts'
import { signalOf } from '../../../worker/vendor/send-request.ts'
import { aCaller } from '../../helpers/vendor/caller.ts'
import { virtualFleetForTest } from '../../helpers/virtual/fleet-for-test.ts'
import type { Life, LifeTools } from '../../helpers/virtual/virtual-fleet.ts'

const ACCOUNTS = 3000
const PROCESSES = 3
const MAX_ATTEMPTS = 15
const MINUTE_MS = 60_000
const OUTAGE_MS = 20 * MINUTE_MS
const SETTINGS = { maxAttempts: MAX_ATTEMPTS, verifyShare: 0, app: 1_400_000_000 }

interface VirtualJob {
  readonly account: string
  attemptsMade: number
  progress: unknown
  readyAtMs: number
}

const okReply: Reply = {
  kind: 'answer',
  envelope: { ActionStatus: 'OK', ErrorCode: 0 },
  body: { ActionStatus: 'OK', ErrorCode: 0 },
}
const failedReply = (code: number): Reply => ({
  kind: 'answer',
  envelope: { ActionStatus: 'FAIL', ErrorCode: code },
  body: { ActionStatus: 'FAIL', ErrorCode: code },
})

/** A vendor that fails for all until a moment, and the jobs of a queue, which virtual processes work on. */
function openWork(nowMs: () => number, replyNow: () => Reply) {
  const jobs: VirtualJob[] = Array.from({ length: ACCOUNTS }, (_, index) => ({
    account: `user_${index + 1}`,
    attemptsMade: 0,
    progress: 0,
    readyAtMs: 0,
  }))
  const ended = { cleared: 0, dead: 0 }

  /** A paced call in virtual time: the real limiter, judgement and repeats, and no connections. */
  const callBy =
    ({ limiter, call, wait }: LifeTools): PacedCall =>
    async (command, _body, { onSent }) => {
      const request = async (): Promise<Verdict | undefined> => {
        const paced = await limiter.pace(command, () => {
          const reply = replyNow()
          return call().then(() => reply)
        })
        if (paced.kind === 'closed') return undefined
        onSent()
        const verdict = classify(await paced.value)
        paced.answered()
        limiter.observe(command, signalOf(verdict))
        return { ...verdict, isOutage: limiter.isOutage(command) }
      }
      let verdict = await request()
      for (let tries = 1; tries < REQUESTS_PER_CALL && verdict !== undefined && isWorthRepeating(verdict); tries++) {
        await wait(fullJitterMs(tries, IN_CALL_BACKOFF))
        verdict = (await request()) ?? verdict
      }
      return verdict === undefined ? { kind: 'closed', by: 'aborted' } : { kind: 'answered', verdict }
    }

  const life: Life = async tools => {
    const options = {
      ...SETTINGS,
      call: callBy(tools),
      faultStreaks: new FaultStreaks(),
      settlement: { lookUp: async () => undefined, readWish: async () => '' },
      standing: { judge: async () => 'ours' as const },
      openProgress: async (_job: unknown, found: unknown) => found,
    }
    while (!tools.isDead()) {
      const index = jobs.findIndex(job => job.readyAtMs <= nowMs())
      const [job] = index < 0 ? [] : jobs.splice(index, 1)
      if (job === undefined) {
        await tools.wait(1000)
        continue
      }
      const data = { v: 1, account: job.account, due: 0 }
      const { attemptsMade, progress } = job
      const inHand = {
        id: job.account,
        name: job.account,
        data,
        progress,
        attemptsMade,
        timesStarted: 1,
        timesStalled: 0,
        enqueuedAt: 0,
      }
      const { outcome, progress: after } = await processJob(inHand, options, aCaller())
      if (outcome.kind === 'cleared') ended.cleared += 1
      else if (outcome.kind === 'dead') ended.dead += 1
      else {
        const spent = outcome.kind === 'retry' ? 1 : 0
        const waitMs = outcome.kind === 'snooze' ? outcome.waitMs : fullJitterMs(attemptsMade + 1, ATTEMPT_BACKOFF)
        jobs.push({
          account: job.account,
          attemptsMade: attemptsMade + spent,
          progress: after,
          readyAtMs: nowMs() + waitMs,
        })
      }
    }
  }
  return { jobs, ended, life }
}

it('20 minutes of 30006 for all end less than 1 % of the accounts as dead letters, with the default settings', async ({
  annotate,
}) => {
  const { fleet } = virtualFleetForTest('long outage')
  const nowMs = (): number => fleet.time.nowMs
  const isOver = (): boolean => nowMs() >= OUTAGE_MS
  const work = openWork(nowMs, () => (isOver() ? okReply : failedReply(30006)))
  const processes = Array.from({ length: PROCESSES }, () => fleet.start(work.life))
  await fleet.time.passUntil(OUTAGE_MS - 1)
  const callsInOutage = fleet.arrivals().length
  expect(work.ended.cleared).toBe(0)
  await fleet.time.passUntil(OUTAGE_MS + 15_000)
  const perSecond = fleet.arrivals().filter(at => at > OUTAGE_MS + 10_000).length / 5
  await fleet.time.passUntil(OUTAGE_MS + 15 * MINUTE_MS)
  for (const each of processes) each.kill()
  await annotate(JSON.stringify({ ...work.ended, callsInOutage, perSecond }))
  expect(work.ended.cleared + work.ended.dead).toBe(ACCOUNTS)
  expect(work.ended.dead).toBeLessThan(ACCOUNTS / 100)
  expect(perSecond, 'calls a second from 10 s after the outage on').toBeGreaterThan(190)
})

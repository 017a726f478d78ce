import { describe, expect, it } from 'vitest'
import { askBeforeClear, type BeforeClear } from '../../../worker/attempt/before-clear.ts'
import { clearAccount } from '../../../worker/attempt/clear-account.ts'
import { type Progress, parseProgress } from '../../../worker/attempt/progress.ts'
import { FaultStreaks } from '../../../worker/vendor/fault-streaks.ts'
import { aCaller } from '../../helpers/vendor/caller.ts'
import { friendPage, scriptedCall } from '../../helpers/vendor/scripted-call.ts'

/** Clears an account with a hook; gives the outcome and the calls made. */
async function clearWith(beforeClear: BeforeClear, progress: Partial<Progress> = {}) {
  const script = scriptedCall({ friend_delete_all: [0], friend_get: [friendPage()] })
  const { outcome } = await clearAccount(
    { account: 'user_1' },
    { ...parseProgress({}), ...progress },
    {
      call: script.call,
      faultStreaks: new FaultStreaks(),
      verify: true,
      caller: aCaller(),
      beforeClear,
      requests: ['ticket-1', 'ticket-2'],
    },
  )
  return { outcome, commands: script.asked.map(({ command }) => command) }
}

describe('the hook before a clear', () => {
  it('lets the account be cleared, knowing whose it is and for which requests', async () => {
    const asked: unknown[] = []
    const hook: BeforeClear = (account, { request, requests }) => {
      asked.push([account, request, requests])
      return 'clear'
    }
    expect((await clearWith(hook)).outcome).toEqual({ kind: 'cleared', verified: 'yes' })
    expect(asked).toEqual([['user_1', 'ticket-1', ['ticket-1', 'ticket-2']]])
  })

  it('stops it with a veto, before any call', async () => {
    const { outcome, commands } = await clearWith(() => 'veto')
    expect(outcome).toMatchObject({ kind: 'cancelled', reason: { code: 'vetoed' } })
    expect(commands).toEqual([])
  })

  it.each([
    ['throws', () => Promise.reject(new TypeError('user_1 is unknown'))],
    [
      'throws at once',
      () => {
        throw new Error('user_1')
      },
    ],
    ['forgets to answer', () => undefined],
    ['answers true', () => true],
  ])('that %s leaves the account for later, and its words stay out of the reason', async (_what, hook) => {
    const { outcome, commands } = await clearWith(hook as unknown as BeforeClear)
    expect(outcome).toMatchObject({ kind: 'retry', reason: { code: 'before_clear_failed' } })
    expect(JSON.stringify(outcome)).not.toContain('user_1')
    expect(commands).toEqual([])
  })

  it('is not asked when only the proof is missing: the delete is done', async () => {
    const { outcome } = await clearWith(() => 'veto' as const, { deleted: true })
    expect(outcome).toEqual({ kind: 'cleared', verified: 'yes' })
  })
})

describe('a hook that hangs', () => {
  const never = (): Promise<'clear'> => new Promise(() => {})

  it('is given up when the process drains; no attempt is used', async () => {
    const draining = new AbortController()
    const asked = askBeforeClear(never, 'user_1', [], draining.signal)
    draining.abort()
    expect(await asked).toMatchObject({ kind: 'snooze', reason: { code: 'aborted' } })
  })

  it('leaves the account for later, and is told that nobody waits for it any more', async () => {
    let told: AbortSignal | undefined
    const hook: BeforeClear = (_account, { signal }) => {
      told = signal
      return never()
    }
    const outcome = await askBeforeClear(hook, 'user_1', [], new AbortController().signal, 20)
    expect(outcome).toMatchObject({ kind: 'retry', reason: { code: 'before_clear_late' } })
    expect(told?.aborted).toBe(true)
  })
})

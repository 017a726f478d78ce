/**
 * kill -9 of a run at random moments. Promise: one receipt for each account, and no account is cleared twice but those
 * whose call was under way at a kill. No process and no second server is left behind.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { z } from 'zod'
import type { AnswerRecord } from '../../../simulator/index.ts'
import { fileForRun } from '../../helpers/commands/run-of-file.ts'
import { eventually } from '../../helpers/eventually.ts'
import { startCommand } from '../../helpers/processes/start-command.ts'
import { findingsIn, testSeals } from '../../helpers/receipts/receipts.ts'
import { verifyIndependently } from '../../helpers/receipts/verify-independently.ts'

/** `RUN_KILLS=20` is the full test, which takes two minutes. */
const KILLS = Number(process.env['RUN_KILLS'] ?? 5)
const ACCOUNTS_A_KILL = 150
/** The file is an export of the whole log, which has other entries beside receipts. */
const receiptSchema = z.object({
  kind: z.literal('receipt'),
  account: z.string(),
  outcome: z.string(),
  verified: z.string(),
})

/** Whether anybody listens at the port of the run's Redis. */
async function isServed(file: string): Promise<boolean> {
  const text = await readFile(`${file}.state/redis/address.json`, 'utf8').catch(() => undefined)
  if (text === undefined) return false
  const { port } = z.object({ port: z.number() }).parse(JSON.parse(text))
  return fetch(`http://127.0.0.1:${port}`).then(
    () => true,
    (error: unknown) => !(error instanceof Error && JSON.stringify(error.cause).includes('ECONNREFUSED')),
  )
}

it(`a run that is killed with -9 at ${KILLS} random moments clears every account and writes one receipt for each and a complete certificate`, async () => {
  const accounts = KILLS * ACCOUNTS_A_KILL
  const deletes: AnswerRecord[] = []
  const onAnswer = (record: AnswerRecord): void => {
    if (record.command === 'friend_delete_all') deletes.push(record)
  }
  const { file, vendor, settings } = await fileForRun(accounts, { latency: 20, onAnswer })
  const slow = { ...settings, RATE_LIMIT_PER_SECOND: '100', LOG_LEVEL: 'debug' }
  const args = ['run', file, '--json', '--yes', '--max-backlog', '1000']
  const killedAt: number[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    const run = startCommand(args, slow)
    // From the first line of code to far into the work.
    await sleep(Math.random() * 4000)
    await run.kill()
    expect((await run.ended).stdout).toBe('')
    killedAt.push(Date.now())
    if (kill % 2 === 0) await eventually('its Redis to be gone', async () => !(await isServed(file)), 10_000)
  }
  const last = await startCommand([...args, '--keep'], settings).ended
  expect({ code: last.code, stderr: last.stderr }).toEqual({ code: 0, stderr: expect.any(String) })
  expect(JSON.parse(last.stdout)).toMatchObject({ result: 'done', lines: accounts, cleared: accounts, pending: 0 })

  const lines = (await readFile(`${file}.receipts.ndjson`, 'utf8')).trimEnd().split('\n')
  const receipts = lines.flatMap(line => receiptSchema.safeParse(JSON.parse(line)).data ?? [])
  expect(await findingsIn(lines)).toEqual([])
  const wanted = Array.from({ length: accounts }, (_, index) => testSeals.pseudonymOf(`user_${index + 1}`))
  expect(receipts.map(({ account }) => account).toSorted()).toEqual(wanted.toSorted())
  expect(receipts.filter(({ outcome, verified }) => outcome !== 'cleared' || verified !== 'yes')).toEqual([])

  const certificate = JSON.parse(await readFile(`${file}.certificate.json`, 'utf8'))
  expect(certificate).toMatchObject({
    complete: true,
    incomplete: [],
    verification: { yes: accounts, no: 0, skipped: 0 },
  })
  expect(certificate.counts).toEqual({
    ...{ accepted: accounts, cleared: accounts, not_imported: 0, dead_lettered: 0, cancelled: 0, pending: 0 },
  })
  const page = `${file}.certificate.html`
  const { code, stdout } = await verifyIndependently(`${file}.receipts.ndjson`, certificate.log.publicKey, page)
  const [sums = '', verdict] = stdout.split('\n')
  expect({ code, verdict }).toEqual({ code: 0, verdict: 'everything holds' })
  expect(JSON.parse(sums.replace('the whole file ', ''))).toEqual({ accepted: accounts, cleared: accounts })

  expect([...vendor.ledger()].filter(({ okAnswers, friendsLeft }) => okAnswers < 1 || friendsLeft > 0)).toEqual([])
  const wasInHand = ({ at }: AnswerRecord): boolean => killedAt.some(kill => at > kill - IN_HAND_MS && at < kill + 100)
  const first = Map.groupBy(deletes, ({ accounts: [account] }) => account)
  const again = [...first.values()].filter(answers => answers.length > 1)
  expect(again.flatMap(([one]) => (one === undefined || wasInHand(one) ? [] : [one.at]))).toEqual([])
})

it('a run whose Redis is killed ends with 75 and says so, and the same command goes on', async () => {
  const { file, vendor, settings } = await fileForRun(600)
  const slow = { ...settings, RATE_LIMIT_PER_SECOND: '100', DRAIN_SECONDS: '1' }
  const run = startCommand(['run', file, '--json'], slow)
  await eventually('calls', async () => vendor.figures().byCommand.friend_delete_all.calls > 20)
  const log = await readFile(`${file}.state/redis/server.log`, 'utf8')
  const pid = Number(/^(\d+):M .*Ready to accept connections/m.exec(log)?.[1])
  process.kill(pid, 'SIGKILL')
  const { code, stdout } = await run.ended
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({
    code: 75,
    reason: expect.stringContaining('Redis has ended'),
  })
  const again = await startCommand(['run', file, '--json'], settings).ended
  expect({ code: again.code, ...JSON.parse(again.stdout) }).toMatchObject({ code: 0, cleared: 600, state: null })
})

/** From the answer to a delete to the receipt: the read of the list waits for a permit of its own, longer on a busy host. */
const IN_HAND_MS = 2000

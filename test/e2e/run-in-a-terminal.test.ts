/** One command for one file, in a real pseudo-terminal: echo, Ctrl-C and exit codes are those that a person meets. */
import { readdir } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { fileForRun } from '../helpers/commands/run-of-file.ts'
import { eventually } from '../helpers/eventually.ts'
import { CTRL_C, startInTerminal } from '../helpers/processes/pseudo-terminal.ts'

it('asks with secrets unseen, stops at Ctrl-C, and goes on to the end', async () => {
  const { file, folder, vendor, settings } = await fileForRun(300)
  const { IM_SECRET_KEY: key = '', ...others } = { ...settings, RATE_LIMIT_PER_SECOND: '100' }
  const first = startInTerminal(['run', file], others, folder)
  for (const [question, answer] of [
    ['IM_SECRET_KEY (', key],
    ['Write these settings to', 'n'],
    ['Clear the friends of 300 accounts? [y/N]', 'y'],
  ] as const) {
    await first.stdout.untilText(question)
    first.stdin.write(`${answer}\r`)
  }
  await eventually('calls', async () => vendor.figures().byCommand.friend_delete_all.calls >= 20)
  first.stdin.write(CTRL_C)
  expect((await first.ended).code, first.stdout.text).toBe(75)
  expect(first.stdout.text).not.toContain(key)
  expect(first.stdout.text).toContain('the same command goes on')

  const second = startInTerminal(['run', file], { ...settings, IM_SECRET_KEY: key }, folder)
  expect((await second.ended).code, second.stdout.text).toBe(0)
  expect((await readdir(folder)).toSorted()).toEqual([
    'departed.txt',
    'departed.txt.certificate.html',
    'departed.txt.certificate.json',
    'departed.txt.receipts.ndjson',
  ])
  expect([...vendor.ledger()].filter(({ okAnswers }) => okAnswers < 1)).toEqual([])
})

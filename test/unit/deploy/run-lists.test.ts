/** The script for schedulers, with a stand-in for `clear-friends` that ends as the name of its list says. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { eventually } from '../../helpers/eventually.ts'

const script = new URL('../../../deploy/run-lists.sh', import.meta.url).pathname

/**
 * `a-3.csv` ends with code 3; one that lasts ends with 75 when it is told to, and notes that it did; one at once has the
 * script told to end before that knows the number of its run.
 */
const STAND_IN = `#!/bin/sh
case $2 in *lasts*) trap 'echo drained >> "$LOG"; exit 75' TERM ;; esac
case $2 in *at-once*) kill "$PPID" ;; esac
echo "$*" >> "$LOG"
case $2 in *lasts*)
  while :; do sleep 0.05; done
esac
code=$(basename "$2" .csv | sed 's/.*-//')
[ "$code" -eq 0 ] && : > "$2.receipts.ndjson"
exit "$code"
`

async function folderWith(...names: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'clear-friends-lists-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'clear-friends'), STAND_IN)
  await chmod(join(folder, 'clear-friends'), 0o755)
  await mkdir(join(folder, 'the lists'))
  for (const name of names) await writeFile(join(folder, 'the lists', name), '')
  const log = join(folder, 'log')
  const start = () => {
    const env = { PATH: `${folder}:${process.env['PATH']}`, LOG: log }
    return spawn('sh', [script, 'the lists', '--max-time', '20h'], { cwd: folder, env, stdio: 'ignore' })
  }
  return {
    start,
    call: async () => (await once(start(), 'exit'))[0],
    calls: async () => (await readFile(log, 'utf8').catch(() => '')).trimEnd().split('\n'),
  }
}

it('runs each list with the options, and leaves out what is over', async () => {
  const { call, calls } = await folderWith('a-0.csv', 'b-0.csv', 'c-0.csv', 'b-0.csv.receipts.ndjson', 'note.txt')
  expect(await call()).toBe(0)
  expect(await calls()).toEqual(['run the lists/a-0.csv --max-time 20h', 'run the lists/c-0.csv --max-time 20h'])
  expect(await call()).toBe(0)
  expect(await calls()).toHaveLength(2)
})

it('goes on with a list whose state is there, and with the other lists when one leaves something', async () => {
  const { call, calls } = await folderWith('a-3.csv', 'a-3.csv.receipts.ndjson', 'a-3.csv.state', 'b-0.csv')
  expect(await call()).toBe(3)
  expect(await calls()).toHaveLength(2)
})

it('ends with 75 at a run that stopped, and starts no other', async () => {
  const { call, calls } = await folderWith('a-3.csv', 'b-75.csv', 'c-0.csv')
  expect(await call()).toBe(75)
  expect(await calls()).toHaveLength(2)
})

it('does nothing in a folder without lists', async () => {
  const { call, calls } = await folderWith()
  expect(await call()).toBe(0)
  expect(await calls()).toEqual([''])
})

it.each(['SIGTERM', 'SIGINT'] as const)('lets the run drain at %s, and ends with 75', async signal => {
  const { start, calls } = await folderWith('a-lasts.csv', 'b-0.csv')
  const child = start()
  await eventually('the run', async () => (await calls())[0] !== '')
  child.kill(signal)
  expect((await once(child, 'exit'))[0]).toBe(75)
  expect(await calls()).toEqual(['run the lists/a-lasts.csv --max-time 20h', 'drained'])
})

it('lets the run drain also when the signal comes as soon as it runs', async () => {
  for (let times = 0; times < 10; times++) {
    const { call, calls } = await folderWith('a-lasts-at-once.csv', 'b-0.csv')
    expect(await call()).toBe(75)
    expect((await calls()).at(-1)).toBe('drained')
  }
})

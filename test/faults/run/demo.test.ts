/** The demo takes nothing from the environment, and leaves nothing behind however it ends. */
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '../../helpers/eventually.ts'
import { type StartedCommand, startCommand } from '../../helpers/processes/start-command.ts'

/** Settings that a demo would end with at once if it took them. */
const MISLEADING = { REDIS_URL: 'redis://127.0.0.1:1', RATE_LIMIT_PER_SECOND: 'none', IM_BASE_URL: 'nowhere' }

interface Demo {
  readonly demo: StartedCommand
  /** Its own temporary folder, in which all its files are. */
  readonly folder: string
  /** Ids of the processes that it has started, and of those that they have started. */
  parts(): Promise<string[]>
}

async function startDemo(context: { onTestFinished(act: () => Promise<void>): void }): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'clear-friends-demo-test-'))
  context.onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, '.env'), 'REDIS_PREFIX={wrong}\n')
  const demo = startCommand(['demo'], { ...MISLEADING, TMPDIR: folder }, folder)
  await demo.stderr.untilText(' of 2,000 done')
  return { demo, folder, parts: () => processesOf(folder, demo.pid) }
}

/**
 * Finds processes by their environment, which children inherit, or by their working directory: Redis writes its title over
 * its environment. Linux only.
 */
async function processesOf(folder: string, except: number): Promise<string[]> {
  const ids = (await readdir('/proc')).filter(name => /^\d+$/.test(name) && Number(name) !== except)
  const found = await Promise.all(
    ids.map(async id => {
      const environment = await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '')
      const place = await readlink(`/proc/${id}/cwd`).catch(() => '')
      return environment.split('\0').includes(`TMPDIR=${folder}`) || place.startsWith(`${folder}/`)
    }),
  )
  return ids.filter((_, index) => found[index])
}

async function expectNothingLeft({ folder, parts }: Demo): Promise<void> {
  await eventually('its processes to be gone', async () => (await parts()).length === 0, 10_000)
  await eventually('its files to be gone', async () => (await readdir(folder)).join() === '.env', 10_000)
}

describe('the demo', () => {
  it.for([
    ['SIGINT', 75],
    ['SIGTERM', 75],
    ['SIGHUP', 75],
    ['SIGKILL', null],
  ] as const)('leaves no process and no file behind at %s', async ([signal, exitCode], context) => {
    const begun = await startDemo(context)
    // Redis, its guard and the demo's own, the vendor, two workers.
    await eventually('all parts', async () => (await begun.parts()).length >= 6)
    begun.demo.signal(signal)
    expect((await begun.demo.ended).code).toBe(exitCode)
    await expectNothingLeft(begun)
  })

  it('ends at once when one of its parts dies, and leaves nothing behind', async context => {
    const begun = await startDemo(context)
    const worker = await processesOfTitle('clear-friends worker', await begun.parts())
    process.kill(Number(worker[0]), 'SIGKILL')
    const { code, stderr } = await begun.demo.ended
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('`clear-friends worker` has ended') })
    await expectNothingLeft(begun)
  })

  it('adds up, in no more than 80 columns', async context => {
    const begun = await startDemo(context)
    const { code, stdout, stderr } = await begun.demo.ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.not.stringContaining('FAIL') })
    expect(`${stdout}${stderr}`.split('\n').filter(line => line.length > 80)).toEqual([])
    await expectNothingLeft(begun)
  })
})

async function processesOfTitle(title: string, ids: readonly string[]): Promise<string[]> {
  const titles = await Promise.all(ids.map(id => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')))
  return ids.filter((_, index) => titles[index]?.startsWith(title))
}

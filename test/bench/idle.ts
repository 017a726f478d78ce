import { setTimeout as sleep } from 'node:timers/promises'
import { startWorkerProcess } from '../helpers/processes/worker-process.ts'
import { cpuSeconds } from './cpu.ts'
import { print } from './output.ts'
import { startSurroundings } from './surroundings.ts'
import { machine, toMarkdown } from './table.ts'

const WATCH_MS = 20_000
const WARM_UP_MS = 5000
const PROMISED = { share: 0.02, readySeconds: 1, startSeconds: 0.5 }

/**
 * Measures the share of a core that an idle worker uses, and what its start takes: time until it is ready, and processor
 * time. Linux only: reads /proc.
 */
export async function benchIdle(): Promise<boolean> {
  const around = await startSurroundings([])
  const startedAt = performance.now()
  const worker = await startWorkerProcess({ ...around.settings, LOG_LEVEL: 'info' })
  const readySeconds = (performance.now() - startedAt) / 1000
  const startSeconds = cpuSeconds(worker.pid)
  await sleep(WARM_UP_MS)
  const before = cpuSeconds(worker.pid)
  await sleep(WATCH_MS)
  const share = (cpuSeconds(worker.pid) - before) / (WATCH_MS / 1000)
  await worker.stop()
  await around.close()
  print(`\n${machine()}\n`)
  const figures = [
    `${(share * 100).toFixed(1)} % of a core`,
    `${readySeconds.toFixed(2)} s`,
    `${startSeconds.toFixed(2)} s`,
  ]
  print(toMarkdown(['idle worker', 'start to ready', 'processor time of a start'], [figures]))
  return share < PROMISED.share && readySeconds < PROMISED.readySeconds && startSeconds <= PROMISED.startSeconds
}

import { answerWithin } from '../redis/answer-within.ts'
import type { AssembledWorker } from './assemble.ts'
import type { Logger } from './observe/log.ts'

/** Drains a worker; gives whether that was done in time. */
export async function drainWithin(
  worker: Pick<AssembledWorker, 'drain'>,
  seconds: number,
  log: Logger,
): Promise<boolean> {
  const drained =
    (await answerWithin(
      seconds * 1000,
      worker.drain().then(() => true),
    )) ?? false
  if (drained) log.info('drained')
  else log.warn('stopped before everything was handed back; the rest runs again when its locks end')
  return drained
}

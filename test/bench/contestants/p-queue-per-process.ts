import PQueue from 'p-queue'
import pRetry from 'p-retry'
import type { Prepared, Surrounding } from './contestant.ts'

/**
 * p-queue knows its own process only, so each process takes its share of the limit and must know their number. The docs
 * of p-queue advise `strict` for APIs that enforce their limit.
 */
export function pQueuePerProcess({ perSecond, processes, call }: Surrounding): Prepared {
  const queue = new PQueue({ intervalCap: Math.floor(perSecond / processes), interval: 1000, strict: true })
  return { clear: account => pRetry(() => queue.add(() => call(account))) }
}

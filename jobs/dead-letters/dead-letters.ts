/**
 * Dead letters: jobs that gave up and wait for a person.
 *
 * What belongs in `jobs/dead-letters/`: reading, replaying and discarding them, and the log of these actions. What does
 * not: the decision that a job gives up (`worker/attempt/`), and the command for operators (`cli/failed/`).
 */

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { accountIn, parseJobData, requestsIn } from '../job/clear-friends-job.ts'
import { randomJobId } from '../job/job-id.ts'
import { isForeignName, type JobNames, loadJobNames } from '../job/job-names.ts'
import { waitingLineLua } from '../job/waiting-line.ts'
import { allRequests, parseGrowth } from '../job/wish.ts'
import { ledgerKeys, ledgerLua } from '../settle/ledger.ts'

const replayLua = ledgerLua + waitingLineLua + readFileSync(new URL('./replay.lua', import.meta.url), 'utf8')
const discardLua = ledgerLua + readFileSync(new URL('./discard.lua', import.meta.url), 'utf8')

/** A job that gave up and waits for a person. */
export interface DeadLetter {
  readonly jobId: string
  /** The job in lists and messages; its id may be a user id, see `job-names.ts`. */
  readonly name: string
  /** The vendor's code, or a word of ours. */
  readonly code: string
  /** Why, in words without user ids. */
  readonly why: string
  /** When it gave up, as ISO date. */
  readonly failedAt: string
  readonly enqueuedAt: string
  readonly due: string | null
  /** The request that enqueued it first. */
  readonly request: string | null
  /** All requests that wanted the account cleared. */
  readonly requests: readonly string[]
  readonly attempts: number
  /** Personal data. `null` where the job's data holds none that can be read. */
  readonly account: string | null
}

/** Selects dead letters; each field narrows the selection. */
export interface DeadLetterFilter {
  readonly code?: string
  /** Those that gave up at this time or later, epoch ms. */
  readonly sinceMs?: number
  /** Those that gave up at this time or before, epoch ms. */
  readonly untilMs?: number
  readonly request?: string
}

/**
 * `live`: the account has another job in the queue, so the dead letter stays. `in_queue`: the job is no dead letter, it
 * waits or a worker has it in hand. `not_found`: there is no such job.
 */
export type ReplayResult = 'replayed' | 'live' | 'in_queue' | 'not_found'

/** `unsettled`: BullMQ failed the job without an outcome of ours, so it must be replayed. Others as for a replay. */
export type DiscardResult = 'discarded' | 'unsettled' | 'in_queue' | 'not_found'

/** An action of an operator on dead letters. */
interface OperatorAction {
  /** As ISO date. */
  readonly at: string
  readonly action: 'replay' | 'discard'
  readonly jobs: number
  /** How the operator chose them, in words. */
  readonly chosen: string
}

/** Reads, replays and discards dead letters. */
export interface DeadLetters {
  /** Reads dead letters in the order in which they gave up, in bounded memory. */
  read(filter?: DeadLetterFilter): AsyncGenerator<DeadLetter>
  /** Reads one, by the job's id or name; nothing where the job is no dead letter. */
  find(jobIdOrName: string): Promise<DeadLetter | undefined>
  /** Gives the job ids for ids or names. A name that no dead letter has stays as it is. */
  toJobIds(jobIdsOrNames: readonly string[]): Promise<readonly string[]>
  /**
   * Enqueues dead letters anew: as new jobs with attempts from 1, under the same limit as all. Safe to repeat: a
   * replayed job is no dead letter any more. Redis keeps a log of these actions.
   *
   * @param jobIds at most a few hundred, since Redis does nothing else meanwhile
   * @param chosen how the operator chose them, for the log
   */
  replay(jobIds: readonly string[], chosen: string): Promise<readonly ReplayResult[]>
  /** Deletes the data of dead letters for good; receipts and figures stay. Parameters and log are those of a replay. */
  discard(jobIds: readonly string[], chosen: string): Promise<readonly DiscardResult[]>
  /** Reads the last `count` actions, newest first; default 1,000, which is all. */
  actions(count?: number): Promise<readonly OperatorAction[]>
}

const PAGE = 200
const replaySchema = z.array(z.enum(['replayed', 'live', 'in_queue', 'not_found']))
const discardSchema = z.array(z.enum(['discarded', 'unsettled', 'in_queue', 'not_found']))

/**
 * Opens the dead letters of a fleet.
 *
 * @param redis the caller closes it
 * @param prefix the value of `REDIS_PREFIX`
 */
export function createDeadLetters(redis: RedisConnection, prefix: string): DeadLetters {
  const { queue, operatorActions } = keysOf(prefix)
  const runReplay = createRedisScript(redis, 'clearFriendsReplay', replayLua)
  const runDiscard = createRedisScript(redis, 'clearFriendsDiscard', discardLua)
  const keys = [...ledgerKeys(prefix), operatorActions]
  let names: Promise<JobNames> | undefined
  const loadNames = (): Promise<JobNames> => (names ??= loadJobNames(redis, prefix))
  const readOne = async (jobId: string): Promise<DeadLetter | undefined> =>
    toDeadLetter(jobId, await loadNames(), await redis.hmget(queue + jobId, ...FIELDS))
  // A name cannot be turned back into the id, so this reads all ids.
  const withName = async (name: string): Promise<string> => {
    const { nameOf } = await loadNames()
    const jobIds = await redis.zrange(`${queue}failed`, '0', '-1')
    return jobIds.find(jobId => nameOf(jobId, null) === name) ?? name
  }
  const toJobId = async (idOrName: string): Promise<string> => (isForeignName(idOrName) ? withName(idOrName) : idOrName)

  return {
    read: async function* (filter = {}) {
      const { sinceMs = '-inf', untilMs = '+inf' } = filter
      // Positions shift when dead letters go meanwhile. So the next page begins at the time of the last one, and `seen`
      // skips those that were read.
      for (let from: string | number = sinceMs, seen = new Set<string>(); ; ) {
        const page = await redis.zrangebyscore(
          `${queue}failed`,
          from,
          untilMs,
          'WITHSCORES',
          'LIMIT',
          0,
          PAGE + seen.size,
        )
        const entries = pairsOf(page).filter(([jobId]) => !seen.has(jobId))
        const letters = await Promise.all(entries.map(([jobId]) => readOne(jobId)))
        for (const letter of letters) if (letter !== undefined && fits(letter, filter)) yield letter
        const last = entries.at(-1)?.[1]
        if (last === undefined) return
        const sameTime = entries.filter(([, score]) => score === last).map(([jobId]) => jobId)
        seen = new Set(last === from ? [...seen, ...sameTime] : sameTime)
        from = last
      }
    },
    find: async idOrName => {
      const jobId = await toJobId(idOrName)
      return (await redis.zscore(`${queue}failed`, jobId)) === null ? undefined : readOne(jobId)
    },
    toJobIds: idsOrNames => Promise.all(idsOrNames.map(toJobId)),
    replay: async (jobIds, chosen) =>
      replaySchema.parse(await runReplay(keys, [chosen, ...jobIds.flatMap(jobId => [jobId, randomJobId()])])),
    discard: async (jobIds, chosen) => discardSchema.parse(await runDiscard(keys, [chosen, ...jobIds])),
    actions: async (count = 1000) =>
      (await redis.xrevrange(operatorActions, '+', '-', 'COUNT', count)).map(([id, fields]) => toAction(id, fields)),
  }
}

const FIELDS = ['data', 'code', 'why', 'finishedOn', 'timestamp', 'atm', 'wish'] as const
/** BullMQ's own reason is not shown: whoever failed the job may have put a user id into it. */
const UNSETTLED = 'another program failed the job, so it has no outcome; replay it'

function toDeadLetter(jobId: string, { nameOf }: JobNames, fields: readonly (string | null)[]): DeadLetter | undefined {
  const [data, code, why, finishedOn, timestamp, attempts, wish] = fields
  if (data === null || data === undefined) return undefined
  const parsed = parseJobData(parseJson(data))
  const job = parsed.ok ? parsed.data : undefined
  return {
    jobId,
    name: nameOf(jobId, accountIn(parseJson(data))),
    // BullMQ itself may have failed a job of a foreign producer.
    code: code ?? 'unsettled',
    why: why ?? (code === null ? UNSETTLED : ''),
    failedAt: isoOf(Number(finishedOn ?? 0)),
    enqueuedAt: isoOf(Number(timestamp ?? 0)),
    due: job === undefined ? null : isoOf(job.due * 1000),
    request: job?.request ?? null,
    requests: job === undefined ? [] : allRequests(requestsIn(job), parseGrowth(wish)),
    attempts: Number(attempts ?? 0),
    account: job?.account ?? null,
  }
}

const fits = (letter: DeadLetter, { code, request }: DeadLetterFilter): boolean =>
  (code === undefined || letter.code === code) && (request === undefined || letter.requests.includes(request))

const actionSchema = z.object({
  action: z.enum(['replay', 'discard']),
  jobs: z.coerce.number(),
  chosen: z.string(),
})

function toAction(id: string, fields: readonly string[]): OperatorAction {
  const action = actionSchema.parse(Object.fromEntries(pairsOf(fields)))
  return { at: isoOf(Number(id.split('-')[0])), ...action }
}

function pairsOf(list: readonly string[]): [string, string][] {
  return list.flatMap((each, index) =>
    index % 2 === 0 ? [[each, list[index + 1] ?? ''] satisfies [string, string]] : [],
  )
}

const isoOf = (ms: number): string => new Date(Math.abs(ms) <= 8.64e15 ? ms : 0).toISOString()

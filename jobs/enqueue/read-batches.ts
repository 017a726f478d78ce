import { InvalidJobError } from '../job/errors.ts'
import { importedJobId, randomJobId } from '../job/job-id.ts'
import { Batch, TELLING_REQUEST } from './batch.ts'
import { type EnqueueOptions, type Entry, withoutUndefined } from './entry.ts'
import { makeNewJob } from './new-job.ts'

/** How entries become batches. */
export interface BatchOptions {
  /** Account options of entries without their own; `due` in epoch seconds. */
  readonly defaults: EnqueueOptions & { readonly due: number }
  /** SDKAppID, if it is known. */
  readonly app: number | undefined
  /** Jobs in a batch, at most. */
  readonly size: number
  /** Makes the job ids of `key` and the entry's index, so that a repeated entry makes no second job. */
  readonly repeatable?: { readonly key: string; readonly firstIndex: number } | undefined
  /** Ends the reading before the next entry; the entries in hand still come as a batch. */
  readonly signal?: AbortSignal | undefined
}

/** The size of a batch. 1,000 is the knee: 2,000 gain 5 %, and 5,000 hold up other clients of Redis for 120 ms. */
const BATCH_SIZE = 1000

/**
 * Gives the size of a batch for a bound of the queue. A larger batch would wait for ever.
 *
 * @throws {RangeError} when the bound is no whole number from 1
 */
export function batchSizeFor(maxBacklog: number | undefined): number {
  if (maxBacklog === undefined) return BATCH_SIZE
  if (Number.isInteger(maxBacklog) && maxBacklog >= 1) return Math.min(BATCH_SIZE, maxBacklog)
  throw new RangeError(`maxBacklog is ${maxBacklog}; expected a whole number from 1`)
}

/**
 * Makes jobs of entries, and gives them in batches. It reads no further ahead than a batch.
 *
 * @throws {InvalidJobError} when the account of an entry is the request id of all entries
 */
export async function* readBatches(
  entries: Iterable<Entry> | AsyncIterable<Entry>,
  { defaults, app, size, repeatable, signal }: BatchOptions,
): AsyncGenerator<Batch> {
  let batch = new Batch(0)
  for await (const entry of entries) {
    // A caller without types may give anything; a value that is no account is rejected.
    const { account, ...own } = typeof entry === 'object' && entry !== null ? entry : { account: entry }
    const index = batch.nextIndex
    if (account === defaults.request && account !== undefined) throw tellingRequest(index)
    const jobId = repeatable ? importedJobId(repeatable.key, repeatable.firstIndex + index) : randomJobId()
    batch.add(() => makeNewJob(account, { ...defaults, ...withoutUndefined(own) }, jobId, app))
    if (batch.size >= size) {
      yield ready(batch)
      batch = new Batch(batch.nextIndex)
    }
    if (signal?.aborted) break
  }
  if (batch.size + batch.refused.length > 0) yield ready(batch)
}

function ready(batch: Batch): Batch {
  batch.refuseTellingRequests()
  return batch
}

const tellingRequest = (index: number): InvalidJobError =>
  new InvalidJobError(`entry ${index + 1}: its account is the request id of all entries, which ${TELLING_REQUEST}`)

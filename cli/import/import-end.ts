import type { Hold, ImportOwner } from '../../jobs/enqueue/lease/import-lease.ts'
import { count } from '../words.ts'
import { type Done, parseDone } from './files/checkpoint.ts'
import { ImportFileError } from './files/import-file-error.ts'
import type { LeaseKeeper } from './take-import.ts'

/** How an import ended, with its sums up to the last batch that is in the queue. */
export type ImportEnd =
  | { readonly kind: 'complete' | 'interrupted'; readonly done: Done }
  /** Another process has taken the import over. */
  | { readonly kind: 'taken'; readonly done: Done; readonly owner: ImportOwner | undefined }
  /** Redis has lost batches, and the input cannot be read again. */
  | { readonly kind: 'lost'; readonly done: Done }
  | { readonly kind: 'failed'; readonly done: Done; readonly error: unknown }

/** Redis has lost batches; `done` is how far it has the import now. */
export interface Behind {
  readonly kind: 'behind'
  readonly done: Done
}

/** Redis has gone back, or may have. */
export type WentBack =
  | Behind
  /** It names an owner that may be one of before. */
  | { readonly kind: 'unsure'; readonly done: Done; readonly owner: ImportOwner }

/** Whether this process owns the import, and Redis has all that is done. */
export const isAt = (hold: Hold, done: Done): hold is Extract<Hold, { kind: 'held' }> =>
  hold.kind === 'held' && hold.record.entries === done.entries

/** Says why an import cannot go on from `done` after a look at its lease. */
export function stopOf(hold: Hold, done: Done, keeper: LeaseKeeper): ImportEnd | WentBack {
  if (hold.kind === 'taken') {
    return { kind: keeper.mayHaveGoneBack(hold) ? 'unsure' : 'taken', done, owner: hold.owner }
  }
  // Another process went on with the import and has released it.
  if (hold.record.entries > done.entries) return { kind: 'taken', done, owner: undefined }
  return { kind: 'behind', done: doneIn(hold.record.done) }
}

/**
 * Reads how far an import is from its record in Redis.
 *
 * @throws {ImportFileError} when the record cannot be read
 */
export function doneIn(record: string): Done {
  const done = parseDone(record)
  if (done !== undefined) return done
  throw new ImportFileError('the record of this import in Redis cannot be read. Delete the checkpoint and begin anew.')
}

/** Says from where an import goes on. */
export const wentBackTo = ({ lines }: Done): string =>
  `Redis has lost its latest data; the import goes on behind line ${count(lines)}, the last one that is there`

import type { DeleteType } from '../job/clear-friends-job.ts'

/** Options of one account. */
export interface EnqueueOptions {
  /** Default `both`: the vendor also deletes the account from the lists of its friends, where its id would stay. */
  readonly deleteType?: DeleteType
  /** Epoch seconds. Default: `dueDays` from now. */
  readonly due?: number
  /** Groups the accounts of one erasure request. Not a user id. */
  readonly request?: string
}

/** One entry of `Producer.enqueueMany`: an account, with or without options of its own. */
export type Entry = string | ({ readonly account: string } & EnqueueOptions)

/** Leaves out options that a caller without types gave as `undefined`, so that they do not hide a default. */
export function withoutUndefined({ deleteType, due, request }: EnqueueOptions): EnqueueOptions {
  return {
    ...(deleteType === undefined ? {} : { deleteType }),
    ...(due === undefined ? {} : { due }),
    ...(request === undefined ? {} : { request }),
  }
}

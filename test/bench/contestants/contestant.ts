import type { JobsOptions, RateLimiterOptions } from 'bullmq'

/** Surroundings of a contestant's process, which is one of several that drain the same queue. */
export interface Surrounding {
  readonly redis: { readonly host: string; readonly port: number }
  /** Calls per second that all processes together may make. */
  readonly perSecond: number
  /** Number of processes that drain the queue. */
  readonly processes: number
  /** Makes one call of the vendor for an account; rejects when the vendor does not answer OK. */
  readonly call: (account: string) => Promise<void>
}

/** Work of one contestant's process on an account, with the options of BullMQ's worker for it. */
export interface Prepared {
  readonly limiter?: RateLimiterOptions
  /** Resolves when the account is cleared; a rejection leaves the rest to BullMQ. */
  readonly clear: (account: string) => Promise<unknown>
  readonly close?: () => Promise<unknown>
}

/** A way to hold a limit that other projects recommend, written as its docs say. */
export interface Contestant {
  readonly title: string
  /** Options that its jobs need. */
  readonly jobOptions: JobsOptions
  /** Loads its library, only in the processes that need it. */
  readonly load: () => Promise<(surrounding: Surrounding) => Prepared | Promise<Prepared>>
}

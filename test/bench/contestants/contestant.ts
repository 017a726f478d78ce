import type { JobsOptions, RateLimiterOptions } from 'bullmq'

/** What a contestant gets: one process of several that drain the same queue. */
export interface Surrounding {
  readonly redis: { readonly host: string; readonly port: number }
  /** Calls per second that all processes together may make. */
  readonly perSecond: number
  /** How many processes drain the queue. */
  readonly processes: number
  /** Makes one call of the vendor for an account; rejects when the vendor does not answer OK. */
  readonly call: (account: string) => Promise<void>
}

/** What one process of a contestant does with an account, and the options of BullMQ's worker that belong to it. */
export interface Prepared {
  readonly limiter?: RateLimiterOptions
  /** Resolves when the account is cleared; a rejection leaves the rest to BullMQ. */
  readonly clear: (account: string) => Promise<unknown>
  readonly close?: () => Promise<unknown>
}

/** A way to hold a limit that others recommend, written as its own docs say. */
export interface Contestant {
  readonly title: string
  /** What its jobs need to have on them. */
  readonly jobOptions: JobsOptions
  /** Loaded only in the processes that need it. */
  readonly load: () => Promise<(surrounding: Surrounding) => Prepared | Promise<Prepared>>
}

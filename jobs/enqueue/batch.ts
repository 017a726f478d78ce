import { InvalidJobError } from '../job/errors.ts'
import type { NewJob } from './new-job.ts'

/** Why a request id that is an account is refused; repeats neither. */
export const TELLING_REQUEST = 'would show a user id in figures and receipts; choose another request id'

/** An entry that makes no job. The reason does not hold the account. */
export interface RefusedEntry {
  /** Counted from 0 over all entries of the call. */
  readonly index: number
  readonly reason: string
}

/** Entries that are sent together. */
export class Batch {
  /** Index of its first entry. */
  readonly firstIndex: number
  #jobs: { readonly index: number; readonly job: NewJob }[] = []
  #refused: RefusedEntry[] = []

  /** @param firstIndex index of its first entry */
  constructor(firstIndex: number) {
    this.firstIndex = firstIndex
  }

  /** Index of the next entry. */
  get nextIndex(): number {
    return this.firstIndex + this.#jobs.length + this.#refused.length
  }

  get jobs(): readonly NewJob[] {
    return this.#jobs.map(({ job }) => job)
  }

  get jobIds(): readonly string[] {
    return this.#jobs.map(({ job }) => job.opts.jobId)
  }

  /** Number of jobs to send. */
  get size(): number {
    return this.#jobs.length
  }

  get refused(): readonly RefusedEntry[] {
    return this.#refused
  }

  /** Adds the job of the next entry, or refuses the entry if it makes none. */
  add(makeJob: () => NewJob): void {
    const index = this.nextIndex
    try {
      this.#jobs.push({ index, job: makeJob() })
    } catch (error) {
      if (!(error instanceof InvalidJobError)) throw error
      this.#refused.push({ index, reason: error.message })
    }
  }

  /** Refuses entries whose request id is an account of the batch. */
  refuseTellingRequests(): void {
    const accounts = new Set(this.#jobs.map(({ job }) => job.data.account))
    const isTelling = ({ job: { data } }: { readonly job: NewJob }): boolean =>
      data.request !== undefined && accounts.has(data.request)
    const telling = this.#jobs.filter(isTelling)
    if (telling.length === 0) return
    const reason = `the request id is the account of another entry and ${TELLING_REQUEST}`
    this.#jobs = this.#jobs.filter(each => !isTelling(each))
    this.#refused = [...this.#refused, ...telling.map(({ index }) => ({ index, reason }))]
  }
}

import { InvalidJobError } from '../job/errors.ts'
import type { NewJob } from './new-job.ts'

/** Why a request id that is an account is refused; repeats neither. */
export const TELLING_REQUEST = 'would show a user id in figures and receipts; choose another request id'

/** Entries that the producer has read and not sent. */
export class Batch {
  readonly #firstIndex: number
  readonly #onRejected: ((index: number, reason: string) => void) | undefined
  #jobs: { readonly index: number; readonly job: NewJob }[] = []
  #rejected = 0

  /**
   * @param firstIndex index of its first entry
   * @param onRejected called for each refused entry
   */
  constructor(firstIndex: number, onRejected: ((index: number, reason: string) => void) | undefined) {
    this.#firstIndex = firstIndex
    this.#onRejected = onRejected
  }

  /** Index of the next entry. */
  get nextIndex(): number {
    return this.#firstIndex + this.#jobs.length + this.#rejected
  }

  get jobs(): readonly NewJob[] {
    return this.#jobs.map(({ job }) => job)
  }

  /** Number of jobs to send. */
  get size(): number {
    return this.#jobs.length
  }

  get rejected(): number {
    return this.#rejected
  }

  /** Adds the job of the next entry, or refuses the entry if it makes none. */
  add(makeJob: () => NewJob): void {
    const index = this.nextIndex
    try {
      this.#jobs.push({ index, job: makeJob() })
    } catch (error) {
      if (!(error instanceof InvalidJobError)) throw error
      this.#refuse(index, error.message)
    }
  }

  /** Refuses entries whose request id is an account of the batch. */
  refuseTellingRequests(): void {
    const accounts = new Set(this.#jobs.map(({ job }) => job.data.account))
    const isTelling = ({ job: { data } }: { readonly job: NewJob }): boolean =>
      data.request !== undefined && accounts.has(data.request)
    const telling = this.#jobs.filter(isTelling)
    if (telling.length === 0) return
    this.#jobs = this.#jobs.filter(each => !isTelling(each))
    for (const { index } of telling)
      this.#refuse(index, `the request id is the account of another entry and ${TELLING_REQUEST}`)
  }

  #refuse(index: number, reason: string): void {
    this.#rejected += 1
    this.#onRejected?.(index, reason)
  }
}

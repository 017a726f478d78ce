import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Hold,
  type ImportLease,
  type ImportOwner,
  type ImportRecord,
  LEASE_MS,
  RENEW_EVERY_MS,
} from '../../jobs/enqueue/lease/import-lease.ts'
import { isGone } from '../../jobs/enqueue/lease/this-process.ts'
import { InterruptedError } from '../interrupted-error.ts'
import { ImportFileError } from './files/import-file-error.ts'

/** Time between two looks at a lease that another process holds. */
const LOOK_EVERY_MS = 250

/**
 * Takes an import for this process. If its owner is known to be gone, that needs no time. If it may be gone, this waits
 * for its lease to run out, 10 s at most.
 *
 * @param name of the input
 * @param say gets a line before the wait
 * @throws {ImportFileError} when another process is at work on the import
 * @throws {InterruptedError} at the signal
 */
export async function takeImport(
  lease: ImportLease,
  name: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<ImportRecord> {
  const first = await lease.hold()
  if (first.kind === 'held') return first.record
  const { owner } = first
  if (!isGone(owner)) {
    say(`${name}: ${inWords(owner)} has begun this import, and may have ended since; waiting up to 10 s to see`)
  }
  const again = await takeFrom(owner, lease, signal)
  if (signal.aborted) throw new InterruptedError('interrupted before anything was enqueued')
  return again.kind === 'held' ? again.record : refuse(name, again.owner)
}

/**
 * Takes an import from an owner: at once, if that is known to be gone, or else when its lease runs out without a renewal,
 * in 10 s at most.
 *
 * @returns `taken` if the owner has renewed its lease, or at the signal
 */
export async function takeFrom(owner: ImportOwner, lease: ImportLease, signal: AbortSignal): Promise<Hold> {
  // By the clock of this process, since Redis' clock may jump.
  const end = performance.now() + (isGone(owner) ? 0 : LEASE_MS)
  while (performance.now() < end) {
    const hold = await lease.hold()
    const isRenewed = hold.kind === 'taken' && (hold.owner.token !== owner.token || hold.owner.untilMs > owner.untilMs)
    if (hold.kind === 'held' || isRenewed || signal.aborted) return hold
    // It rejects only when the signal aborts, which the next look sees.
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
  }
  return lease.hold(owner.token)
}

function refuse(name: string, owner: ImportOwner): never {
  throw new ImportFileError(
    `${name}: ${inWords(owner)} is importing this file, so nothing was enqueued here. Let it end, or end it and repeat the command.`,
  )
}

/** Names an owner for people. */
export const inWords = ({ host, pid }: ImportOwner): string => `process ${pid} on ${host}`

/** Renews the lease of an import until it is stopped, and notices when another process has taken it. */
export class LeaseKeeper {
  readonly #lease: ImportLease
  readonly #lost = new AbortController()
  readonly #timer: NodeJS.Timeout
  #history: string | undefined
  /** The process that has taken the import over. */
  takenBy: ImportOwner | undefined

  /** @param lease a lease that is held */
  constructor(lease: ImportLease) {
    this.#lease = lease
    this.#timer = setInterval(() => void this.#renew(), RENEW_EVERY_MS)
  }

  /** Aborts when another process has taken the import over. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Looks at the lease, and renews it if it is still held. Throws as `ImportLease.hold` does. */
  async hold(): Promise<Hold> {
    const hold = await this.#lease.hold()
    if (hold.kind === 'held') this.#history = hold.history
    return hold
  }

  /** Whether Redis may have gone back since the lease was held last, so that an owner it names may be one of before. */
  mayHaveGoneBack(hold: Hold): boolean {
    return this.#history !== undefined && hold.history !== this.#history
  }

  /** Stops the renewal. Safe to repeat. */
  stop(): void {
    clearInterval(this.#timer)
  }

  async #renew(): Promise<void> {
    // While Redis is away nobody else can take the lease.
    const hold = await this.hold().catch(() => undefined)
    if (hold?.kind !== 'taken' || this.mayHaveGoneBack(hold)) return
    this.takenBy = hold.owner
    this.#lost.abort()
  }
}

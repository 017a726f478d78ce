import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ImportLease,
  type ImportOwner,
  type ImportRecord,
  LEASE_MS,
  RENEW_EVERY_MS,
} from '../../jobs/enqueue/import-lease.ts'
import { isGone } from '../../jobs/enqueue/this-process.ts'
import { ImportFileError } from './import-file-error.ts'

/** Time between two looks at a lease that another process holds. */
const LOOK_EVERY_MS = 250

/**
 * Takes an import for this process. If its owner is known to be gone, that needs no time. If it may be gone, this waits
 * for its lease to run out, 10 s at most.
 *
 * @param name of the input
 * @param say gets a line before the wait
 * @throws {ImportFileError} when another process is at work on the import, or at the signal
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
    await waitForEnd(lease, name, owner, signal)
  }
  const again = await lease.hold(owner.token)
  return again.kind === 'held' ? again.record : refuse(name, again.owner)
}

/** By the clock of this process, since Redis' clock may jump. */
async function waitForEnd(lease: ImportLease, name: string, owner: ImportOwner, signal: AbortSignal): Promise<void> {
  for (const end = performance.now() + LEASE_MS; performance.now() < end; ) {
    // It rejects only when the signal aborts, which the next line checks.
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
    if (signal.aborted) throw new ImportFileError('interrupted before anything was enqueued')
    const now = await lease.hold()
    if (now.kind === 'held') return
    if (now.owner.token !== owner.token || now.owner.untilMs > owner.untilMs) refuse(name, now.owner)
  }
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
  readonly #lost = new AbortController()
  readonly #timer: NodeJS.Timeout
  /** The process that has taken the import over. */
  takenBy: ImportOwner | undefined

  /** @param lease a lease that is held */
  constructor(lease: ImportLease) {
    this.#timer = setInterval(() => void this.#renew(lease), RENEW_EVERY_MS)
  }

  /** Aborts when another process has taken the import over. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Stops the renewal. Safe to repeat. */
  stop(): void {
    clearInterval(this.#timer)
  }

  async #renew(lease: ImportLease): Promise<void> {
    // While Redis is away nobody else can take the lease.
    const hold = await lease.hold().catch(() => undefined)
    if (hold?.kind !== 'taken') return
    this.takenBy = hold.owner
    this.#lost.abort()
  }
}

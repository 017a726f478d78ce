import type { LogInRedis } from './keys/log-identity.ts'
import type { Sealer } from './keys/sealer.ts'

/** The job whose progress it is. */
export interface ProgressOf {
  readonly jobId: string
  /** Empty where the job's data hold none. */
  readonly account: string
}

/**
 * Adds a code to the progress of a job, by which {@link openProgress} knows later that a holder of the key has left it
 * there. Else any client of Redis could have an account taken for cleared.
 */
export async function sealProgress<T extends object>(job: ProgressOf, progress: T, sealer: Sealer): Promise<T> {
  return { ...progress, code: codeOf(job, progress, await sealer.identity(), sealer) }
}

/** Gives the progress of a job without its code; nothing where no holder of the key has left it in this job. */
export async function openProgress(job: ProgressOf, found: unknown, sealer: Sealer): Promise<object | undefined> {
  if (typeof found !== 'object' || found === null || !('code' in found)) return undefined
  const { code, ...progress } = found
  return code === codeOf(job, progress, await sealer.identity(), sealer) ? progress : undefined
}

const codeOf = ({ jobId, account }: ProgressOf, progress: object, { fleetId }: LogInRedis, { seals }: Sealer): string =>
  seals.codeOf('progress', [fleetId, jobId, account, Object.entries(progress).toSorted()])

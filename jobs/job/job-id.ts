import { createHash, randomBytes } from 'node:crypto'

/**
 * Eleven characters hold 66 bits: among a million live jobs two are the same once in a hundred million imports. A
 * twelfth would push the job's hash into the next size of Redis' allocator, 32 bytes a job.
 */
const JOB_ID_LENGTH = 11

/** Makes a random job id that no other job has. */
export function randomJobId(): string {
  const id = toJobId(randomBytes(9))
  return id ?? randomJobId()
}

/**
 * Makes the job id of an entry of an import. It is the same each time, so that an entry that is sent again after a
 * crash makes no second job.
 *
 * @param key random, of one import; without it nobody can guess the ids
 * @param index of the entry, from 0
 */
export function importedJobId(key: string, index: number): string {
  for (let again = 0; ; again++) {
    const id = toJobId(createHash('sha256').update(`${key}:${index}:${again}`).digest())
    if (id !== undefined) return id
  }
}

/** BullMQ keeps whole numbers for ids of its own, and a command would take what begins with a dash for an option. */
function toJobId(bytes: Buffer): string | undefined {
  const id = bytes.toString('base64url').slice(0, JOB_ID_LENGTH)
  return /^(\d+$|-)/.test(id) ? undefined : id
}

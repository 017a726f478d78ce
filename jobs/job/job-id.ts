import { createHash, randomBytes } from 'node:crypto'

/**
 * Eleven characters hold 66 bits: two of a million live jobs get the same id once in a hundred million imports. A
 * twelfth would push the job's hash into the next size of Redis' allocator, which costs 32 bytes a job.
 */
const JOB_ID_LENGTH = 11

/** Makes a random job id that no other job has. */
export function randomJobId(): string {
  const id = toJobId(randomBytes(9))
  return id ?? randomJobId()
}

/**
 * Makes the job id of an entry of an import. An entry always gets the same id, so that a producer that sends it again
 * after a crash makes no second job.
 *
 * @param key random key of the import; without it the ids cannot be guessed
 * @param index of the entry, from 0
 */
export function importedJobId(key: string, index: number): string {
  for (let again = 0; ; again++) {
    const id = toJobId(createHash('sha256').update(`${key}:${index}:${again}`).digest())
    if (id !== undefined) return id
  }
}

/** BullMQ reserves whole numbers for its own ids, and a command line takes a leading dash for an option. */
function toJobId(bytes: Buffer): string | undefined {
  const id = bytes.toString('base64url').slice(0, JOB_ID_LENGTH)
  return /^(\d+$|-)/.test(id) ? undefined : id
}

import { createHash, randomBytes } from 'node:crypto'

/**
 * Ten random characters hold 60 bits: two of a million live jobs get the same id once in two million imports. With the
 * check character they are eleven; a twelfth would push the job's hash into the next size of Redis' allocator, which
 * costs 32 bytes a job.
 */
const RANDOM_LENGTH = 10
const OWN_FORM = /^(?!-)[\w-]{11}$/

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

/**
 * Whether an id has the form that this project gives. Foreign producers often take the user id for it, and of those with
 * eleven such characters the check character lets one in 64 pass; see `job-names.ts` for what is done about these.
 */
export function hasOwnForm(jobId: string): boolean {
  return OWN_FORM.test(jobId) && jobId.at(-1) === checkCharacterOf(jobId.slice(0, RANDOM_LENGTH))
}

/** BullMQ reserves whole numbers for its own ids, and a command line takes a leading dash for an option. */
function toJobId(bytes: Buffer): string | undefined {
  const random = bytes.toString('base64url').slice(0, RANDOM_LENGTH)
  const id = random + checkCharacterOf(random)
  return /^(\d+$|-)/.test(id) ? undefined : id
}

const checkCharacterOf = (random: string): string =>
  createHash('sha256').update(`clear-friends job ${random}`).digest('base64url').slice(0, 1)

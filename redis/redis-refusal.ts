/** An error answer of Redis, with advice for the operator. */
export interface Refusal {
  /** Redis' words, without script and arguments. */
  readonly said: string
  readonly advice: string
}

const ADVICE: readonly (readonly [start: string, advice: string])[] = [
  ['OOM', 'Its memory is full: give it more (`maxmemory`), or wait until workers have made room.'],
  ['READONLY', 'It is a replica now: REDIS_URL must lead to the primary.'],
  ['NOREPLICAS', 'It takes nothing without its replicas (`min-replicas-to-write`): bring them back.'],
  ['MISCONF', 'It cannot write to its disk: its own log says why.'],
  ['LOADING', 'It is reading its data from disk: wait a little.'],
  ['NOPERM', 'Its user may not do that: give it the rights that docs/security.md lists for its role.'],
  ['WRONGTYPE', 'A key holds something else than we put there: `clear-friends doctor` says more.'],
]

/** After it come the name of a script, or the arguments of a command that Redis does not know, such as a password. */
const END_OF_WORDS = / script: |,? with args /

/** Reads the refusal in an error; `undefined` for an error that is no answer of Redis. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined
  const [said = ''] = error.message.split(END_OF_WORDS)
  const known = ADVICE.find(([start]) => said.startsWith(start))
  return { said, advice: known?.[1] ?? '`clear-friends doctor` says more.' }
}

/** Whether Redis refuses for want of a right, which no repeat mends. Looks at the error, and at what caused it. */
export function isForbidden(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return [error, cause].some(each => refusalOf(each)?.said.startsWith('NOPERM') ?? false)
}

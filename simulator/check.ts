import type { z } from 'zod'

/** Says which option or field cannot be used and why. */
export class InvalidSimulatorInputError extends Error {
  override readonly name = 'InvalidSimulatorInputError'
  readonly code = 'INVALID_SIMULATOR_INPUT'
}

/**
 * Checks something from outside against its schema.
 *
 * @throws {InvalidSimulatorInputError} with its name and the problem
 */
export function check<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const checked = schema.safeParse(value)
  if (!checked.success) throw new InvalidSimulatorInputError(`${name}: ${explain(checked.error)}`)
  return checked.data
}

/** Turns the first problem zod found into one sentence: where, and what was expected. */
export function explain(error: z.ZodError): string {
  const issue = error.issues[0]
  if (issue === undefined) return 'not understood'
  const place = issue.path.map(String).join('.')
  return place === '' ? issue.message : `${place}: ${issue.message}`
}

/**
 * Reads JSON.
 *
 * @throws {InvalidSimulatorInputError} with `problem` when it is none
 */
export function parseJson(text: string, problem: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new InvalidSimulatorInputError(problem, { cause: error })
  }
}

import type { z } from 'zod'
import type { Verdict } from '../vendor/classify.ts'
import type { Command } from '../vendor/client.ts'
import { type Attempt, done, type Step, stopAsClosed, stopAsMalformed, stopBy } from './steps.ts'

/**
 * What the vendor answered, as far as an attempt can go on from it.
 * - `ok`: the call succeeded; `body` is its answer.
 * - `not_friends`: the vendor says that there is no such relation.
 * - `no_account`: the vendor says that there is no such account, which may also mean that we ask the wrong app.
 */
export type Answer<Body> =
  | { readonly kind: 'ok'; readonly body: Body }
  | { readonly kind: 'not_friends'; readonly verdict: Verdict }
  | { readonly kind: 'no_account'; readonly verdict: Verdict }

/**
 * Asks the vendor and opens its answer; the one way in which an attempt does. Every other answer, and a body that does not
 * fit, stops the attempt with what it means for a job.
 *
 * @param schema what the body of a success must be
 */
export async function askVendor<Body>(
  attempt: Attempt,
  command: Command,
  body: Readonly<Record<string, unknown>>,
  schema: z.ZodType<Body>,
): Promise<Step<Answer<Body>>> {
  const result = await attempt.call(command, body)
  if (result.kind === 'closed') return stopAsClosed(result.by)
  const { verdict } = result
  switch (verdict.class) {
    case 'done': {
      const parsed = schema.safeParse(verdict.body)
      return parsed.success
        ? done({ kind: 'ok', body: parsed.data })
        : stopAsMalformed(`a body that does not fit ${command}`)
    }
    case 'not_friends':
      return done({ kind: 'not_friends', verdict })
    case 'check_account':
      return done({ kind: 'no_account', verdict })
    default:
      return stopBy(verdict)
  }
}

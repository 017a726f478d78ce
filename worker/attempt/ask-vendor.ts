import type { z } from 'zod'
import type { Verdict } from '../vendor/classify.ts'
import type { Command } from '../vendor/client.ts'
import { type Attempt, done, type Step, stopAsClosed, stopAsMalformed, stopBy } from './steps.ts'

/**
 * An answer of the vendor after which the attempt goes on.
 * - `ok`: the call succeeded; `body` is the parsed answer.
 * - `not_friends`: the vendor says that there is no such relation.
 * - `no_account`: the vendor says that there is no such account, which may also mean that we ask the wrong app.
 */
export type Answer<Body> =
  | { readonly kind: 'ok'; readonly body: Body }
  | { readonly kind: 'not_friends'; readonly verdict: Verdict }
  | { readonly kind: 'no_account'; readonly verdict: Verdict }

/**
 * Asks the vendor and parses its answer; attempts have no other way to the vendor. All other answers, and a body that
 * does not fit, stop the attempt with the outcome that {@link stopBy} gives them.
 *
 * @param schema parses the body of a success
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
